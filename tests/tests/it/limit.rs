//! Limits: a person's level says what may leave in a day and in a month, whatever is tried.

use chrono::Duration;
use entity::limit::Limits;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{IBAN, Person, Refused, euros, refused, text, unique};
use tests::{Setup, World, on_both_setups};

on_both_setups!(limited:
    the_level_says_what_may_leave,
    every_way_out_counts_in_euros,
    racing_payments_can_not_pass_a_limit_together,
    windows_end_with_the_day_and_the_month,
);

async fn pay(from: &Person, to: &Person, amount: &str, key: &str) -> Result<Value, Refused> {
    from.client.try_act("createTransfer", "transaction { id state }", from.transfer(to, amount, key)).await
}

fn exceeded() -> Refused {
    refused("LIMIT_EXCEEDED", "amount")
}

/// What the person is told of its limits: used and remaining, of the day and of the month.
async fn left(person: &Person) -> [(String, String); 2] {
    let query = "{ me { limits { period used { amount } remaining { amount } } } }";
    let limits = person.client.ask(query, Value::Null).await["me"]["limits"].clone();
    let of = |limit: &Value| {
        (text(&limit["used"]["amount"]).to_owned(), text(&limit["remaining"]["amount"]).to_owned())
    };
    assert_eq!((&limits[0]["period"], &limits[1]["period"]), (&json!("DAY"), &json!("MONTH")));
    [of(&limits[0]), of(&limits[1])]
}

fn pair(used: &str, remaining: &str) -> (String, String) {
    (used.to_owned(), remaining.to_owned())
}

/// Raises the level of a person to the first.
async fn declare(world: &World, person: &Person) {
    let profile = json!({
        "fullName": "Alice Example-Person", "birthDate": "1990-02-28", "nationality": "DE",
        "address": "Musterweg 7", "town": "Berlin", "postalCode": "10115", "country": "DE",
    });
    let form = json!({ "level": "DECLARED", "profile": profile, "documents": [] });
    let made = person.client.act("applyForLevel", "application { id }", form).await;
    world.agree(json!({ "raiseLevel": made["application"]["id"] })).await;
}

async fn the_level_says_what_may_leave(world: &World) {
    let (alice, bob) = (Person::join_with(world, "5000.00").await, Person::join(world).await);
    assert_eq!(pay(&alice, &bob, "150.01", "much").await, Err(refused("PAYMENT_TOO_LARGE", "amount")));
    assert!(pay(&alice, &bob, "100.00", "first").await.is_ok());
    assert_eq!(left(&alice).await, [pair("100.00", "50.00"), pair("100.00", "50.00")]);
    assert_eq!(pay(&alice, &bob, "50.01", "second").await, Err(exceeded()));
    assert!(pay(&alice, &bob, "50.00", "second").await.is_ok());
    assert!(pay(&alice, &bob, "100.00", "first").await.is_ok(), "it was done");
    let mutation =
        "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transaction { id } } }";
    let over = alice.client.answer(mutation, json!({ "input": alice.transfer(&bob, "0.01", "third") }));
    let seconds = over.await["errors"][0]["extensions"]["retryAfter"].as_i64();
    assert!(seconds.is_some_and(|seconds| (1..=31 * 86_400).contains(&seconds)), "{seconds:?}");
    // A higher level works at once, whatever the token says.
    declare(world, &alice).await;
    assert_eq!(left(&alice).await, [pair("150.00", "850.00"), pair("150.00", "2350.00")]);
    assert!(pay(&alice, &bob, "850.00", "fourth").await.is_ok());
    assert_eq!(pay(&alice, &bob, "0.01", "fifth").await, Err(exceeded()));
    // What comes in is not what goes out.
    assert_eq!(left(&bob).await, [pair("0.00", "150.00"), pair("0.00", "150.00")]);
    assert_eq!((alice.balance().await, bob.balance().await), ("4000.00".to_owned(), "1000.00".to_owned()));
}

async fn every_way_out_counts_in_euros(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let instrument = alice.link(IBAN).await;
    let yen = |amount: &str| json!({ "amount": amount, "currency": "JPY" });
    let rail = |money: Value| json!({ "instrumentId": instrument, "money": money, "idempotencyKey": format!("k{}", unique()) });
    let deposit = alice.client.act("requestDeposit", "transaction { id }", rail(yen("50000"))).await;
    assert_eq!(alice.settled(world, text(&deposit["transaction"]["id"])).await, "SETTLED");
    assert!(pay(&alice, &bob, "50.00", "euros").await.is_ok());
    let withdraw =
        |money: Value| alice.client.try_act("requestWithdrawal", "transaction { id }", rail(money));
    assert!(withdraw(euros("50.00")).await.is_ok());
    assert_eq!(left(&alice).await[0], pair("100.00", "50.00"));
    // More than 50 euros and less than 150, by any rate of these years, and then less.
    assert_eq!(withdraw(yen("15000")).await, Err(exceeded()));
    let send = |amount: &str| {
        let input =
            json!({ "to": bob.handle, "money": yen(amount), "idempotencyKey": format!("k{}", unique()) });
        alice.client.try_act("createTransfer", "transaction { id }", input)
    };
    assert!(send("2000").await.is_ok());
    assert!(withdraw(yen("2000")).await.is_ok());
    assert_eq!(send("15000").await, Err(exceeded()));
    let [(used, _), _] = left(&alice).await;
    assert!(("110.00".."150.00").contains(&used.as_str()), "{used}");
}

