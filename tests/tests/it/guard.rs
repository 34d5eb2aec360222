//! The day after a reset: little leaves a wallet, whatever is tried.

use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{Client, IBAN, PASSWORD, Person, Refused, euros, refused, text, unique};
use tests::{World, on_both_setups};

on_both_setups!(
    little_leaves_in_the_day_after_a_reset,
    racing_payments_can_not_pass_the_cap_together,
    what_was_not_paid_is_not_counted,
    another_reset_does_not_begin_the_cap_anew,
);

const NEW: &str = "hopscotch under seven willows";

/// Replaces the password by the handle.
async fn reset(world: &World, person: &Person, new: &str) {
    let input = json!({ "handle": person.handle });
    world.client().act("requestPasswordReset", "requested", input).await;
    let body = world.messages(&person.handle).await.remove(0).1;
    let token = body.split(' ').find_map(|word| word.strip_prefix("okp_")).unwrap();
    let input = json!({ "token": format!("okp_{}", &token[..64]), "newPassword": new });
    world.client().act("resetPassword", "reset", input).await;
}

/// Answers a question about what guards the wallet, and gives its id.
async fn answered(world: &World, client: &Client, person: &Person) -> Value {
    let started = client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let id = started["startChallenge"]["challenge"]["id"].clone();
    let code = world.messages(&person.handle).await[0].0[..6].to_owned();
    let answer = json!({ "challengeId": id, "answer": { "code": code } });
    client.act("answerChallenge", "session { accessToken }", answer).await;
    id
}

/// Signs in, in a session that has shown more than the password.
async fn sign_in(world: &World, person: Person, password: &str) -> Person {
    let input = json!({ "handle": person.handle, "password": password });
    let answer = world.client().act("signIn", "session { accessToken refreshToken }", input).await;
    let client = world.client().with_token(text(&answer["session"]["accessToken"]));
    answered(world, &client, &person).await;
    let refresh_token = text(&answer["session"]["refreshToken"]).to_owned();
    Person { refresh_token, ..person }.refreshed(world).await
}

/// Somebody with so many euros whose password was replaced a moment ago.
async fn replaced(world: &World, amount: &str) -> Person {
    let person = Person::join_with(world, amount).await;
    reset(world, &person, NEW).await;
    sign_in(world, person, NEW).await
}

async fn pay(from: &Person, to: &Person, amount: &str, key: &str) -> Result<Value, Refused> {
    from.client.try_act("createTransfer", "transaction { id state }", from.transfer(to, amount, key)).await
}

fn capped() -> Refused {
    refused("RECENTLY_RESET", "")
}

