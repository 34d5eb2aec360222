//! Payments that look like fraud and are held, and what operators make of them.

use chrono::Duration;
use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Client, Person, Refused, euros};
use tests::{World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    screened:
    what_is_held_waits_and_goes_on_by_two_operators,
    what_is_held_goes_back_by_one_operator_or_by_time,
    a_withdrawal_is_held_and_settles_when_it_is_released,
    what_is_held_goes_on_at_the_price_that_was_quoted_or_back_whole,
    what_is_small_or_usual_is_not_held,
    what_was_done_before_is_answered_whatever_is_thought_of_it_now,
    a_wallet_with_a_held_payment_is_not_closed,
    what_is_held_does_not_go_on_while_its_payer_is_frozen,
);

const PAYMENTS: &str =
    "{ paymentsInReview { edges { node { id kind payerId payeeId note money { amount } until createdAt
  rules { rule outcome shadow } signals { name value } } } } }";

/// A payment; gives its transaction.
pub(crate) async fn send(from: &Person, to: &Person, amount: &str, key: &str) -> Result<Value, Refused> {
    let input = json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key });
    let paid = from
        .client
        .try_act("createTransfer", "transaction { id state failure } challenge { id }", input)
        .await;
    paid.map(|paid| paid["transaction"].clone())
}

