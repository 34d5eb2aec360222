//! The screen: what it sees of the moment before a payment, and what becomes of what it can't see.

use crate::review::{send, waiting};
use entity::fraud::{Outcome, Rule, RuleSet};
use entity::operator::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::client::Person;
use tests::world::screened;
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    screened:
    the_screen_sees_what_was_paid_a_moment_ago,
    the_screen_sees_what_came_a_moment_ago,
    payments_at_the_same_moment_see_each_other,
    what_cannot_be_screened_is_refused_above_a_limit,
);

async fn the_screen_sees_what_was_paid_a_moment_ago(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    // The watch has not come by.
    for number in 0..4 {
        assert_eq!(send(&alice, &bob, "1.00", &format!("k{number}")).await.unwrap()["state"], "SETTLED");
    }
    // Nobody is asked for any amount here, but for what looks like cards that are tried out.
    assert_eq!(send(&alice, &bob, "1.00", "k4").await.unwrap(), Value::Null);
    assert_eq!(bob.balance().await, "4.00");
}

async fn the_screen_sees_what_came_a_moment_ago(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let held = send(&alice, &bob, "450.00", "on").await.unwrap();
    assert_eq!(held["state"], "IN_REVIEW", "what came from a bank passes through");
    let reviewer = world.hire("through", &[Role::Reviewer]).await;
    assert_eq!(waiting(&reviewer).await[0]["rules"][0]["rule"], "passes through");
    // And each signal says what it adds to the score.
    let query = "{ paymentsInReview { edges { node { signals { name value scoreWeight } } } } }";
    let seen = reviewer.ask(query, Value::Null).await["paymentsInReview"]["edges"][0]["node"].clone();
    let of = |name: &str| {
        let mut all = seen["signals"].as_array().unwrap().iter();
        all.find(|signal| signal["name"] == name).unwrap()
    };
    assert!(of("payee_days")["scoreWeight"].is_i64() && of("score")["scoreWeight"].is_null(), "{seen}");
    assert!((0..=1_000).contains(&of("score")["value"].as_i64().unwrap()));
}

async fn payments_at_the_same_moment_see_each_other(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let keys: Vec<String> = (0..12).map(|number| format!("k{number}")).collect();
    let all = keys.iter().map(|key| send(&alice, &bob, "1.00", key));
    let made: Vec<Value> = futures::future::try_join_all(all).await.unwrap();
    // The fifth in an hour looks like cards that are tried out, and so do all after it.
    let settled = made.iter().filter(|made| made["state"] == "SETTLED").count();
    assert_eq!((settled, bob.balance().await), (4, "4.00".to_owned()), "{made:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_to_two_apis_at_the_same_moment_see_each_other() {
    for setup in [Setup::Embedded, Setup::Real] {
        let (world, payers, bob) = two_apis(setup).await;
        let keys: Vec<String> = (0..12).map(|number| format!("k{number}")).collect();
        let all = payers.iter().cycle().zip(&keys).map(|(payer, key)| send(payer, &bob, "1.00", key));
        let made: Vec<Value> = futures::future::try_join_all(all).await.unwrap();
        let settled = made.iter().filter(|made| made["state"] == "SETTLED").count();
        assert_eq!((settled, bob.balance().await), (4, "4.00".to_owned()), "{made:?}");
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_api_judges_by_the_rules_of_before() {
    for setup in [Setup::Embedded, Setup::Real] {
        let (world, [_, there], bob) = two_apis(setup).await;
        assert_eq!(send(&there, &bob, "1.00", "before").await.unwrap()["state"], "SETTLED");
        let rules = json!([{ "name": "all", "when": "amount > 0", "outcome": "BLOCK", "shadow": false }]);
        world.agree(json!({ "setFraudRules": rules })).await;
        world.bank.clock.advance(chrono::Duration::seconds(1));
        // One looks for newer rules, and nobody beside it goes on without.
        let keys: Vec<String> = (0..12).map(|number| format!("k{number}")).collect();
        let all = keys.iter().map(|key| send(&there, &bob, "1.00", key));
        let refused = futures::future::join_all(all).await;
        let refused: Vec<_> = refused.into_iter().map(|made| made.unwrap_err().code).collect();
        assert_eq!(refused, ["PAYMENT_BLOCKED"; 12]);
        world.close().await;
    }
}

async fn what_cannot_be_screened_is_refused_above_a_limit(world: &World) {
    use sea_orm::ConnectionTrait;
    let (alice, bob) = (Person::join_with(world, "1000.00").await, Person::join(world).await);
    let db = world.bank.db.connection();
    db.execute_unprepared("ALTER TABLE fraud_profiles RENAME TO lost").await.unwrap();
    assert_eq!(send(&alice, &bob, "100.01", "large").await.unwrap_err().code, "SCREENING_UNAVAILABLE");
    assert_eq!(send(&alice, &bob, "100.00", "small").await.unwrap()["state"], "SETTLED");
    db.execute_unprepared("ALTER TABLE lost RENAME TO fraud_profiles").await.unwrap();
    assert_eq!(send(&alice, &bob, "100.01", "large").await.unwrap()["state"], "SETTLED");
}

/// A world with two apis, somebody who pays at either, and somebody who is paid.
async fn two_apis(setup: Setup) -> (World, [Person; 2], Person) {
    let mut world = World::open_screened(setup).await;
    let other = world.start_api(screened).await;
    let (alice, bob) = (Person::join_with(&world, "100.00").await, Person::join(&world).await);
    let there = Person { client: alice.client.to(&other), ..alice.clone() };
    (world, [alice, there], bob)
}

/// A world with one rule.
async fn ruled(setup: Setup, when: &str, outcome: Outcome, shadow: bool) -> World {
    let rule = Rule { name: "the rule".into(), when: when.into(), outcome, shadow };
    let rules = Arc::new(RuleSet::load(vec![rule]).unwrap());
    let house = |bank: entity::Bank| {
        bank.with_step_up(tests::world::unasked()).with_screening(true).with_fraud_rules(rules)
    };
    World::open_as(setup, house, |gateways| gateways).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_blocks_and_in_the_shadow_it_only_tells() {
    for setup in [Setup::Embedded, Setup::Real] {
        let world = ruled(setup, "amount >= 5000", Outcome::Block, false).await;
        let (alice, bob) = (Person::join_with(&world, "100.00").await, Person::join(&world).await);
        assert_eq!(send(&alice, &bob, "50.00", "k").await.unwrap_err().code, "PAYMENT_BLOCKED");
        assert_eq!(alice.balance().await, "100.00");
        // The key is free, since nothing was done.
        assert_eq!(send(&alice, &bob, "49.99", "k").await.unwrap()["state"], "SETTLED");
        world.close().await;
        let world = ruled(setup, "amount >= 5000", Outcome::Block, true).await;
        let (alice, bob) = (Person::join_with(&world, "100.00").await, Person::join(&world).await);
        assert_eq!(send(&alice, &bob, "50.00", "k").await.unwrap()["state"], "SETTLED");
        world.close().await;
    }
}
