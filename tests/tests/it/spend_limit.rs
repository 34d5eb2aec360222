//! What an API key may spend: so much in a window, whatever races, is asked again, or is refused.

use crate::api_key::{keys, limit, make, pay};
use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{IBAN, Person, euros, refused, text, unique};
use tests::{World, on_both_setups};

on_both_setups!(
    strict:
    racing_payments_can_not_pass_the_limit_together,
    an_act_is_counted_once_and_a_refused_one_not_at_all,
    a_limit_is_for_one_currency_and_begins_anew,
);

async fn spent(person: &Person) -> String {
    text(&keys(person).await[0]["spending"]["spent"]["amount"]).to_owned()
}

async fn racing_payments_can_not_pass_the_limit_together(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let (program, _) = make(world, &alice, &["TRANSFER"], limit("99.99", "MONTH")).await;
    let names: Vec<_> = (0..20).map(|n| format!("race-{n}")).collect();
    let answers = join_all(names.iter().map(|name| pay(&program, &bob, "10.00", name))).await;
    let exceeded = Err(refused("SPEND_LIMIT_EXCEEDED", "amount"));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 9);
    assert_eq!(answers.iter().filter(|answer| **answer == exceeded).count(), 11);
    assert_eq!((bob.balance().await.as_str(), spent(&alice).await.as_str()), ("90.00", "90.00"));
    // Nor with one name for two amounts: whichever is made, what has left is what was counted.
    for name in ["two", "more"] {
        let both = [pay(&program, &bob, "1.00", name), pay(&program, &bob, "2.00", name)];
        let made = join_all(both).await.into_iter().filter(Result::is_ok).count();
        assert_eq!(made, 1);
        assert_eq!(bob.balance().await, spent(&alice).await);
    }
}

async fn an_act_is_counted_once_and_a_refused_one_not_at_all(world: &World) {
    let (alice, bob) = (Person::join_with(world, "50.00").await, Person::join(world).await);
    let (program, _) = make(world, &alice, &["TRANSFER", "WITHDRAW"], limit("70.00", "MONTH")).await;
    let again = (0..8).map(|_| pay(&program, &bob, "20.00", "once"));
    let ids: Vec<_> =
        join_all(again).await.into_iter().map(|done| done.unwrap()["transaction"]["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(spent(&alice).await, "20.00");
    let poor = Err(refused("INSUFFICIENT_FUNDS", "amount"));
    assert_eq!(pay(&program, &bob, "45.00", "much").await, poor);
    let nobody =
        json!({ "to": { "email": "nobody@example.com" }, "money": euros("1.00"), "idempotencyKey": "n" });
    let unknown = program.try_act("createTransfer", "transaction { id }", nobody).await;
    assert_eq!(unknown, Err(refused("RECIPIENT_UNKNOWN", "to")));
    let reused = Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"));
    assert_eq!(pay(&program, &bob, "5.00", "once").await, reused);
    assert_eq!(spent(&alice).await, "20.00");
    // What was refused for want of money is made when there is some, in as many attempts as come.
    alice.top_up(world, "50.00").await;
    let both = join_all([pay(&program, &bob, "45.00", "much"), pay(&program, &bob, "45.00", "much")]).await;
    assert!(both.iter().all(Result::is_ok), "{both:?}");
    assert_eq!(spent(&alice).await, "65.00");
    let instrument = alice.link(IBAN).await;
    let withdraw = |amount: &str| {
        let name = format!("out-{}", unique());
        let input = json!({ "instrumentId": instrument, "money": euros(amount), "idempotencyKey": name });
        program.try_act("requestWithdrawal", "transaction { id } challenge { id }", input)
    };
    let out = withdraw("5.01").await;
    assert_eq!(out, Err(refused("SPEND_LIMIT_EXCEEDED", "amount")));
    assert!(withdraw("5.00").await.unwrap()["challenge"].is_null());
    assert_eq!(spent(&alice).await, "70.00");
}

async fn a_limit_is_for_one_currency_and_begins_anew(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let (program, _) = make(world, &alice, &["TRANSFER"], limit("10.00", "DAY")).await;
    bob.client.act("openAccount", "account { id }", json!({ "currency": "USD" })).await;
    let dollars =
        json!({ "to": bob.handle, "money": { "amount": "1.00", "currency": "USD" }, "idempotencyKey": "d" });
    let other = program.try_act("createTransfer", "transaction { id }", dollars).await;
    assert_eq!(other, Err(refused("SPEND_LIMIT_EXCEEDED", "currency")));
    for day in 0..3 {
        pay(&program, &bob, "10.00", &format!("day-{day}")).await.unwrap();
        let more = pay(&program, &bob, "0.01", &format!("more-{day}")).await;
        assert_eq!(more, Err(refused("SPEND_LIMIT_EXCEEDED", "amount")));
        world.pass(Duration::days(1)).await;
    }
    // Asked again in another window it costs there too, although it is not made again.
    pay(&program, &bob, "10.00", "day-0").await.unwrap();
    assert_eq!(pay(&program, &bob, "0.01", "late").await, Err(refused("SPEND_LIMIT_EXCEEDED", "amount")));
    assert_eq!(
        bob.client.try_ask("{ me { id } }", Value::Null).await.map(drop),
        Err(refused("TOKEN_EXPIRED", ""))
    );
    world.pass(Duration::days(40)).await;
    assert_eq!(entity::api_key::forget_expired(&world.bank).await.unwrap(), 3);
    pay(&program, &bob, "10.00", "after").await.unwrap();
}
