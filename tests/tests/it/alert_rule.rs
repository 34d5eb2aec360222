//! What people are told of their money by rules of their own.

use crate::api_key::make;
use crate::conversion::{convert, quote};
use crate::fraud::watch;
use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::client::{IBAN, PASSWORD, Person, Refused, euros, refused, text};
use tests::rails::CountingRail;
use tests::{Setup, World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    what_goes_and_what_comes_is_told_once,
    a_balance_is_told_each_time_it_falls,
    ones_own_money_neither_goes_nor_comes,
    rules_are_ones_own_and_not_too_many,
    what_is_no_amount_is_refused,
);

const OUT: &str = "Money has left your wallet";
pub(crate) const IN: &str = "Money has come into your wallet";
const LOW: &str = "Your balance is low";

async fn try_rule(person: &Person, kind: &str, money: Value) -> Result<Value, Refused> {
    let input = json!({ "kind": kind, "money": money });
    let payload = "rule { id kind money { amount currency } createdAt }";
    Ok(person.client.try_act("createAlertRule", payload, input).await?["rule"].clone())
}

pub(crate) async fn rule(person: &Person, kind: &str, amount: &str) -> Value {
    try_rule(person, kind, euros(amount)).await.unwrap()
}

/// What a person was told under a subject, newest first.
pub(crate) async fn told(world: &World, person: &Person, subject: &str) -> Vec<String> {
    let all = world.messages(&person.handle).await;
    all.into_iter().filter(|(about, _)| about == subject).map(|(_, body)| body).collect()
}

/// Has the watch look until so much is told.
async fn told_so_often(world: &World, person: &Person, subject: &str, count: usize) -> Vec<String> {
    let look = async || {
        watch(world).await;
        let told = told(world, person, subject).await;
        (told.len() >= count).then_some(told)
    };
    let told = world.until(look).await;
    assert_eq!(told.len(), count, "{told:?}");
    told
}

async fn what_goes_and_what_comes_is_told_once(world: &World) {
    watch(world).await;
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join_with(world, "100.00").await);
    let chinese = json!({ "language": "ZH" });
    bob.client.act("updateProfile", "profile { language }", chinese).await;
    // What was paid before there was a rule is no news.
    alice.send(&bob, "20.00").await;
    world.pass(Duration::milliseconds(5)).await;
    let (fifth, tenth) =
        (rule(&alice, "MONEY_OUT_AT_LEAST", "5.00").await, rule(&alice, "MONEY_OUT_AT_LEAST", "10.00").await);
    assert_ne!(fifth["id"], tenth["id"]);
    rule(&alice, "MONEY_IN_AT_LEAST", "7.00").await;
    rule(&bob, "MONEY_IN_AT_LEAST", "10.00").await;
    alice.send(&bob, "4.99").await;
    alice.send(&bob, "10.00").await;
    bob.send(&alice, "6.99").await;
    // Two rules are reached by it, and it is one payment; whoever looks, and how often.
    join_all((0..3).map(|_| watch(world))).await;
    let gone = told_so_often(world, &alice, OUT, 1).await;
    assert!(gone[0].starts_with("10.00 EUR left it, to S…. The balance after that: 65.01 EUR."), "{gone:?}");
    let come = told_so_often(world, &bob, "有资金转入您的钱包", 1).await;
    assert!(come[0].starts_with("已转入 10.00 EUR，付款方：S…。此后余额：134.99 EUR。"), "{come:?}");
    assert_eq!(told(world, &alice, IN).await, Vec::<String>::new());
    // From the bank, and back to it.
    alice.top_up(world, "7.00").await;
    let come = told_so_often(world, &alice, IN, 1).await;
    assert_eq!(come, ["7.00 EUR came, from DE89…3000. The balance after that: 79.00 EUR."]);
    let id = alice.withdraw(IBAN, "79.00").await;
    assert_eq!(alice.settled(world, &id).await, "SETTLED");
    let gone = told_so_often(world, &alice, OUT, 2).await;
    assert!(gone[0].starts_with("79.00 EUR left it, to DE89…3000. The balance after that: 0.00 EUR."));
    // A day later it is no news any more.
    bob.send(&alice, "50.00").await;
    world.pass(Duration::hours(25)).await;
    watch(world).await;
    let bob = bob.refreshed(world).await;
    bob.send(&alice, "8.00").await;
    let come = told_so_often(world, &alice, IN, 2).await;
    assert!(come[0].starts_with("8.00 EUR came, from S…."), "{come:?}");
    let inbox = "{ notifications(first: 1) { edges { node { category subject } } } }";
    let inbox = alice.refreshed(world).await.client.ask(inbox, Value::Null).await["notifications"].clone();
    assert_eq!(inbox["edges"][0]["node"], json!({ "category": "PAYMENTS", "subject": IN }));
}

