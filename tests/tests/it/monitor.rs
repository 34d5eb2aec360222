//! The monitor: what operators see of what goes on, and who may follow it.

use chrono::Duration;
use entity::alert::{self, AlertKind};
use entity::fraud::{Outcome, Rule, RuleSet};
use entity::operator::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::client::{Client, Person, euros, refused, text};
use tests::socket::Socket;
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    screened:
    what_was_just_paid_is_shown,
    a_payment_that_is_held_comes_and_goes,
    what_waits_for_operators_is_counted,
    who_may_not_watch_hears_nothing,
    to_follow_is_no_use_of_a_session,
);

const FIELDS: &str = "at since flows { kind count perSecond moneyPerMinute { amount currency } } failed blocked challenged
  inReview { count oldestAt oldestSeconds money { amount } } alerts { kind count } disputes { open overdue } deadLetters";

async fn now(watcher: &Client) -> Value {
    watcher.ask(&format!("{{ activityNow {{ {FIELDS} }} }}"), Value::Null).await["activityNow"].clone()
}

async fn follow(world: &World, watcher: &Client, pace: &str) -> Socket {
    let url = world.url("/operator/graphql");
    let mut socket = Socket::introduced(&url, watcher.token.as_deref()).await;
    socket.subscribe("a", &format!("subscription {{ activity{pace} {{ {FIELDS} }} }}"), Value::Null).await;
    socket
}

/// What is heard next.
async fn next(socket: &mut Socket) -> Value {
    let heard = socket.hear().await.unwrap();
    assert_eq!(heard["type"], "next", "{heard}");
    assert!(heard["payload"]["errors"].is_null(), "{heard}");
    heard["payload"]["data"]["activity"].clone()
}

/// Listens until something is so.
async fn hear(socket: &mut Socket, so: impl Fn(&Value) -> bool) -> Value {
    let mut left = 30;
    loop {
        let seen = next(socket).await;
        if so(&seen) {
            return seen;
        }
        left -= 1;
        assert!(left > 0, "it was not so for half a minute: {seen}");
    }
}

/// With what the following ends. A connection is looked after, too, and may be closed first when its session ends.
async fn end(socket: &mut Socket) -> String {
    loop {
        let heard = match socket.hear().await {
            Err(4403) => return "SESSION_ENDED".to_owned(),
            heard => heard.unwrap(),
        };
        if heard["type"] == "error" {
            return text(&heard["payload"][0]["extensions"]["code"]).to_owned();
        }
        assert_eq!(heard["type"], "next", "{heard}");
    }
}

fn flow(seen: &Value, kind: &str) -> Value {
    seen["flows"].as_array().unwrap().iter().find(|flow| flow["kind"] == kind).unwrap().clone()
}

async fn what_was_just_paid_is_shown(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let watcher = world.hire("watcher", &[Role::Engineer]).await;
    let before = now(&watcher).await;
    assert_eq!(
        (&flow(&before, "TRANSFER")["count"], before["flows"].as_array().unwrap().len()),
        (&json!(0), 4)
    );
    assert_eq!(flow(&before, "DEPOSIT")["moneyPerMinute"]["amount"], "100.00");
    let mut socket = follow(world, &watcher, "(everySeconds: 1)").await;
    for amount in ["2.00", "3.00"] {
        alice.send(&bob, amount).await;
    }
    let paid = hear(&mut socket, |seen| flow(seen, "TRANSFER")["count"] == 2).await;
    let money = json!({ "amount": "5.00", "currency": "EUR" });
    assert_eq!(flow(&paid, "TRANSFER")["moneyPerMinute"], money);
    let time = |value: &Value| text(value).parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(time(&paid["at"]) - time(&paid["since"]), Duration::minutes(1));
    let asked = json!({ "amount": { "source": euros("10.00") }, "currency": "USD" });
    let quote = crate::conversion::quote(&alice, asked).await;
    let input = json!({ "quoteId": quote["id"], "idempotencyKey": "c" });
    alice.client.act("createConversion", "transaction { id }", input).await;
    world.pass(Duration::seconds(1)).await;
    let seen = now(&watcher).await;
    let converted = flow(&seen, "CONVERSION");
    assert_eq!((&converted["count"], &converted["moneyPerMinute"]["amount"]), (&json!(1), &json!("10.00")));
    // After a minute it is lately no more.
    world.pass(Duration::seconds(61)).await;
    assert_eq!(flow(&now(&watcher).await, "TRANSFER")["count"], 0);
}

async fn a_payment_that_is_held_comes_and_goes(world: &World) {
    let (alice, bob) = (Person::join_with(world, "3000.00").await, Person::join(world).await);
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    let mut socket = follow(world, &reviewer, "(everySeconds: 1)").await;
    let none = json!({ "count": 0, "oldestAt": null, "oldestSeconds": null, "money": { "amount": "0.00" } });
    assert_eq!(next(&mut socket).await["inReview"], none);
    let held = alice.send(&bob, "2000.00").await;
    let seen = hear(&mut socket, |seen| seen["inReview"]["count"] == 1).await;
    assert_eq!(seen["inReview"]["money"]["amount"], "2000.00");
    assert!(seen["inReview"]["oldestSeconds"].as_i64().unwrap() < 60, "{seen}");
    assert_eq!((&flow(&seen, "TRANSFER")["count"], &seen["failed"]), (&json!(0), &json!(0)));
    reviewer.act("rejectPayment", "state", json!({ "id": held })).await;
    let seen = hear(&mut socket, |seen| seen["inReview"]["count"] == 0).await;
    assert_eq!((&seen["inReview"], &seen["failed"]), (&none, &json!(1)));
    // Who signs out hears no more, and is left.
    reviewer.ask("mutation { signOut { signedOut } }", Value::Null).await;
    assert_eq!(end(&mut socket).await, "SESSION_ENDED");
    assert_eq!(socket.hear().await, Err(4403));
}

