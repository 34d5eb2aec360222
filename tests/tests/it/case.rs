//! Cases of payments: one file to decide from, one reviewer who has it, and notes that stay.

use chrono::Duration;
use entity::operator::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::client::{Client, Person, euros, refused, text};
use tests::{World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    screened:
    one_file_says_all_that_a_reviewer_decides_from,
    who_does_not_have_a_case_does_not_decide_it,
    a_case_is_taken_handed_on_and_let_go,
    notes_stay_as_they_are_and_in_order,
    every_look_at_a_case_is_recorded,
);

const FILE: &str = "query($id: ID!) { caseFile(transactionId: $id) {
  payment { id kind state failure money { amount currency } target { amount } note createdAt } dueAt
  rules { rule outcome shadow } signals { name says value } alert { kind transactionId assigneeId detail }
  payer { id name maskedHandles state kycLevel createdAt } payee { id maskedHandles } maskedIban
  earlierPayments { id state money { amount } } proposal { id state reason } dispute { id state dueAt }
  assigneeId assignments { assigneeId byId at } notes { authorId text at } } }";

async fn file(reviewer: &Client, id: &Value) -> Value {
    reviewer.ask(FILE, json!({ "id": id })).await["caseFile"].clone()
}

/// A payment that waits; gives its id.
async fn hold(from: &Person, to: &Person, amount: &str) -> Value {
    let input = json!({ "to": to.handle, "money": euros(amount), "note": "for the car", "idempotencyKey": format!("k{amount}") });
    let paid = from.client.act("createTransfer", "transaction { id state }", input).await;
    assert_eq!(paid["transaction"]["state"], "IN_REVIEW", "{paid}");
    paid["transaction"]["id"].clone()
}

/// Two reviewers, and the global ids by which they are named.
async fn reviewers(world: &World) -> [(Client, Value); 2] {
    let first = world.hire("first", &[Role::Reviewer]).await;
    let second = world.hire("second", &[Role::Reviewer]).await;
    let all = first.ask("{ reviewers { id name } }", Value::Null).await["reviewers"].clone();
    assert_eq!((&all[0]["name"], &all[1]["name"]), (&json!("first"), &json!("second")));
    [(first, all[0]["id"].clone()), (second, all[1]["id"].clone())]
}

async fn take(reviewer: &Client, id: &Value) -> Value {
    let input = json!({ "transactionId": id });
    reviewer.act("assignCase", "assigneeId", input).await["assigneeId"].clone()
}

