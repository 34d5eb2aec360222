//! Lost handles: evidence, two operators, three days, and a person who can say no.

use chrono::Duration;
use entity::Bank;
use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{PASSWORD, Person, Refused, refused, sign_up, text, unique};
use tests::{Setup, World, on_both_setups};
use worker::context::Context;
use worker::schedule::{Task, perform};

on_both_setups!(
    a_wallet_gets_another_handle_three_days_after_two_have_agreed,
    whoever_reads_the_old_handle_cancels_it,
    a_handle_that_nobody_has_looks_the_same,
    cases_are_few,
    what_can_not_be_done_any_more_is_not_done,
);

fn evidence() -> Value {
    json!([{ "kind": "PASSPORT", "reference": "store/1", "sha256": "0b".repeat(32) }])
}

/// A case about a handle, and the handle that is to be the new one.
async fn open(world: &World, lost: &Value) -> Result<(String, Value), Refused> {
    open_answering(world, lost, &json!([])).await
}

/// The same with answers to security questions.
async fn open_answering(world: &World, lost: &Value, answers: &Value) -> Result<(String, Value), Refused> {
    let client = world.client();
    let new = json!({ "email": format!("found{}@example.com", unique()) });
    let started =
        client.act("startRecovery", "verification { verificationId }", json!({ "handle": new })).await;
    let input = json!({
        "verificationId": started["verification"]["verificationId"], "code": world.code(&new).await,
        "lostHandle": lost, "statement": "My phone fell into the sea.\nAll is gone.", "documents": evidence(),
        "secondFactorLost": true, "securityAnswers": answers,
    });
    let opened = client.try_act("openRecoveryCase", "token", input).await?;
    world.settle().await;
    Ok((text(&opened["token"]).to_owned(), new))
}

async fn status(world: &World, token: &str) -> Value {
    let query = "query($token: String!) { recoveryStatus(token: $token) { state } }";
    world.client().ask(query, json!({ "token": token })).await["recoveryStatus"]["state"].clone()
}

async fn finish(world: &World) {
    let context = Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::FinishRecoveries).await.unwrap();
    world.settle().await;
}

/// The newest open case, as a reviewer sees it.
async fn newest(world: &World) -> Value {
    let query = "{ recoveryCases(last: 1) { edges { node { id userId claim { lostHandle newHandle statement secondFactorLost } } } } }";
    let reviewer = world.hire(&format!("reviewer-{}", unique()), &[Role::Reviewer]).await;
    reviewer.ask(query, Value::Null).await["recoveryCases"]["edges"][0]["node"].clone()
}

async fn sign_in(world: &World, handle: &Value) -> Result<Value, Refused> {
    let input = json!({ "handle": handle, "password": PASSWORD });
    world.client().try_act("signIn", "session { accessToken }", input).await
}

async fn a_wallet_gets_another_handle_three_days_after_two_have_agreed(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let (token, new) = open(world, &alice.handle).await.unwrap();
    assert_eq!(status(world, &token).await, "OPEN");
    let told = world.messages(&alice.handle).await.remove(0);
    assert!(
        told.0.contains("lost your wallet's address") && told.1.contains("Keep my addresses"),
        "{told:?}"
    );
    let case = newest(world).await;
    let email = text(&alice.handle["email"]);
    assert_eq!((&case["claim"]["lostHandle"], &case["claim"]["newHandle"]), (&json!(email), &new["email"]));
    let dump = world.dump().await;
    assert!(!dump.contains("fell into the sea") && !dump.contains(&token), "a claim lies sealed");
    world.agree(json!({ "recoverHandle": case["id"] })).await;
    assert_eq!(status(world, &token).await, "APPROVED");
    assert!(world.messages(&alice.handle).await[0].0.contains("In three days"));
    world.pass(Duration::hours(71)).await;
    finish(world).await;
    assert_eq!(status(world, &token).await, "APPROVED");
    assert!(sign_in(world, &alice.handle).await.is_ok());
    world.pass(Duration::hours(1)).await;
    finish(world).await;
    assert_eq!(status(world, &token).await, "DONE");
    assert_eq!(sign_in(world, &alice.handle).await, Err(refused("SIGN_IN_FAILED", "")));
    let session = sign_in(world, &new).await.unwrap();
    let client = world.client().with_token(text(&session["session"]["accessToken"]));
    let me = client
        .ask(
            "{ me { handles { isPrimary } } account(currency: \"EUR\") { balance { amount } } }",
            Value::Null,
        )
        .await;
    assert_eq!(me["me"]["handles"], json!([{ "isPrimary": true }]));
    assert_eq!(me["account"]["balance"]["amount"], "10.00");
    assert!(!world.dump().await.contains("fell into the sea"));
}

