//! Fraud: what operators are told of, and what honest people never hear of.

use chrono::Duration;
use entity::fraud::{self, Outcome, Rule, RuleSet};
use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Person, euros, text};
use tests::{World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    a_young_wallet_that_empties_itself_is_reported_once,
    honest_payments_are_not_reported,
    many_who_pay_a_young_wallet_are_reported,
    other_rules_are_tried_on_the_past,
);

/// Has the watch look at all that has moved.
pub(crate) async fn watch(world: &World) {
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
    // A reviewer who has looked into it dismisses it; support can't.
    let alerts = "{ alerts(first: 100) { edges { node { id kind } } } }";
    let (support, reviewer) =
        (world.hire("asks", &[Role::Support]).await, world.hire("looks", &[Role::Reviewer]).await);
    let all = reviewer.ask(alerts, Value::Null).await["alerts"]["edges"].clone();
    let suspicious = |edge: &&Value| edge["node"]["kind"] == "PAYMENT_SUSPICIOUS";
    let id = json!({ "id": all.as_array().unwrap().iter().find(suspicious).unwrap()["node"]["id"] });
    let no = support.try_act("dismissAlert", "alert { id }", id.clone()).await.unwrap_err();
    assert_eq!(no.code, "ROLE_MISSING");
    reviewer.act("dismissAlert", "alert { id }", id).await;
    let left = reviewer.ask(alerts, Value::Null).await["alerts"]["edges"].clone();
    assert!(!left.as_array().unwrap().iter().any(|edge| suspicious(&edge)), "{left}");
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

async fn other_rules_are_tried_on_the_past(world: &World) {
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    for (amount, key) in [("100.00", "a"), ("200.00", "b"), ("300.00", "c")] {
        pay(&alice, &bob, amount, key).await;
    }
    pay(&bob, &alice, "150.00", "back").await;
    let rule = |name: &str, when: &str| Rule {
        name: name.to_owned(),
        when: when.to_owned(),
        outcome: Outcome::Block,
        shadow: false,
    };
    let others = RuleSet::load(vec![
        rule("more than half", "balance_percent >= 50"),
        rule("known payee", "!new_payee && amount >= 20000"),
        rule("never", "amount < 0"),
    ])
    .unwrap();
    let replay = fraud::replay(&world.bank, &others, 1_000).await.unwrap();
    assert_eq!((replay.judged, replay.changes), (4, 2), "{replay:?}");
    let after = |name: &str| replay.rules.get(name).map(|count| (count.before, count.after));
    // Of 1000, 900, 700 and what Bob has: 10, 22, 42 and 25 percent.
    assert_eq!((after("more than half"), after("known payee"), after("never")), (None, Some((0, 2)), None));
    assert_eq!(replay.outcomes[&Outcome::Block], fraud::Count { before: 0, after: 2 });
    let kinds: Vec<_> = replay.changed.iter().map(|changed| (changed.before, changed.after)).collect();
    // Which those in force would have held.
    assert_eq!(kinds, vec![(Outcome::Review, Outcome::Block); 2]);
    // Only the last of them, by what was before.
    assert_eq!(fraud::replay(&world.bank, &others, 2).await.unwrap().judged, 2);
}
