//! Payments that were not one's own.

use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Person, euros, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    screened:
    who_reports_a_payment_is_locked_and_told_what_came_of_it,
    what_waits_goes_back_with_the_report,
    only_what_left_ones_own_wallet_can_be_reported,
);

const DISPUTE: &str = "dispute { id transactionId state openedAt dueAt decidedAt }";

async fn send(from: &Person, to: &Person, amount: &str) -> Value {
    let input = json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": format!("k{amount}") });
    from.client.act("createTransfer", "transaction { id state }", input).await["transaction"].clone()
}

async fn who_reports_a_payment_is_locked_and_told_what_came_of_it(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let paid = send(&alice, &bob, "50.00").await;
    let report = json!({ "id": paid["id"] });
    let dispute = alice.client.act("reportTransaction", DISPUTE, report.clone()).await["dispute"].clone();
    assert_eq!((&dispute["state"], &dispute["transactionId"]), (&json!("OPEN"), &paid["id"]));
    // Twice is once.
    assert_eq!(alice.client.act("reportTransaction", DISPUTE, report).await["dispute"], dispute);
    let input = json!({ "to": bob.handle, "money": euros("1.00"), "idempotencyKey": "more" });
    let more = alice.client.try_act("createTransfer", "transaction { id }", input).await.unwrap_err();
    assert_eq!(more.code, "USER_FROZEN");
    let shown = json!({ "to": bob.handle, "amount": { "source": euros("1.00") } });
    let shown = alice.client.try_act("previewTransfer", "preview { stepUpRequired }", shown).await;
    assert_eq!(shown.unwrap_err().code, "USER_FROZEN");
    let support = world.hire("dispute-support", &[Role::Support]).await;
    let list = "{ openDisputes { edges { node { id state } } } }";
    assert_eq!(support.try_ask(list, Value::Null).await.unwrap_err().code, "ROLE_MISSING");
    let reviewer = world.hire("dispute-reviewer", &[Role::Reviewer]).await;
    let open = reviewer.ask(list, Value::Null).await;
    assert_eq!(open["openDisputes"]["edges"][0]["node"]["id"], dispute["id"]);
    let decide = |reason: &str| json!({ "id": dispute["id"], "upheld": true, "reason": reason });
    let empty = reviewer.try_act("decideDispute", DISPUTE, decide("")).await.unwrap_err();
    assert_eq!(empty, refused("REASON_INVALID", "reason"));
    // Who has the payment decides.
    let other = world.hire("dispute-other", &[Role::Reviewer]).await;
    let case = json!({ "transactionId": paid["id"] });
    other.act("assignCase", "assigneeId", case.clone()).await;
    let assigned = reviewer.try_act("decideDispute", DISPUTE, decide("another device")).await.unwrap_err();
    assert_eq!(assigned, refused("CASE_ASSIGNED", "id"));
    reviewer.act("assignCase", "assigneeId", case).await;
    let decided = reviewer.act("decideDispute", DISPUTE, decide("another device")).await["dispute"].clone();
    assert_eq!(decided["state"], "UPHELD");
    let again = reviewer.try_act("decideDispute", DISPUTE, decide("no")).await.unwrap_err();
    assert_eq!(again, refused("DISPUTE_DECIDED", "id"));
    assert_eq!(reviewer.ask(list, Value::Null).await["openDisputes"]["edges"], json!([]));
    let messages = world.messages(&alice.handle).await;
    assert_eq!(messages[0].0, "Your report was looked into");
    assert!(messages[0].1.contains("was not yours: another device"), "{messages:?}");
    let own = alice.client.ask("{ disputes { id state } }", Value::Null).await;
    assert_eq!(own["disputes"], json!([{ "id": dispute["id"], "state": "UPHELD" }]));
}

async fn what_waits_goes_back_with_the_report(world: &World) {
    let (alice, bob) = (Person::join_with(world, "2000.00").await, Person::join(world).await);
    let held = send(&alice, &bob, "2000.00").await;
    assert_eq!(held["state"], "IN_REVIEW");
    alice.client.act("reportTransaction", DISPUTE, json!({ "id": held["id"] })).await;
    assert_eq!((alice.balance().await, bob.balance().await), ("2000.00".into(), "0.00".into()));
}

async fn only_what_left_ones_own_wallet_can_be_reported(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let eve = Person::join(world).await;
    let paid = send(&alice, &bob, "50.00").await;
    for (person, code) in [(&bob, "NOT_PAYER"), (&eve, "NOT_FOUND")] {
        let report = person.client.try_act("reportTransaction", DISPUTE, json!({ "id": paid["id"] })).await;
        assert_eq!(report.unwrap_err(), refused(code, "id"));
    }
    // And nobody was locked by it.
    assert_eq!(send(&alice, &eve, "10.00").await["state"], "SETTLED");
}
