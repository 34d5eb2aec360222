//! What waits for a rate, and what exchanging is to the house: rates are set by hand, by two operators.

use crate::conversion::{balance, convert, minor, quote, target};
use chrono::Duration;
use serde_json::{Value, json};
use tests::client::{Person, euros, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    an_order_is_executed_once_when_its_rate_is_reached,
    who_waits_for_a_rate_is_told_once,
    operators_see_what_the_house_has_at_stake,
);

/// Sets a rate by hand, as two operators.
async fn set_rate(world: &World, rate: &str) {
    let by_hand = json!({ "base": "EUR", "quote": "USD", "rate": rate, "minutes": 600 });
    world.agree(json!({ "setRate": by_hand })).await;
    world.settle().await;
}

async fn an_order_is_executed_once_when_its_rate_is_reached(world: &World) {
    let alice = Person::join_with(world, "300.00").await;
    set_rate(world, "1.10").await;
    let order = |rate: &str, amount: &str, key: &str| {
        let expires = world.bank.clock.now() + Duration::days(2);
        json!({ "source": euros(amount), "target": "USD", "rate": rate, "expiresAt": expires, "idempotencyKey": key })
    };
    let (first, second) = (order("1.15", "100.00", "one"), order("1.15", "250.00", "two"));
    let payload = "order { id state }";
    let made = alice.client.act("createConversionOrder", payload, first.clone()).await;
    assert_eq!(alice.client.act("createConversionOrder", payload, first).await, made, "by the same key");
    let other = alice.client.try_act("createConversionOrder", payload, order("1.16", "100.00", "one")).await;
    assert_eq!(other, Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")));
    alice.client.act("createConversionOrder", payload, second).await;
    let third = alice.client.act("createConversionOrder", payload, order("1.15", "10.00", "three")).await;
    let id = json!({ "id": third["order"]["id"] });
    let cancelled = alice.client.act("cancelConversionOrder", payload, id).await;
    assert_eq!(cancelled["order"]["state"], "CANCELLED");
    // 1.15 in the middle is not what the person gets, after the spread.
    set_rate(world, "1.15").await;
    assert_eq!(balance(&alice, "USD").await, "none");
    set_rate(world, "1.1558").await;
    assert_eq!(balance(&alice, "USD").await, "115.00");
    // Whatever rates come later, and whoever looks.
    set_rate(world, "1.16").await;
    entity::conversion_order::follow(&world.bank).await.unwrap();
    world.settle().await;
    assert_eq!(
        (balance(&alice, "USD").await, alice.balance().await),
        ("115.00".to_owned(), "200.00".to_owned())
    );
    let query = "{ conversionOrders { state failure transactionId } }";
    let orders = alice.client.ask(query, Value::Null).await["conversionOrders"].clone();
    let mut states: Vec<_> =
        orders.as_array().unwrap().iter().map(|order| text(&order["state"]).to_owned()).collect();
    states.sort_unstable();
    assert_eq!(states, ["CANCELLED", "DONE", "FAILED"]);
    let failed = orders.as_array().unwrap().iter().find(|order| order["state"] == "FAILED").unwrap();
    assert_eq!(failed["failure"], "INSUFFICIENT_FUNDS");
    let told = world.messages(&alice.handle).await;
    assert_eq!(told.iter().filter(|(subject, _)| subject.contains("executed")).count(), 2, "{told:?}");
}

async fn who_waits_for_a_rate_is_told_once(world: &World) {
    let alice = Person::join(world).await;
    set_rate(world, "1.10").await;
    let alert = json!({ "base": "EUR", "quote": "USD", "direction": "ABOVE", "rate": "1.15" });
    let made = alice.client.act("createRateAlert", "alert { id state }", alert.clone()).await;
    assert_eq!(made["alert"]["state"], "OPEN");
    let second = alice.client.act("createRateAlert", "alert { id }", alert).await;
    let id = json!({ "id": second["alert"]["id"] });
    let cancelled = alice.client.act("cancelRateAlert", "alert { state }", id.clone()).await;
    assert_eq!(alice.client.act("cancelRateAlert", "alert { state }", id).await, cancelled);
    set_rate(world, "1.1499").await;
    let told = async || {
        let told = world.messages(&alice.handle).await;
        told.into_iter()
            .filter(|(subject, _)| subject == "A rate is reached")
            .map(|(_, body)| body)
            .collect::<Vec<_>>()
    };
    assert!(told().await.is_empty());
    set_rate(world, "1.15").await;
    set_rate(world, "1.16").await;
    let told = told().await;
    assert!(told.len() == 1 && told[0].contains("EUR/USD was at 1.15"), "{told:?}");
    let states = alice.client.ask("{ rateAlerts { state } }", Value::Null).await["rateAlerts"].clone();
    assert_eq!(states, json!([{ "state": "CANCELLED" }, { "state": "REACHED" }]));
    for (field, wrong) in [("rate", "0"), ("rate", "-1"), ("rate", "1e5")] {
        let mut input = json!({ "base": "EUR", "quote": "USD", "direction": "BELOW", "rate": "1" });
        input[field] = json!(wrong);
        let answer = alice.client.try_act("createRateAlert", "alert { id }", input).await;
        assert_eq!(answer, Err(refused("RATE_INVALID", "rate")), "{wrong}");
    }
}

async fn operators_see_what_the_house_has_at_stake(world: &World) {
    let alice = Person::join_with(world, "1000.00").await;
    set_rate(world, "1.10").await;
    let rules = json!([
        { "source": "EUR", "target": "USD", "spread": 100, "fixed": "1.00", "share": 50 },
        { "spread": 50, "fixed": "0", "share": 0 },
    ]);
    world.agree(json!({ "setFees": rules })).await;
    let price = quote(&alice, target("110.00", "USD")).await;
    // 100 at the mid; 1 % of 101.02 is the spread, and 1 + half a percent of it the fee.
    let amounts =
        |quote: &Value| ["net", "spread", "fee", "rounding", "source"].map(|part| minor(&quote[part]));
    assert_eq!(amounts(&price), [10_000, 101, 151, 1, 10_253]);
    convert(&alice, &price, "usd").await.unwrap();
    let query = "{ treasury { realised { amount } unrealised { amount }
        positions { currency position { amount } exposure { amount } realised { amount } } } feeSchedule { rules { spread } } }";
    let officer = world.operator().await;
    let report = officer.ask(query, Value::Null).await;
    let positions = json!([
        { "currency": "EUR", "position": { "amount": "100.00" }, "exposure": { "amount": "100.00" }, "realised": { "amount": "2.53" } },
        { "currency": "USD", "position": { "amount": "-110.00" }, "exposure": { "amount": "-100.00" }, "realised": { "amount": "0.00" } },
    ]);
    assert_eq!(report["treasury"]["positions"], positions);
    assert_eq!(
        (&report["treasury"]["realised"]["amount"], &report["treasury"]["unrealised"]["amount"]),
        (&json!("2.53"), &json!("0.00"))
    );
    assert_eq!(report["feeSchedule"]["rules"], json!([{ "spread": 100 }, { "spread": 50 }]));
    // The dollar becomes dearer: what was given is worth more.
    set_rate(world, "1.00").await;
    let report = officer.ask(query, Value::Null).await;
    assert_eq!(report["treasury"]["unrealised"]["amount"], "-10.00");
    let greedy = json!([{ "spread": 5000, "fixed": "0", "share": 0 }]);
    let wrong = json!({ "change": { "setFees": greedy }, "reason": "more" });
    let wrong = officer.try_act("propose", "proposal { id }", wrong).await;
    assert_eq!(wrong, Err(refused("SCHEDULE_INVALID", "rules")));
}