async fn little_leaves_in_the_day_after_a_reset(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    // What was done before counts for nothing, and is answered again.
    pay(&alice, &bob, "100.00", "before").await.unwrap();
    reset(world, &alice, NEW).await;
    let alice = sign_in(world, alice, NEW).await;
    assert!(pay(&alice, &bob, "100.00", "before").await.is_ok());
    let profile = alice.client.ask("{ profile { guardedUntil } }", Value::Null).await;
    assert!(profile["profile"]["guardedUntil"].is_string(), "{profile}");
    let id = answered(world, &alice.client, &alice).await;
    let trust = json!({ "payee": { "handle": bob.handle }, "challengeId": id });
    alice.client.act("trustPayee", "trustedPayees { name }", trust).await;
    assert_eq!(pay(&alice, &bob, "150.01", "much").await, Err(capped()));
    assert!(pay(&alice, &bob, "100.00", "first").await.is_ok());
    assert_eq!(pay(&alice, &bob, "50.01", "second").await, Err(capped()), "a trusted payee is none");
    // All ways out are one, in whatever currency.
    let instrument = alice.link(IBAN).await;
    let rail = |money: Value| json!({ "instrumentId": instrument, "money": money, "idempotencyKey": format!("k{}", unique()) });
    let yen = |amount: &str| json!({ "amount": amount, "currency": "JPY" });
    let deposit = alice.client.act("requestDeposit", "transaction { id }", rail(yen("20000"))).await;
    assert_eq!(alice.settled(world, text(&deposit["transaction"]["id"])).await, "SETTLED");
    let withdraw =
        |money: Value| alice.client.try_act("requestWithdrawal", "transaction { id }", rail(money));
    assert_eq!(withdraw(euros("50.01")).await.map(drop), Err(capped()));
    assert_eq!(withdraw(yen("12000")).await.map(drop), Err(capped()));
    assert!(withdraw(yen("100")).await.is_ok());
    assert!(pay(&alice, &bob, "49.00", "third").await.is_ok());
    assert_eq!(pay(&alice, &bob, "0.99", "fourth").await, Err(capped()));
    assert!(pay(&alice, &bob, "100.00", "first").await.is_ok(), "it was done");
    let other = pay(&alice, &bob, "300.00", "first").await;
    assert_eq!(other, Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")));
    assert_eq!(bob.balance().await, "249.00");
    // After a day it is as before, also for the token of the day.
    world.bank.clock.advance(Duration::hours(24) - Duration::minutes(5));
    let alice = alice.refreshed(world).await;
    assert_eq!(pay(&alice, &bob, "250.00", "later").await, Err(capped()));
    world.bank.clock.advance(Duration::minutes(6));
    assert!(pay(&alice, &bob, "250.00", "later").await.is_ok());
    let profile = alice.client.ask("{ profile { guardedUntil } }", Value::Null).await;
    assert_eq!(profile["profile"]["guardedUntil"], Value::Null);
}

async fn racing_payments_can_not_pass_the_cap_together(world: &World) {
    let (alice, bob) = (replaced(world, "900.00").await, Person::join(world).await);
    let carol = Person::join(world).await;
    // Each key is asked twice, by two payees, and once more for another amount.
    let keys: Vec<_> = (0..20).map(|number| format!("race-{number}")).collect();
    let races = keys.iter().flat_map(|key| {
        [pay(&alice, &bob, "30.00", key), pay(&alice, &bob, "30.00", key), pay(&alice, &carol, "1.00", key)]
    });
    let answers = join_all(races).await;
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(["RECENTLY_RESET", "IDEMPOTENCY_KEY_REUSED"].contains(&answer.code.as_str()), "{answer:?}");
    }
    let cents = |balance: String| balance.replace('.', "").parse::<i64>().unwrap();
    let left = cents(bob.balance().await) + cents(carol.balance().await);
    assert!(left <= 15_000, "{left}");
    assert!(left >= 500, "{left}");
    let keys: Vec<_> = (0..20).map(|number| format!("cent-{number}")).collect();
    let all = join_all(keys.iter().map(|key| pay(&alice, &bob, "0.01", key))).await;
    let cents_left = all.iter().filter(|answer| answer.is_ok()).count();
    assert!(left + i64::try_from(cents_left).unwrap() <= 15_000);
}

async fn what_was_not_paid_is_not_counted(world: &World) {
    let (alice, bob) = (replaced(world, "140.00").await, Person::join(world).await);
    bob.client.act("openAccount", "account { id }", json!({ "currency": "EUR" })).await;
    // The bank declines: the money comes back, and so does its share.
    let failed = alice.withdraw("DE70500105175407320001", "140.00").await;
    assert_eq!(alice.settled(world, &failed).await, "FAILED");
    assert_eq!(pay(&alice, &bob, "145.00", "too-much").await, Err(refused("INSUFFICIENT_FUNDS", "amount")));
    assert_eq!(pay(&alice, &bob, "140.00", "enough").await, Err(capped()), "the other may be under way");
    world.bank.clock.advance(Duration::minutes(6));
    assert!(pay(&alice, &bob, "140.00", "enough").await.is_ok());
    assert_eq!(bob.balance().await, "140.00");
}

async fn another_reset_does_not_begin_the_cap_anew(world: &World) {
    let (alice, bob) = (replaced(world, "500.00").await, Person::join(world).await);
    assert!(pay(&alice, &bob, "150.00", "first").await.is_ok());
    world.bank.clock.advance(Duration::hours(2));
    reset(world, &alice, PASSWORD).await;
    let alice = sign_in(world, alice, PASSWORD).await;
    assert_eq!(pay(&alice, &bob, "0.01", "second").await, Err(capped()));
    // What left before is over after a day; the second reset is not.
    world.bank.clock.advance(Duration::hours(23));
    let alice = alice.refreshed(world).await;
    assert_eq!(pay(&alice, &bob, "150.01", "third").await, Err(capped()));
    assert!(pay(&alice, &bob, "150.00", "fourth").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_asked_about_is_not_counted() {
    for setup in [tests::Setup::Embedded, tests::Setup::Real] {
        let world = World::open_strict(setup).await;
        let (alice, bob) = (replaced(&world, "500.00").await, Person::join(&world).await);
        for number in 0..4 {
            let asked = pay(&alice, &bob, "70.00", &format!("open-{number}")).await.unwrap();
            assert_eq!(asked["transaction"], Value::Null, "{asked}");
        }
        let small = pay(&alice, &bob, "20.00", "small").await.unwrap();
        assert_eq!(small["transaction"]["state"], "SETTLED", "{small}");
        world.close().await;
    }
}