async fn a_balance_is_told_each_time_it_falls(world: &World) {
    watch(world).await;
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    world.pass(Duration::milliseconds(5)).await;
    rule(&alice, "BALANCE_AT_MOST", "50.00").await;
    alice.send(&bob, "49.99").await;
    alice.send(&bob, "0.01").await;
    let low = told_so_often(world, &alice, LOW, 1).await;
    assert!(low[0].starts_with("It fell to 50.00 EUR when 0.01 EUR left your wallet, to S…."), "{low:?}");
    // It is low already.
    alice.send(&bob, "10.00").await;
    bob.send(&alice, "10.00").await;
    watch(world).await;
    bob.send(&alice, "0.01").await;
    alice.send(&bob, "30.00").await;
    let low = told_so_often(world, &alice, LOW, 2).await;
    assert!(low[0].starts_with("It fell to 20.01 EUR when 30.00 EUR left"), "{low:?}");
}

async fn ones_own_money_neither_goes_nor_comes(world: &World) {
    watch(world).await;
    let alice = Person::join_with(world, "100.00").await;
    world.pass(Duration::milliseconds(5)).await;
    rule(&alice, "MONEY_OUT_AT_LEAST", "0.01").await;
    try_rule(&alice, "MONEY_IN_AT_LEAST", json!({ "amount": "0.01", "currency": "USD" })).await.unwrap();
    rule(&alice, "BALANCE_AT_MOST", "50.00").await;
    // It is posted in parts, the price and what the house takes; only the last of them reaches the rule.
    let half = json!({ "amount": { "source": euros("50.00") }, "currency": "USD" });
    let price = quote(&alice, half).await;
    convert(&alice, &price, "half").await.unwrap();
    let low = told_so_often(world, &alice, LOW, 1).await;
    assert!(low[0].starts_with("It fell to 50.00 EUR when 50.00 EUR left your wallet. "), "{low:?}");
    // A bank that declines sends it back.
    let id = alice.withdraw("DE70500105175407320001", "25.00").await;
    assert_eq!(alice.settled(world, &id).await, "FAILED");
    watch(world).await;
    assert_eq!(told(world, &alice, IN).await, Vec::<String>::new());
}