async fn whoever_reads_the_old_handle_cancels_it(world: &World) {
    let alice = Person::join(world).await;
    let (token, new) = open(world, &alice.handle).await.unwrap();
    let case = newest(world).await;
    world.agree(json!({ "recoverHandle": case["id"] })).await;
    world.settle().await;
    let body = world.messages(&alice.handle).await.remove(0).1;
    let code =
        body.rsplit(": ").next().unwrap().split_whitespace().next().unwrap().trim_end_matches('.').to_owned();
    let cancel = |code: String| {
        let client = world.client();
        async move { client.try_act("cancelRecoveryCase", "cancelled", json!({ "token": code })).await }
    };
    let expired = Err(refused("CODE_EXPIRED", "token"));
    assert_eq!(
        cancel(code.replace(|digit: char| digit != '0', "1")).await.map(drop),
        expired.clone().map(drop::<Value>)
    );
    assert!(cancel(code.clone()).await.is_ok());
    assert_eq!(cancel(code).await, expired);
    assert_eq!(status(world, &token).await, "REJECTED", "as if an operator had");
    world.pass(Duration::hours(73)).await;
    finish(world).await;
    assert_eq!(sign_in(world, &new).await, Err(refused("SIGN_IN_FAILED", "")));
    assert!(sign_in(world, &alice.handle).await.is_ok());
    // Signed in, no code is needed.
    let (token, _) = open(world, &alice.handle).await.unwrap();
    let session = sign_in(world, &alice.handle).await.unwrap();
    let client = world.client().with_token(text(&session["session"]["accessToken"]));
    let all = "mutation { cancelOwnRecoveryCases { cancelled } }";
    assert_eq!(client.ask(all, Value::Null).await["cancelOwnRecoveryCases"]["cancelled"], 1);
    assert_eq!(status(world, &token).await, "REJECTED", "as if an operator had");
    // An operator's no is enough.
    let (token, _) = open(world, &alice.handle).await.unwrap();
    let case = newest(world).await;
    let reviewer = world.hire("no", &[Role::Reviewer]).await;
    let id = json!({ "id": case["id"] });
    let rejected =
        reviewer.act("rejectRecoveryCase", "recoveryCase { state claim { statement } }", id.clone()).await;
    assert_eq!(rejected["recoveryCase"], json!({ "state": "REJECTED", "claim": null }));
    assert_eq!(status(world, &token).await, "REJECTED");
    let again = reviewer.try_act("rejectRecoveryCase", "recoveryCase { state }", id).await;
    assert_eq!(again, Err(refused("NOT_FOUND", "id")));
}

async fn a_handle_that_nobody_has_looks_the_same(world: &World) {
    let nobody = json!({ "email": "nobody@example.com" });
    let (token, _) = open(world, &nobody).await.unwrap();
    assert_eq!(status(world, &token).await, "OPEN");
    assert_eq!(world.messages(&nobody).await, []);
    let case = newest(world).await;
    assert_eq!(case["userId"], Value::Null);
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    let input = json!({ "change": { "recoverHandle": case["id"] }, "reason": "a friend" });
    let proposed = reviewer.try_act("propose", "proposal { id }", input).await;
    assert_eq!(proposed, Err(refused("NOT_FOUND", "id")));
    // A new handle that is somebody's gets no code, and a code is for one case.
    let alice = Person::join(world).await;
    let client = world.client();
    client.act("startRecovery", "verification { verificationId }", json!({ "handle": alice.handle })).await;
    assert_eq!(world.messages(&alice.handle).await[0].0, "You have a wallet already");
    let wrong = json!({
        "verificationId": "dmVyaWZpY2F0aW9uOjAxOTNhNWYwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA", "code": "000000",
        "lostHandle": alice.handle, "statement": "x", "documents": evidence(),
    });
    for (field, value, refusal) in [
        ("statement", json!(" "), refused("STATEMENT_INVALID", "statement")),
        ("documents", json!([]), refused("DOCUMENTS_MISSING", "documents")),
        ("code", json!("000000"), refused("CODE_EXPIRED", "verificationId")),
    ] {
        let mut input = wrong.clone();
        input[field] = value;
        assert_eq!(client.try_act("openRecoveryCase", "token", input).await, Err(refusal), "{field}");
    }
}