async fn racing_payments_can_not_pass_a_limit_together(world: &World) {
    let (alice, bob) = (Person::join_with(world, "900.00").await, Person::join(world).await);
    let instrument = alice.link(IBAN).await;
    let yen = json!({ "amount": "90000", "currency": "JPY" });
    let input = json!({ "instrumentId": instrument, "money": yen, "idempotencyKey": "yen" });
    let deposit = alice.client.act("requestDeposit", "transaction { id }", input).await;
    assert_eq!(alice.settled(world, text(&deposit["transaction"]["id"])).await, "SETTLED");
    // From two accounts at once, to two people, each key twice.
    let keys: Vec<_> = (0..40).map(|number| format!("e{}", number / 2)).collect();
    let euros = keys.iter().map(|key| pay(&alice, &bob, "10.00", key));
    let yen = (0..40).map(|number| {
        let money = json!({ "amount": "1000", "currency": "JPY" });
        let key = format!("y{}", number / 2);
        let input = json!({ "to": bob.handle, "money": money, "idempotencyKey": key });
        alice.client.try_act("createTransfer", "transaction { id state }", input)
    });
    let (euros, yen) = futures::join!(join_all(euros), join_all(yen));
    for refused in euros.iter().chain(&yen).filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refused, &exceeded());
    }
    let [(used, remaining), _] = left(&alice).await;
    let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    assert!(cents(&remaining) < 1_000 && cents(&used) <= 15_000, "{used}, {remaining}");
    let bob_has = "{ accounts(first: 9) { edges { node { balance { amount currency } } } } }";
    let accounts = bob.client.ask(bob_has, Value::Null).await;
    let of = |currency: &str| {
        let edges = accounts["accounts"]["edges"].as_array().unwrap().iter();
        let mut nodes = edges.map(|edge| &edge["node"]["balance"]);
        nodes.find(|node| node["currency"] == currency).map_or(0, |node| cents(text(&node["amount"])))
    };
    // Each thousand yen is worth the same, rounded up to a cent.
    let each = (cents(&used) - of("EUR")).checked_div(of("JPY") / 1_000).unwrap_or(0);
    assert_eq!(of("EUR") + of("JPY") / 1_000 * each, cents(&used));
}

/// So much later. A session that is not used for two weeks ends.
async fn later(world: &World, mut person: Person, mut time: Duration) -> Person {
    while time > Duration::zero() {
        let step = time.min(Duration::days(10));
        world.bank.clock.advance(step);
        person = person.refreshed(world).await;
        time -= step;
    }
    person
}

async fn windows_end_with_the_day_and_the_month(world: &World) {
    // From the first of a month, at noon. Nobody has come yet: no session lives until then.
    let now = world.bank.clock.now();
    let next = now.date_naive() + chrono::Months::new(1);
    let first = chrono::Datelike::with_day(&next, 1).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc();
    world.bank.clock.advance(first - now);
    let (mut alice, bob) = (Person::join_with(world, "5000.00").await, Person::join(world).await);
    declare(world, &alice).await;
    for (day, allowed, refused) in [(0, "1000.00", "0.01"), (1, "1000.00", "0.01"), (2, "500.00", "0.01")] {
        assert!(pay(&alice, &bob, allowed, &format!("day-{day}")).await.is_ok(), "{day}");
        assert_eq!(pay(&alice, &bob, refused, "more").await, Err(exceeded()), "{day}");
        alice = later(world, alice, Duration::days(1)).await;
    }
    assert_eq!(left(&alice).await, [pair("0.00", "0.00"), pair("2500.00", "0.00")]);
    assert_eq!(pay(&alice, &bob, "0.01", "more").await, Err(exceeded()), "a new day in the same month");
    let alice = later(world, alice, Duration::days(30)).await;
    assert_eq!(left(&alice).await, [pair("0.00", "1000.00"), pair("0.00", "2500.00")]);
    assert!(pay(&alice, &bob, "0.01", "more").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_payment_alone_may_be_too_large() {
    for setup in [Setup::Embedded, Setup::Real] {
        let limits = Limits::parse("50/150/150,400/1000/2500,1000/2500,1000/2500").unwrap();
        let house = |bank: entity::Bank| bank.with_step_up(tests::world::unasked()).with_limits(limits);
        let world = World::open_as(setup, house, |gateways| gateways).await;
        let (alice, bob) = (Person::join_with(&world, "1000.00").await, Person::join(&world).await);
        let limit = alice.client.ask("{ me { paymentLimit { amount currency } } }", Value::Null).await;
        assert_eq!(limit["me"]["paymentLimit"], euros("50.00"));
        let large = refused("PAYMENT_TOO_LARGE", "amount");
        assert_eq!(pay(&alice, &bob, "50.01", "large").await, Err(large.clone()));
        assert!(pay(&alice, &bob, "50.00", "large").await.is_ok());
        assert_eq!(left(&alice).await[0], pair("50.00", "100.00"));
        // A higher level works at once, whatever the token says.
        declare(&world, &alice).await;
        assert!(pay(&alice, &bob, "400.00", "higher").await.is_ok());
        assert_eq!(pay(&alice, &bob, "400.01", "highest").await, Err(large));
        world.close().await;
    }
}