async fn rules_are_ones_own_and_not_too_many(world: &World) {
    watch(world).await;
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join_with(world, "9.00").await);
    let made = rule(&alice, "MONEY_OUT_AT_LEAST", "1.00").await;
    assert_eq!(
        (&made["kind"], &made["money"]),
        (&json!("MONEY_OUT_AT_LEAST"), &json!({ "amount": "1.00", "currency": "EUR" }))
    );
    assert_eq!(rule(&alice, "MONEY_OUT_AT_LEAST", "1.00").await, made);
    let id = json!({ "id": made["id"] });
    let stranger = bob.client.try_act("deleteAlertRule", "rules { id }", id.clone()).await;
    assert_eq!(stranger, Err(refused("NOT_FOUND", "id")));
    assert_eq!(bob.client.ask("{ alertRules { id } }", Value::Null).await["alertRules"], json!([]));
    for cents in 1..=19 {
        rule(&alice, "BALANCE_AT_MOST", &format!("0.{cents:02}")).await;
    }
    let more = try_rule(&alice, "BALANCE_AT_MOST", euros("0.20")).await;
    assert_eq!(more, Err(refused("ALERT_RULE_LIMIT", "")));
    let left = alice.client.act("deleteAlertRule", "rules { id }", id.clone()).await;
    assert_eq!(left["rules"].as_array().unwrap().len(), 19);
    let again = alice.client.try_act("deleteAlertRule", "rules { id }", id).await;
    assert_eq!(again, Err(refused("NOT_FOUND", "id")));
    // What is deleted is silent.
    rule(&bob, "MONEY_OUT_AT_LEAST", "1.00").await;
    alice.send(&bob, "5.00").await;
    bob.send(&alice, "5.00").await;
    told_so_often(world, &bob, OUT, 1).await;
    assert_eq!(told(world, &alice, OUT).await, Vec::<String>::new());
    // It is taken along.
    let export = alice.client.act("exportPersonalData", "json", json!({ "password": PASSWORD })).await;
    let known: Value = serde_json::from_str(text(&export["json"])).unwrap();
    assert_eq!(known["alertRules"][0]["limit"], "0.19 EUR");
    let (program, _) = make(world, &bob, &["READ_ACCOUNTS", "READ_TRANSACTIONS"], json!({})).await;
    let program = Person { client: program, ..bob };
    assert_eq!(
        try_rule(&program, "MONEY_OUT_AT_LEAST", euros("1.00")).await,
        Err(refused("SCOPE_MISSING", ""))
    );
}

async fn what_is_no_amount_is_refused(world: &World) {
    let alice = Person::join(world).await;
    for (amount, currency, code, field) in [
        ("0.00", "EUR", "AMOUNT_ZERO", "amount"),
        ("-1.00", "EUR", "AMOUNT_NEGATIVE", "amount"),
        ("1.001", "EUR", "AMOUNT_SCALE", "amount"),
        ("much", "EUR", "AMOUNT_MALFORMED", "amount"),
        ("10000000000000.01", "EUR", "AMOUNT_TOO_LARGE", "amount"),
        ("1.00", "XXX", "CURRENCY_UNKNOWN", "currency"),
    ] {
        let answer =
            try_rule(&alice, "BALANCE_AT_MOST", json!({ "amount": amount, "currency": currency })).await;
        assert_eq!(answer, Err(refused(code, field)), "{amount} {currency}");
    }
}

/// A deposit settles long after the watch has passed it, and nothing else moves.
async fn what_comes_late(setup: Setup) {
    let rail = CountingRail::silent();
    let outside = rail.clone();
    let world =
        World::open_with(setup, |gateways| worker::gateway::Gateways { rail: Arc::new(outside), ..gateways });
    let world = world.await;
    watch(&world).await;
    let (before, after) = (Person::join(&world).await, Person::join(&world).await);
    rule(&before, "MONEY_IN_AT_LEAST", "10.00").await;
    let ids = [before.deposit(IBAN, "10.00").await, after.deposit(IBAN, "12.00").await];
    world.until(|| async { (rail.told().len() == 2).then_some(()) }).await;
    world.pass(Duration::seconds(3)).await;
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    for _ in 0..2 {
        perform(&context, Task::WatchPayments).await.unwrap();
    }
    // Made while the money is on its way already.
    rule(&after, "MONEY_IN_AT_LEAST", "12.00").await;
    world.pass(Duration::minutes(2)).await;
    rail.answer();
    for (person, id) in [&before, &after].into_iter().zip(&ids) {
        assert_eq!(person.settled(&world, id).await, "SETTLED");
        let come = told_so_often(&world, person, IN, 1).await;
        assert!(come[0].contains("EUR came, from DE89…3000."), "{come:?}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_that_settles_late_is_told_embedded() {
    what_comes_late(Setup::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_that_settles_late_is_told_real() {
    what_comes_late(Setup::Real).await;
}
