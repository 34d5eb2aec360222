//! What people are told, whatever channels they have chosen; security is always told.

use crate::alert_rule::{IN, rule, told};
use crate::fraud::watch;
use chrono::Duration;
use serde_json::{Value, json};
use tests::client::{PASSWORD, Person, Refused, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    who_has_muted_payments_finds_them_in_the_inbox,
    failed_sign_ins_are_told_once_a_run,
    security_is_told_whatever_is_muted,
);

const FAILED: &str = "Sign-ins to your wallet failed";

async fn mute(person: &Person, category: &str) -> Result<Value, Refused> {
    let none = json!({ "category": category, "mail": false, "sms": false });
    person.client.try_act("setNotificationPreference", "preferences { category }", none).await
}

async fn who_has_muted_payments_finds_them_in_the_inbox(world: &World) {
    watch(world).await;
    let (alice, bob) = (Person::join_with(world, "50.00").await, Person::join(world).await);
    rule(&bob, "MONEY_IN_AT_LEAST", "1.00").await;
    mute(&bob, "PAYMENTS").await.unwrap();
    alice.send(&bob, "2.00").await;
    let unread = async || {
        watch(world).await;
        let unread = bob.client.ask("{ unreadNotifications }", Value::Null).await;
        (unread["unreadNotifications"] == 1).then_some(())
    };
    world.until(unread).await;
    assert_eq!(told(world, &bob, IN).await, Vec::<String>::new());
}

/// Tries to sign in from an address.
async fn sign_in(world: &World, handle: &Value, password: &str, address: &str) -> Result<Value, Refused> {
    let input = json!({ "handle": handle, "password": password });
    let answer = world.client().from(address).try_act("signIn", "session { accessToken }", input).await;
    world.settle().await;
    answer
}

async fn failed_sign_ins_are_told_once_a_run(world: &World) {
    let alice = Person::join(world).await;
    let wrong = async |address: &str| {
        let refusal = sign_in(world, &alice.handle, "not the password", address).await.unwrap_err();
        assert_eq!(refusal, refused("SIGN_IN_FAILED", ""));
    };
    wrong("198.51.100.1").await;
    wrong("198.51.100.2").await;
    sign_in(world, &alice.handle, PASSWORD, "192.0.2.1").await.unwrap();
    // A right one ends the run.
    wrong("198.51.100.3").await;
    wrong("198.51.100.4").await;
    assert_eq!(told(world, &alice, FAILED).await, Vec::<String>::new());
    for last in 5..8 {
        wrong(&format!("198.51.100.{last}")).await;
    }
    let first = told(world, &alice, FAILED).await;
    assert!(first.len() == 1 && first[0].contains("198.51.100.5"), "{first:?}");
    // Who goes on slowly goes on with the same run; a day later it is another.
    world.pass(Duration::hours(20)).await;
    wrong("198.51.100.9").await;
    assert_eq!(told(world, &alice, FAILED).await.len(), 1);
    world.pass(Duration::hours(25)).await;
    for last in 10..14 {
        wrong(&format!("198.51.100.{last}")).await;
    }
    let second = told(world, &alice, FAILED).await;
    assert!(second.len() == 2 && second[0].contains("198.51.100.12"), "{second:?}");
    // Nobody hears of a handle that nobody has, and it is answered the same.
    let nobody = json!({ "email": "nobody-at-all@example.com" });
    for last in 0..4 {
        let refusal = sign_in(world, &nobody, "guess", &format!("203.0.113.{last}")).await.unwrap_err();
        assert_eq!(refusal, refused("SIGN_IN_FAILED", ""));
    }
    assert_eq!(world.messages(&nobody).await, Vec::new());
}

async fn security_is_told_whatever_is_muted(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    for category in ["PAYMENTS", "NEWS"] {
        mute(&alice, category).await.unwrap();
    }
    assert_eq!(mute(&alice, "SECURITY").await, Err(refused("CATEGORY_FIXED", "category")));
    for _ in 0..3 {
        sign_in(world, &alice.handle, "not the password", "198.51.100.1").await.unwrap_err();
    }
    sign_in(world, &alice.handle, PASSWORD, "198.51.100.2").await.unwrap();
    let started = alice.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let id = started["startChallenge"]["challenge"]["id"].clone();
    let code = world.code(&alice.handle).await;
    let answer = json!({ "challengeId": id, "answer": { "code": code } });
    alice.client.act("answerChallenge", "session { accessToken }", answer).await;
    let trust = json!({ "payee": { "handle": bob.handle }, "challengeId": id });
    alice.client.act("trustPayee", "trustedPayees { name }", trust).await;
    let heard: Vec<String> =
        world.messages(&alice.handle).await.into_iter().map(|(subject, _)| subject).collect();
    for subject in [FAILED, "Your wallet was opened on a new device", "You trust a payee"] {
        assert_eq!(heard.iter().filter(|heard| *heard == subject).count(), 1, "{subject}: {heard:?}");
    }
}