async fn one_file_says_all_that_a_reviewer_decides_from(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let [(first, _), (second, _)] = reviewers(world).await;
    let before = hold(&alice, &bob, "900.00").await;
    first.act("rejectPayment", "state", json!({ "id": before })).await;
    let held = hold(&alice, &bob, "2000.00").await;
    let seen = file(&first, &held).await;
    let payment = &seen["payment"];
    assert_eq!((&payment["id"], &payment["kind"]), (&held, &json!("TRANSFER")));
    assert_eq!((&payment["state"], &payment["note"]), (&json!("IN_REVIEW"), &json!("for the car")));
    assert_eq!(payment["money"], euros("2000.00"));
    let time = |value: &Value| text(value).parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(time(&seen["dueAt"]) - time(&payment["createdAt"]), Duration::hours(24));
    assert_eq!(seen["rules"][0]["rule"], "large first payment of a young wallet");
    let signals = seen["signals"].as_array().unwrap();
    assert!(signals.iter().any(|signal| signal["name"] == "amount" && signal["value"] == 200_000));
    assert_eq!((&seen["payer"]["name"], &seen["payer"]["state"]), (&json!("Somebody"), &json!("ACTIVE")));
    // Who reads it knows the handle again, and learns none.
    let (shown, own) = (text(&seen["payer"]["maskedHandles"][0]), text(&alice.handle["email"]));
    assert!(shown.contains('…') && shown.starts_with('p') && shown != own, "{shown}");
    assert_ne!(seen["payee"]["id"], seen["payer"]["id"]);
    let earlier = json!([{ "id": before, "state": "FAILED", "money": { "amount": "900.00" } }]);
    assert_eq!(seen["earlierPayments"], earlier);
    for nothing in ["alert", "proposal", "dispute", "assigneeId", "maskedIban"] {
        assert_eq!(seen[nothing], Value::Null, "{nothing}");
    }
    assert_eq!((&seen["assignments"], &seen["notes"]), (&json!([]), &json!([])));
    let change = json!({ "change": { "releasePayment": held }, "reason": "the payer called" });
    let proposed = first.act("propose", "proposal { id }", change).await["proposal"]["id"].clone();
    let proposal = file(&second, &held).await["proposal"].clone();
    assert_eq!(proposal, json!({ "id": proposed, "state": "OPEN", "reason": "the payer called" }));
    // It was not Alice: it goes back, and is a dispute from then on. There is nothing left to decide about the proposal.
    alice.client.act("reportTransaction", "dispute { id }", json!({ "id": held })).await;
    world.settle().await;
    let lapsed = "{ proposals(state: LAPSED, last: 1) { edges { node { id decidedById decidedAt } } } }";
    let lapsed = first.ask(lapsed, Value::Null).await["proposals"]["edges"][0]["node"].clone();
    assert_eq!((&lapsed["id"], &lapsed["decidedById"]), (&proposed, &Value::Null));
    assert!(lapsed["decidedAt"].is_string());
    // Nor does the database open it again.
    let again = "UPDATE proposals SET state = 'OPEN', decided_at = NULL WHERE state = 'LAPSED'";
    let again = world.bank.db.connection().execute_unprepared(again).await.unwrap_err();
    assert!(again.to_string().contains("a decided proposal has ended"), "{again}");
    let own = json!({ "id": proposed });
    assert_eq!(
        second.try_act("approveProposal", "proposal { id }", own).await,
        Err(refused("PROPOSAL_DECIDED", "id"))
    );
    let seen = file(&first, &held).await;
    assert_eq!(
        (&seen["payment"]["failure"], &seen["dispute"]["state"]),
        (&json!("REJECTED"), &json!("OPEN"))
    );
    assert_eq!(seen["dueAt"], seen["dispute"]["dueAt"]);
    assert_eq!(seen["payer"]["state"], "FROZEN");
    // What a bank is paid shows its account, masked.
    let out = Person::join_with(world, "2500.00").await;
    let out_id = json!(out.withdraw(tests::client::IBAN, "2000.00").await);
    let seen = file(&first, &out_id).await;
    assert_eq!((&seen["maskedIban"], &seen["payee"]), (&json!("DE89…3000"), &Value::Null));
}

async fn who_does_not_have_a_case_does_not_decide_it(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let [(first, first_id), (second, second_id)] = reviewers(world).await;
    let (back, on) = (hold(&alice, &bob, "900.00").await, hold(&alice, &bob, "1000.00").await);
    assert_eq!((take(&first, &back).await, take(&first, &on).await), (first_id.clone(), first_id.clone()));
    let assigned = Err(refused("CASE_ASSIGNED", "id"));
    let reject = json!({ "id": back });
    assert_eq!(second.try_act("rejectPayment", "state", reject.clone()).await, assigned);
    let release = json!({ "change": { "releasePayment": on }, "reason": "seems right" });
    assert_eq!(second.try_act("propose", "proposal { id }", release.clone()).await, assigned);
    // Who takes it over decides.
    assert_eq!(take(&second, &back).await, second_id);
    assert_eq!(first.try_act("rejectPayment", "state", reject.clone()).await, assigned);
    assert_eq!(second.act("rejectPayment", "state", reject).await["state"], "FAILED");
    // Approving takes another, and so is free.
    let proposed = first.act("propose", "proposal { id }", release).await;
    second.act("approveProposal", "proposal { state }", json!({ "id": proposed["proposal"]["id"] })).await;
    world.settle().await;
    assert_eq!(bob.balance().await, "1000.00");
    // Time asks nobody.
    let eve = Person::join_with(world, "1000.00").await;
    let late = hold(&eve, &alice, "900.00").await;
    take(&first, &late).await;
    world.pass(Duration::hours(24)).await;
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::EndReviews).await.unwrap();
    assert_eq!(eve.refreshed(world).await.balance().await, "1000.00");
}

