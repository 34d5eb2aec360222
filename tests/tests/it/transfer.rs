//! Sending money.

use serde_json::{Value, json};
use tests::client::{Person, euros, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    a_handle_that_has_a_new_owner_pays_the_new_owner,
    money_goes_to_a_phone_number_and_both_sides_see_it,
    the_same_key_is_the_same_act,
    each_wrong_transfer_is_refused_by_name,
    a_frozen_person_can_be_paid_and_can_not_pay,
);

const HISTORY: &str = "{ transactions { edges { node { kind direction state note money { amount currency minorUnits } \
    counterparty { name } } } } }";

async fn money_goes_to_a_phone_number_and_both_sides_see_it(world: &World) {
    let alice = Person::join_with(world, "100.00").await;
    let bob = Person::join_as(world, json!({ "phone": "+49 151 23456789" })).await;
    let input = json!({ "to": { "phone": "+4915123456789" }, "money": euros("30.00"), "note": " Lunch ", "idempotencyKey": "a" });
    let answer = alice.client.act("createTransfer", "transaction { state kind note }", input).await;
    assert_eq!(answer["transaction"], json!({ "state": "SETTLED", "kind": "TRANSFER", "note": "Lunch" }));
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("70.00", "30.00"));
    let seen = bob.client.ask(HISTORY, Value::Null).await;
    let node = json!({
        "kind": "TRANSFER", "direction": "IN", "state": "SETTLED", "note": "Lunch",
        "money": { "amount": "30.00", "currency": "EUR", "minorUnits": "3000" }, "counterparty": { "name": "Somebody" },
    });
    assert_eq!(seen["transactions"]["edges"], json!([{ "node": node }]));
    let seen = alice.client.ask(HISTORY, Value::Null).await;
    assert_eq!(seen["transactions"]["edges"][0]["node"]["direction"], "OUT");
    assert_eq!(seen["transactions"]["edges"][1]["node"]["kind"], "DEPOSIT");
}

async fn the_same_key_is_the_same_act(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let (bob, carol) = (Person::join(world).await, Person::join(world).await);
    let act = async |input| alice.client.try_act("createTransfer", "transaction { id }", input).await;
    let first = act(alice.transfer(&bob, "4.00", "k")).await.unwrap();
    assert_eq!(act(alice.transfer(&bob, "4.00", "k")).await.unwrap(), first);
    let reused = Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"));
    assert_eq!(act(alice.transfer(&bob, "4.01", "k")).await, reused);
    assert_eq!(act(alice.transfer(&carol, "4.00", "k")).await, reused);
    // A refusal is no act: its key stays free.
    let poor = Err(refused("INSUFFICIENT_FUNDS", "amount"));
    assert_eq!(act(alice.transfer(&bob, "7.00", "later")).await, poor);
    alice.top_up(world, "1.00").await;
    assert!(act(alice.transfer(&bob, "7.00", "later")).await.is_ok());
    // Another person's keys are its own.
    let input = bob.transfer(&carol, "4.00", "k");
    assert!(bob.client.try_act("createTransfer", "transaction { id }", input).await.is_ok());
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("0.00", "7.00"));
}

async fn each_wrong_transfer_is_refused_by_name(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let bob = Person::join(world).await;
    let good = alice.transfer(&bob, "1.00", "k");
    let cases = [
        (json!({ "money": { "amount": "1.00", "currency": "EUX" } }), "CURRENCY_UNKNOWN", "currency"),
        (json!({ "money": euros("1.001") }), "AMOUNT_SCALE", "amount"),
        (json!({ "money": euros("0.00") }), "AMOUNT_ZERO", "amount"),
        (json!({ "money": euros("-1.00") }), "AMOUNT_NEGATIVE", "amount"),
        (json!({ "money": euros("1e2") }), "AMOUNT_MALFORMED", "amount"),
        (json!({ "money": euros("92233720368547758.08") }), "AMOUNT_TOO_LARGE", "amount"),
        (json!({ "money": euros("10.01") }), "INSUFFICIENT_FUNDS", "amount"),
        (json!({ "money": { "amount": "1", "currency": "JPY" } }), "INSUFFICIENT_FUNDS", "amount"),
        (json!({ "to": alice.handle }), "SELF_TRANSFER", "to"),
        (json!({ "to": { "email": "nobody@example.com" } }), "RECIPIENT_UNKNOWN", "to"),
        (json!({ "to": { "email": "nobody" } }), "EMAIL_INVALID", "email"),
        (json!({ "to": { "phone": "0151 2345" } }), "PHONE_INVALID", "phone"),
        (json!({ "to": { "phone": "+4915123456789", "email": "a@example.com" } }), "BAD_INPUT", ""),
        (json!({ "note": "x".repeat(141) }), "NOTE_INVALID", "note"),
        (json!({ "note": "nul \u{0} byte" }), "NOTE_INVALID", "note"),
        (json!({ "idempotencyKey": "" }), "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
        (json!({ "idempotencyKey": "two words" }), "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
    ];
    for (change, code, field) in cases {
        let mut input = good.clone();
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        let answer = alice.client.try_act("createTransfer", "transaction { id }", input).await;
        let got = answer.unwrap_err();
        assert!(
            got == refused(code, field) || code == "BAD_INPUT" && !got.code.is_empty(),
            "{change}: {got:?}"
        );
    }
    let nobody = world.client().try_act("createTransfer", "transaction { id }", good).await;
    assert_eq!(nobody, Err(refused("UNAUTHENTICATED", "")));
    assert_eq!(alice.balance().await, "10.00");
}

async fn a_frozen_person_can_be_paid_and_can_not_pay(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join_with(world, "10.00").await);
    let found = world
        .operator()
        .await
        .ask("query($h: HandleInput!) { user(handle: $h) { id } }", json!({ "h": alice.handle }))
        .await;
    let id = found["user"]["id"].clone();
    let frozen = world.operator().await.act("freezeUser", "user { state }", json!({ "id": id })).await;
    assert_eq!(frozen["user"]["state"], "FROZEN");
    let pay = async |key| {
        alice.client.try_act("createTransfer", "transaction { id }", alice.transfer(&bob, "1.00", key)).await
    };
    assert_eq!(pay("k").await, Err(refused("USER_FROZEN", "")));
    let withdraw = json!({ "instrumentId": alice.link(tests::client::IBAN).await, "money": euros("1.00"), "idempotencyKey": "w" });
    let withdrawn = alice.client.try_act("requestWithdrawal", "transaction { id }", withdraw).await;
    assert_eq!(withdrawn, Err(refused("USER_FROZEN", "")));
    bob.send(&alice, "2.00").await;
    assert_eq!(alice.balance().await, "12.00");
    world.agree(json!({ "unfreezeUser": id })).await;
    assert!(pay("k").await.is_ok());
}

async fn a_handle_that_has_a_new_owner_pays_the_new_owner(world: &World) {
    use sea_orm::ConnectionTrait;
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let carol = Person::join(world).await;
    alice.send(&bob, "1.00").await;
    let (from, to) = (world.fingerprint(&bob.handle), world.fingerprint(&carol.handle));
    let moved = format!(
        "UPDATE handles SET is_primary = NOT is_primary, user_id = (SELECT user_id FROM handles WHERE fingerprint = {to}) WHERE fingerprint = {from}"
    );
    world.bank.db.connection().execute_unprepared(&moved).await.unwrap();
    alice.send(&bob, "2.00").await;
    assert_eq!((bob.balance().await.as_str(), carol.balance().await.as_str()), ("1.00", "2.00"));
}