pub(crate) async fn waiting(reviewer: &Client) -> Vec<Value> {
    let answer = reviewer.ask(PAYMENTS, Value::Null).await;
    answer["paymentsInReview"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

async fn state_of(person: &Person, id: &Value) -> (Value, Value) {
    let query = "query($id: ID!) { node(id: $id) { ... on Transaction { state failure } } }";
    let node = person.client.ask(query, json!({ "id": id })).await["node"].clone();
    (node["state"].clone(), node["failure"].clone())
}

async fn release(first: &Client, second: &Client, id: &Value) {
    let change = json!({ "change": { "releasePayment": id }, "reason": "the payer called" });
    let proposed = first.act("propose", "proposal { id }", change).await;
    let own = json!({ "id": proposed["proposal"]["id"] });
    assert_eq!(
        first.try_act("approveProposal", "proposal { state }", own.clone()).await.unwrap_err().code,
        "SELF_APPROVAL"
    );
    second.act("approveProposal", "proposal { state }", own).await;
}

async fn what_is_held_waits_and_goes_on_by_two_operators(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let held = send(&alice, &bob, "2000.00", "car").await.unwrap();
    assert_eq!(held["state"], "IN_REVIEW", "{held}");
    assert_eq!((alice.balance().await, bob.balance().await), ("1000.00".into(), "0.00".into()));
    // Asked twice, it is answered once.
    assert_eq!(send(&alice, &bob, "2000.00", "car").await.unwrap(), held);
    world.audit().await;
    let (first, second) =
        (world.hire("r1", &[Role::Reviewer]).await, world.hire("r2", &[Role::Reviewer]).await);
    let cases = waiting(&first).await;
    assert_eq!(cases.len(), 1);
    assert_eq!((&cases[0]["id"], &cases[0]["money"]["amount"]), (&held["id"], &json!("2000.00")));
    assert_eq!(cases[0]["rules"][0]["rule"], "large first payment of a young wallet");
    let signals = cases[0]["signals"].as_array().unwrap();
    assert!(signals.contains(&json!({ "name": "amount", "value": 200_000 })), "{signals:?}");
    assert!(
        signals
            .iter()
            .any(|signal| signal["name"] == "session_minutes" && signal["value"].as_i64().unwrap() < 60)
    );
    // Neither party is told that the other waits: the payee sees nothing at all.
    let history = "{ transactions { edges { node { id state } } } }";
    assert_eq!(bob.client.ask(history, Value::Null).await["transactions"]["edges"], json!([]));
    release(&first, &second, &held["id"]).await;
    world.settle().await;
    assert_eq!(bob.balance().await, "2000.00");
    assert_eq!(state_of(&alice, &held["id"]).await, (json!("SETTLED"), Value::Null));
    assert!(waiting(&first).await.is_empty());
    let decided = first.try_act("rejectPayment", "state", json!({ "id": held["id"] })).await.unwrap_err();
    assert_eq!(decided.code, "PAYMENT_DECIDED");
    // And the payee is now somebody who was paid.
    let known = json!({ "name": "new_payee", "value": 0 });
    assert!(!signals.contains(&known), "{signals:?}");
    assert_eq!(send(&alice, &bob, "900.00", "rest").await.unwrap()["state"], "IN_REVIEW");
    let again = waiting(&first).await.remove(0)["signals"].clone();
    assert!(again.as_array().unwrap().contains(&known), "{again}");
}

async fn what_is_held_goes_back_by_one_operator_or_by_time(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let reviewer = world.hire("reject", &[Role::Reviewer]).await;
    let first = send(&alice, &bob, "900.00", "a").await.unwrap();
    let second = send(&alice, &bob, "1000.00", "b").await.unwrap();
    assert_eq!((&first["state"], &second["state"]), (&json!("IN_REVIEW"), &json!("IN_REVIEW")));
    let support = world.hire("support", &[Role::Support]).await;
    assert_eq!(
        support.try_act("rejectPayment", "state", json!({ "id": first["id"] })).await.unwrap_err().code,
        "ROLE_MISSING"
    );
    let told = world.messages(&alice.handle).await;
    let rejected = reviewer.act("rejectPayment", "state", json!({ "id": first["id"] })).await;
    assert_eq!(rejected["state"], "FAILED");
    assert_eq!(state_of(&alice, &first["id"]).await, (json!("FAILED"), json!("REJECTED")));
    assert_eq!(alice.balance().await, "2000.00");
    let now_told = world.messages(&alice.handle).await;
    assert_eq!(now_told.len(), told.len() + 1, "{now_told:?}");
    assert_eq!(now_told[0].0, "A payment was not made");
    assert!(now_told[0].1.contains("900.00 EUR"), "{now_told:?}");
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::EndReviews).await.unwrap();
    assert_eq!(waiting(&reviewer).await.len(), 1, "its time has not come");
    world.pass(Duration::hours(24)).await;
    for _ in 0..2 {
        perform(&context, Task::EndReviews).await.unwrap();
    }
    let (alice, bob) = (alice.refreshed(world).await, bob.refreshed(world).await);
    assert_eq!(state_of(&alice, &second["id"]).await, (json!("FAILED"), json!("REJECTED")));
    assert_eq!((alice.balance().await, bob.balance().await), ("3000.00".into(), "0.00".into()));
    // Who was not paid is still new.
    assert_eq!(send(&alice, &bob, "900.00", "c").await.unwrap()["state"], "IN_REVIEW");
}

async fn a_withdrawal_is_held_and_settles_when_it_is_released(world: &World) {
    let alice = Person::join_with(world, "3000.00").await;
    let linked = alice.client.ask("{ instruments { edges { node { id } } } }", Value::Null).await;
    let id = &linked["instruments"]["edges"][0]["node"]["id"];
    let input = json!({ "instrumentId": id, "money": euros("2500.00"), "idempotencyKey": "out" });
    let held =
        alice.client.act("requestWithdrawal", "transaction { id state }", input).await["transaction"].clone();
    assert_eq!(held["state"], "IN_REVIEW");
    world.settle().await;
    world.audit().await;
    assert_eq!(state_of(&alice, &held["id"]).await.0, "IN_REVIEW");
    let (first, second) =
        (world.hire("w1", &[Role::Reviewer]).await, world.hire("w2", &[Role::Reviewer]).await);
    release(&first, &second, &held["id"]).await;
    world.until(|| async { (state_of(&alice, &held["id"]).await.0 == "SETTLED").then_some(()) }).await;
    assert_eq!(alice.balance().await, "500.00");
}

async fn what_is_held_goes_on_at_the_price_that_was_quoted_or_back_whole(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let reviewers = (world.hire("fx1", &[Role::Reviewer]).await, world.hire("fx2", &[Role::Reviewer]).await);
    let mut held = Vec::new();
    for (amount, key) in [("1000.00", "on"), ("900.00", "back")] {
        let asked = json!({ "amount": { "source": euros(amount) }, "currency": "USD" });
        let quote = crate::conversion::quote(&alice, asked).await;
        let input = json!({ "to": bob.handle, "money": euros(amount), "quoteId": quote["id"], "idempotencyKey": key });
        let paid = alice.client.act("createTransfer", "transaction { id state }", input).await["transaction"]
            .clone();
        assert_eq!(paid["state"], "IN_REVIEW");
        held.push((paid["id"].clone(), quote["target"]["amount"].clone()));
        world.audit().await;
    }
    // The payee finds nothing by the name of the payment either.
    let query = "query($id: ID!) { transaction(id: $id) { state } }";
    let hidden = bob.client.try_ask(query, json!({ "id": held[0].0 })).await.unwrap_err();
    assert_eq!(hidden.code, "NOT_FOUND");
    // Long after the price has expired for everybody else.
    world.pass(Duration::minutes(5)).await;
    release(&reviewers.0, &reviewers.1, &held[0].0).await;
    let late = reviewers.0.try_act("rejectPayment", "state", json!({ "id": held[0].0 })).await.unwrap_err();
    assert_eq!(late.code, "PAYMENT_DECIDED");
    reviewers.0.act("rejectPayment", "state", json!({ "id": held[1].0 })).await;
    world.settle().await;
    world.audit().await;
    let dollars = "{ account(currency: \"USD\") { balance { amount } } }";
    let got = bob.client.ask(dollars, Value::Null).await["account"]["balance"]["amount"].clone();
    assert_eq!((got, alice.balance().await), (held[0].1.clone(), "2000.00".to_owned()));
}

async fn what_is_small_or_usual_is_not_held(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    for number in 0..4 {
        let paid = send(&alice, &bob, "20.00", &format!("k{number}")).await.unwrap();
        assert_eq!(paid["state"], "SETTLED");
    }
    let reviewer = world.hire("quiet", &[Role::Reviewer]).await;
    assert!(waiting(&reviewer).await.is_empty());
}

async fn what_was_done_before_is_answered_whatever_is_thought_of_it_now(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let mut all = Vec::new();
    for number in 0..4 {
        all.push(send(&alice, &bob, "1.00", &format!("k{number}")).await.unwrap());
    }
    for (number, done) in all.iter().enumerate() {
        assert_eq!(send(&alice, &bob, "1.00", &format!("k{number}")).await.unwrap(), *done);
    }
    assert_eq!(bob.balance().await, "4.00");
}

async fn a_wallet_with_a_held_payment_is_not_closed(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let held = send(&alice, &bob, "1000.00", "all").await.unwrap();
    assert_eq!((&held["state"], alice.balance().await), (&json!("IN_REVIEW"), "0.00".to_owned()));
    assert_eq!(crate::closing::close(&alice).await.unwrap_err().code, "ACTS_UNDER_WAY");
    let reviewer = world.hire("close", &[Role::Reviewer]).await;
    reviewer.act("rejectPayment", "state", json!({ "id": held["id"] })).await;
    assert_eq!(alice.balance().await, "1000.00");
}

async fn what_is_held_does_not_go_on_while_its_payer_is_frozen(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let held = send(&alice, &bob, "1000.00", "all").await.unwrap();
    let (first, second) =
        (world.hire("frozen1", &[Role::Reviewer]).await, world.hire("frozen2", &[Role::Reviewer]).await);
    let change = json!({ "change": { "releasePayment": held["id"] }, "reason": "seems right" });
    let proposed = first.act("propose", "proposal { id }", change).await;
    // It was not Alice: she locks her wallet.
    alice.client.ask("mutation { lockUser { __typename } }", Value::Null).await;
    let approve = json!({ "id": proposed["proposal"]["id"] });
    let refused = second.try_act("approveProposal", "proposal { state }", approve).await.unwrap_err();
    assert_eq!(refused.code, "PAYER_FROZEN");
    first.act("rejectPayment", "state", json!({ "id": held["id"] })).await;
    // And there is nothing left to approve.
    world.settle().await;
    let open = first.ask("{ proposals { edges { node { id } } } }", Value::Null).await;
    assert_eq!(open["proposals"]["edges"], json!([]));
    assert_eq!((alice.balance().await, bob.balance().await), ("1000.00".into(), "0.00".into()));
}