async fn a_case_is_taken_handed_on_and_let_go(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let [(first, first_id), (second, second_id)] = reviewers(world).await;
    let held = hold(&alice, &bob, "900.00").await;
    let list = "{ paymentsInReview { edges { node { id assigneeId } } } }";
    let assignee = async || {
        let listed = first.ask(list, Value::Null).await["paymentsInReview"]["edges"][0]["node"].clone();
        let seen = file(&first, &held).await;
        assert_eq!((&listed["id"], &listed["assigneeId"]), (&held, &seen["assigneeId"]));
        seen["assigneeId"].clone()
    };
    let release = json!({ "transactionId": held });
    // Letting go what nobody has is nothing.
    first.act("releaseCase", "released", release.clone()).await;
    assert_eq!(assignee().await, Value::Null);
    for _ in 0..2 {
        take(&first, &held).await;
    }
    assert_eq!(assignee().await, first_id);
    let hand = |to: &Value| json!({ "transactionId": held, "operatorId": to });
    first.act("assignCase", "assigneeId", hand(&second_id)).await;
    assert_eq!(assignee().await, second_id);
    first.act("releaseCase", "released", release).await;
    assert_eq!(assignee().await, Value::Null);
    // It goes to nobody who could not decide it.
    world.hire("support", &[Role::Support]).await;
    let admin = world.hire("admin", &[Role::Admin]).await;
    let all = admin.ask("{ operators { id name } }", Value::Null).await["operators"].clone();
    let support = all.as_array().unwrap().iter().find(|one| one["name"] == "support").unwrap();
    let to_support = first.try_act("assignCase", "assigneeId", hand(&support["id"])).await;
    assert_eq!(to_support, Err(refused("ROLE_MISSING", "operatorId")));
    admin.act("dismissOperator", "operator { state }", json!({ "id": second_id })).await;
    let to_gone = first.try_act("assignCase", "assigneeId", hand(&second_id)).await;
    assert_eq!(to_gone, Err(refused("ROLE_MISSING", "operatorId")));
    assert_eq!(second.try_ask(list, Value::Null).await, Err(refused("SESSION_ENDED", "")));
    let file = file(&first, &held).await;
    let kept: Vec<_> = file["assignments"].as_array().unwrap().iter().map(|one| &one["assigneeId"]).collect();
    assert_eq!(kept, [&first_id, &second_id, &Value::Null]);
    assert!(file["assignments"].as_array().unwrap().iter().all(|one| one["byId"] == first_id));
}

