//! Fraud: what operators are told of, and what honest people never hear of.

use chrono::Duration;
use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Person, euros, text};
use tests::{World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    a_young_wallet_that_empties_itself_is_reported_once,
    honest_payments_are_not_reported,
    many_who_pay_a_young_wallet_are_reported,
);

/// Has the watch look at all that has moved.
async fn watch(world: &World) {
    world.settle().await;
    world.pass(Duration::seconds(3)).await;
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::WatchPayments).await.unwrap();
}

/// The payments that operators were told of, with why.
async fn reported(world: &World) -> Vec<(String, String)> {
    let engineer = world.hire(&format!("e{}", tests::client::unique()), &[Role::Engineer]).await;
    let answer = engineer
        .ask("{ alerts(first: 100) { edges { node { kind subject detail times } } } }", Value::Null)
        .await;
    let nodes = answer["alerts"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone());
    let reported = nodes.filter(|node| node["kind"] == "PAYMENT_SUSPICIOUS");
    reported
        .map(|node| {
            assert_eq!(node["times"], 1, "{node}");
            (text(&node["subject"]).to_owned(), text(&node["detail"]).to_owned())
        })
        .collect()
}

async fn pay(from: &Person, to: &Person, amount: &str, key: &str) {
    let input = json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key });
    let paid = from.client.act("createTransfer", "transaction { state }", input).await;
    assert_eq!(paid["transaction"]["state"], "SETTLED", "{paid}");
}

async fn a_young_wallet_that_empties_itself_is_reported_once(world: &World) {
    watch(world).await;
    let (thief, mule) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    pay(&thief, &mule, "2999.00", "out").await;
    for _ in 0..3 {
        watch(world).await;
    }
    let reported = reported(world).await;
    assert_eq!(reported.len(), 1, "{reported:?}");
    let (_, why) = &reported[0];
    assert!(why.starts_with("Review: large first payment of a young wallet"), "{why}");
    for signal in ["amount 299900", "new_payee 1", "balance_percent 99", "through_percent 99"] {
        assert!(why.contains(signal), "{signal}: {why}");
    }
}

async fn honest_payments_are_not_reported(world: &World) {
    watch(world).await;
    let mut alice = Person::join_with(world, "500.00").await;
    let mut bob = Person::join_with(world, "500.00").await;
    for day in 0..4 {
        pay(&alice, &bob, "20.00", &format!("lunch-{day}")).await;
        pay(&bob, &alice, "7.50", &format!("coffee-{day}")).await;
        world.pass(Duration::hours(20)).await;
        watch(world).await;
        (alice, bob) = (alice.refreshed(world).await, bob.refreshed(world).await);
    }
    assert_eq!(reported(world).await, Vec::new());
}

async fn many_who_pay_a_young_wallet_are_reported(world: &World) {
    watch(world).await;
    let (mule, boss) = (Person::join(world).await, Person::join(world).await);
    for number in 0..6 {
        let victim = Person::join_with(world, "300.00").await;
        pay(&victim, &mule, "250.00", &format!("v{number}")).await;
        // What it keeps is its reward.
        pay(&mule, &boss, "230.00", &format!("on{number}")).await;
        watch(world).await;
    }
    let reported = reported(world).await;
    assert!(reported.iter().any(|(_, why)| why.contains("many pay a young wallet")), "{reported:?}");
}