async fn what_waits_for_operators_is_counted(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let watcher = world.hire("watcher", &[Role::Reviewer]).await;
    assert_eq!(now(&watcher).await["alerts"], json!([]));
    for (subject, times) in [("one", 2), ("other", 1)] {
        for _ in 0..times {
            alert::raise(&world.bank, AlertKind::RatesFailing, subject, "a test").await.unwrap();
        }
    }
    alert::raise(&world.bank, AlertKind::PaymentSuspicious, "a payment", "a test").await.unwrap();
    // The fifth small payment in an hour looks like cards that are tried out.
    for _ in 0..4 {
        alice.send(&bob, "1.00").await;
    }
    let paid = alice.send(&bob, "20.00").await;
    let input = alice.transfer(&bob, "1.00", "asked");
    let asked = alice.client.act("createTransfer", "challenge { id }", input).await;
    assert!(asked["challenge"]["id"].is_string(), "{asked}");
    alice.client.act("reportTransaction", "dispute { id }", json!({ "id": paid })).await;
    world.pass(Duration::seconds(1)).await;
    let seen = now(&watcher).await;
    let alerts =
        json!([{ "kind": "PAYMENT_SUSPICIOUS", "count": 1 }, { "kind": "RATES_FAILING", "count": 2 }]);
    assert_eq!((&seen["alerts"], &seen["challenged"]), (&alerts, &json!(1)));
    assert_eq!((&seen["disputes"], &seen["deadLetters"]), (&json!({ "open": 1, "overdue": 0 }), &json!(0)));
    world.pass(Duration::hours(24)).await;
    let watcher = world.hire("later", &[Role::Reviewer]).await;
    assert_eq!(now(&watcher).await["disputes"], json!({ "open": 1, "overdue": 1 }));
}

async fn who_may_not_watch_hears_nothing(world: &World) {
    let others = [Role::Admin, Role::Auditor, Role::Support, Role::Treasurer];
    let other = world.hire("other", &others).await;
    let ask = "{ activityNow { at } }";
    assert_eq!(other.try_ask(ask, Value::Null).await, Err(refused("ROLE_MISSING", "")));
    assert_eq!(world.operators().try_ask(ask, Value::Null).await, Err(refused("UNAUTHENTICATED", "")));
    assert_eq!(end(&mut follow(world, &other, "").await).await, "ROLE_MISSING");
    assert_eq!(end(&mut follow(world, &world.operators(), "").await).await, "UNAUTHENTICATED");
    let engineer = world.hire("engineer", &[Role::Engineer]).await;
    for pace in [0, -1, 61] {
        let mut socket = follow(world, &engineer, &format!("(everySeconds: {pace})")).await;
        assert_eq!(end(&mut socket).await, "PACE_INVALID");
    }
    // Who follows is written once, however often it hears.
    let mut socket = follow(world, &engineer, "(everySeconds: 1)").await;
    for _ in 0..2 {
        next(&mut socket).await;
    }
    let all = other.ask("{ operators { id name } }", Value::Null).await["operators"].clone();
    let id = &all.as_array().unwrap().iter().find(|one| one["name"] == "engineer").unwrap()["id"];
    let log = "query($id: ID!) { operatorEvents(operatorId: $id) { edges { node { field } } } }";
    let log = other.ask(log, json!({ "id": id })).await["operatorEvents"]["edges"].clone();
    let count = log.as_array().unwrap().iter().filter(|edge| edge["node"]["field"] == "activity").count();
    assert_eq!(count, 4);
    // Who is dismissed in the midst of it hears no more.
    other.act("dismissOperator", "operator { state }", json!({ "id": id })).await;
    assert_eq!(end(&mut socket).await, "SESSION_ENDED");
}

async fn to_follow_is_no_use_of_a_session(world: &World) {
    let engineer = world.hire("engineer", &[Role::Engineer]).await;
    let mut socket = follow(world, &engineer, "(everySeconds: 1)").await;
    for _ in 0..3 {
        world.pass(Duration::minutes(9)).await;
        next(&mut socket).await;
    }
    world.pass(Duration::minutes(9)).await;
    assert_eq!(end(&mut socket).await, "SESSION_ENDED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_as_fraud_is_counted() {
    for setup in [Setup::Embedded, Setup::Real] {
        let rule = Rule {
            name: "the rule".into(),
            when: "amount >= 5000".into(),
            outcome: Outcome::Block,
            shadow: false,
        };
        let rules = Arc::new(RuleSet::load(vec![rule]).unwrap());
        let house = |bank: entity::Bank| {
            bank.with_step_up(tests::world::unasked()).with_screening(true).with_fraud_rules(rules)
        };
        let world = World::open_as(setup, house, |gateways| gateways).await;
        let (alice, bob) = (Person::join_with(&world, "100.00").await, Person::join(&world).await);
        let input = alice.transfer(&bob, "50.00", "k");
        let blocked = alice.client.try_act("createTransfer", "transaction { id }", input).await.unwrap_err();
        assert_eq!(blocked.code, "PAYMENT_BLOCKED");
        let watcher = world.hire("watcher", &[Role::Engineer]).await;
        assert_eq!(now(&watcher).await["blocked"], 1);
        world.pass(Duration::seconds(61)).await;
        assert_eq!(now(&watcher).await["blocked"], 0);
        world.close().await;
    }
}