async fn notes_stay_as_they_are_and_in_order(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let [(first, first_id), (second, second_id)] = reviewers(world).await;
    let held = hold(&alice, &bob, "900.00").await;
    // Whoever has it: a note decides nothing.
    take(&first, &held).await;
    let note = |text: &str| json!({ "transactionId": held, "text": text });
    let said = "She knows nothing of it.\nShe will call back.";
    let noted = first.act("addCaseNote", "note { authorId text at }", note(&format!(" {said} "))).await;
    assert_eq!((&noted["note"]["text"], &noted["note"]["authorId"]), (&json!(said), &first_id));
    for number in 0..3 {
        let by = if number == 1 { &second } else { &first };
        by.act("addCaseNote", "note { text }", note(&format!("note {number}"))).await;
    }
    let notes = file(&second, &held).await["notes"].clone();
    let texts: Vec<_> = notes.as_array().unwrap().iter().map(|note| text(&note["text"])).collect();
    assert_eq!(texts, [said, "note 0", "note 1", "note 2"]);
    assert_eq!((&notes[0], &notes[2]["authorId"]), (&noted["note"], &second_id));
    for text in ["", " ", "a\u{202e}b", "\u{200b}", &"x".repeat(2_001)] {
        let refusal = first.try_act("addCaseNote", "note { text }", note(text)).await;
        assert_eq!(refusal, Err(refused("NOTE_INVALID", "text")));
    }
    assert!(!world.dump().await.contains("She knows nothing"));
    let db = world.bank.db.connection();
    for (statement, law) in [
        ("UPDATE case_notes SET at = opened_at FROM cases", "a note on a case is never changed"),
        ("DELETE FROM case_notes", "a note on a case is never removed"),
        ("UPDATE case_assignments SET assignee = NULL", "who had a case is never changed"),
        ("DELETE FROM case_assignments", "who had a case is never removed"),
        ("DELETE FROM cases", "a case is never removed"),
        ("UPDATE cases SET opened_at = assigned_at", "what a case is about is never changed"),
        ("UPDATE cases SET assigned_at = NULL", "check"),
    ] {
        let refusal = db.execute_unprepared(statement).await.unwrap_err().to_string();
        assert!(refusal.to_lowercase().contains(law), "{statement}: {refusal}");
    }
    assert_eq!(file(&first, &held).await["notes"], notes);
}

async fn every_look_at_a_case_is_recorded(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let [(first, first_id), _] = reviewers(world).await;
    let held = hold(&alice, &bob, "900.00").await;
    file(&first, &held).await;
    take(&first, &held).await;
    first.act("addCaseNote", "note { at }", json!({ "transactionId": held, "text": "seen" })).await;
    first.act("releaseCase", "released", json!({ "transactionId": held })).await;
    // Who has not the role is refused, and that it tried is written, too.
    let others = [Role::Admin, Role::Auditor, Role::Engineer, Role::Support, Role::Treasurer];
    let other = world.hire("other", &others).await;
    let missing = Err(refused("ROLE_MISSING", ""));
    assert_eq!(other.try_ask(FILE, json!({ "id": held })).await, missing);
    for (act, payload, input) in [
        ("assignCase", "assigneeId", json!({ "transactionId": held })),
        ("releaseCase", "released", json!({ "transactionId": held })),
        ("addCaseNote", "note { at }", json!({ "transactionId": held, "text": "x" })),
    ] {
        assert_eq!(other.try_act(act, payload, input).await, missing, "{act}");
    }
    assert_eq!(other.try_ask("{ reviewers { id } }", Value::Null).await, missing);
    let malformed = Err(refused("ID_MALFORMED", "transactionId"));
    assert_eq!(first.try_ask(FILE, json!({ "id": first_id })).await, malformed);
    let log =
        "query($id: ID!) { operatorEvents(operatorId: $id, first: 6) { edges { node { field subject } } } }";
    let log = other.ask(log, json!({ "id": first_id })).await["operatorEvents"]["edges"].clone();
    let seen: Vec<_> = log.as_array().unwrap().iter().map(|edge| text(&edge["node"]["field"])).collect();
    assert_eq!(seen[..4], ["releaseCase", "addCaseNote", "assignCase", "caseFile"]);
    let about: Vec<_> = log.as_array().unwrap().iter().take(4).map(|edge| &edge["node"]["subject"]).collect();
    assert!(about.iter().all(|subject| subject.is_string() && *subject == about[0]), "{about:?}");
    // A payment that there is not is nobody's.
    let unknown = entity::id::TransactionId(uuid::Uuid::from_u128(7));
    let unknown = base64_of(&format!("transaction:{unknown}"));
    let nothing = Err(refused("NOT_FOUND", "transactionId"));
    assert_eq!(first.try_ask(FILE, json!({ "id": unknown })).await, nothing);
    assert_eq!(first.try_act("assignCase", "assigneeId", json!({ "transactionId": unknown })).await, nothing);
    let note = json!({ "transactionId": unknown, "text": "x" });
    assert_eq!(first.try_act("addCaseNote", "note { at }", note).await, nothing);
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