async fn cases_are_few(world: &World) {
    let alice = Person::join(world).await;
    for _ in 0..3 {
        assert!(open(world, &alice.handle).await.is_ok());
    }
    assert_eq!(open(world, &alice.handle).await.unwrap_err().code, "TOO_MANY_TRIES");
}

/// What a reviewer sees of the answers.
async fn signal(world: &World) -> Value {
    let query = "{ recoveryCases(last: 1) { edges { node { claim { securityAnswersRight } } } } }";
    let reviewer = world.operator().await;
    let case = reviewer.ask(query, Value::Null).await["recoveryCases"]["edges"][0]["node"].clone();
    case["claim"]["securityAnswersRight"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_security_questions_are_a_signal_for_who_decides() {
    for setup in [Setup::Embedded, Setup::Real] {
        let house = |bank: Bank| bank.with_security_questions(true);
        let world = World::open_as(setup, house, |gateways| gateways).await;
        let alice = Person::join(&world).await;
        let questions =
            [("First street?", "Elm Street"), ("First boat?", "Argo"), ("First song?", "Blackbird")]
                .map(|(question, answer)| json!({ "question": question, "answer": answer }));
        let input = json!({ "questions": questions, "password": PASSWORD });
        alice.client.act("setSecurityQuestions", "securityQuestions", input).await;
        for (answers, right) in [
            (json!(["elm street", " argo", "Blackbird"]), json!(true)),
            (json!(["elm street", "argo", "yesterday"]), json!(false)),
            (json!([]), Value::Null),
        ] {
            open_answering(&world, &alice.handle, &answers).await.unwrap();
            assert_eq!(signal(&world).await, right, "{answers}");
        }
        assert!(!world.dump().await.contains("yesterday"));
        world.close().await;
    }
}

async fn what_can_not_be_done_any_more_is_not_done(world: &World) {
    let alice = Person::join(world).await;
    let (token, new) = open(world, &alice.handle).await.unwrap();
    let case = newest(world).await;
    let propose = async |id: &Value| {
        let input = json!({ "change": { "recoverHandle": id }, "reason": "looks good" });
        world.operator().await.try_act("propose", "proposal { id }", input).await
    };
    let proposed = propose(&case["id"]).await.unwrap();
    // Meanwhile the new handle is somebody else's. The code of the case was sent to it before.
    let client = world.client();
    let verification = sign_up(&client, &new).await;
    world.settle().await;
    let shown = json!({ "verificationId": verification, "code": world.code(&new).await });
    client.act("activateUser", "session { accessToken }", shown).await;
    let second = world.hire("second", &[Role::Reviewer]).await;
    let id = json!({ "id": proposed["proposal"]["id"] });
    let late = second.try_act("approveProposal", "secondHalf", id).await;
    assert_eq!(late, Err(refused("NOT_FOUND", "id")));
    assert_eq!(status(world, &token).await, "OPEN");
    // And a lost handle that its person has given up is lost no more.
    let bob = Person::join(world).await;
    open(world, &bob.handle).await.unwrap();
    let case = newest(world).await;
    let gone = format!("DELETE FROM handles WHERE fingerprint = {}", world.fingerprint(&bob.handle));
    sea_orm::ConnectionTrait::execute_unprepared(world.bank.db.connection(), &gone).await.unwrap();
    assert_eq!(propose(&case["id"]).await, Err(refused("NOT_FOUND", "id")));
}
