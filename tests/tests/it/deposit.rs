//! Topping up, and everything that a bank may answer.

use serde_json::json;
use tests::client::{Person, euros, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    a_deposit_is_credited_when_the_bank_has_paid,
    a_refused_deposit_moves_nothing,
    a_bank_may_be_late_silent_or_repeat_itself,
    each_wrong_deposit_is_refused_by_name,
    the_same_key_is_the_same_deposit,
);

async fn a_deposit_is_credited_when_the_bank_has_paid(world: &World) {
    let alice = Person::join(world).await;
    let id = alice.deposit("DE86500105175407320004", "5.00").await;
    // This bank's answer is lost, so nothing is credited until it was asked again.
    assert_eq!(alice.settled(world, &id).await, "SETTLED");
    assert_eq!(alice.balance().await, "5.00");
}

async fn a_refused_deposit_moves_nothing(world: &World) {
    let alice = Person::join(world).await;
    for (iban, failure) in
        [("DE70500105175407320001", "DECLINED"), ("DE43500105175407320002", "ACCOUNT_CLOSED")]
    {
        let id = alice.deposit(iban, "5.00").await;
        assert_eq!(alice.settled(world, &id).await, "FAILED");
        let query = "query($id: ID!) { transaction(id: $id) { failure } }";
        let answer = alice.client.ask(query, json!({ "id": id })).await;
        assert_eq!(answer["transaction"]["failure"], failure);
        assert_eq!(alice.balance().await, "0.00");
    }
}

async fn a_bank_may_be_late_silent_or_repeat_itself(world: &World) {
    let alice = Person::join(world).await;
    for iban in [
        "DE16500105175407320003",
        "DE86500105175407320004",
        "DE59500105175407320005",
        "DE32500105175407320006",
    ] {
        let id = alice.deposit(iban, "1.00").await;
        assert_eq!(alice.settled(world, &id).await, "SETTLED", "{iban}");
    }
    assert_eq!(alice.balance().await, "4.00");
}

async fn each_wrong_deposit_is_refused_by_name(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let foreign = bob.link(tests::client::IBAN).await;
    let own = alice.link(tests::client::IBAN).await;
    let cases = [
        (json!({ "instrumentId": foreign }), "NOT_FOUND", "instrumentId"),
        (json!({ "instrumentId": "x" }), "ID_MALFORMED", "instrumentId"),
        (json!({ "money": euros("0") }), "AMOUNT_ZERO", "amount"),
        (json!({ "money": { "amount": "1.0", "currency": "JPY" } }), "AMOUNT_SCALE", "amount"),
        (json!({ "idempotencyKey": "é" }), "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
    ];
    for (change, code, field) in cases {
        let mut input = json!({ "instrumentId": own, "money": euros("1.00"), "idempotencyKey": "k" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = alice.client.try_act("requestDeposit", "transaction { id }", input).await;
        assert_eq!(answer, Err(refused(code, field)), "{change}");
    }
    for iban in ["", "DE89370400440532013001", "DE8937040044053201300", "XX89370400440532013000", "GB00"] {
        let account = json!({ "iban": iban, "holder": "A" });
        let answer = alice.client.try_act("linkBankAccount", "instrument { id }", account).await;
        assert_eq!(answer, Err(refused("IBAN_INVALID", "iban")), "{iban}");
    }
    for (account, code, field) in [
        (json!({ "iban": tests::client::IBAN, "holder": "" }), "HOLDER_INVALID", "holder"),
        (
            json!({ "iban": tests::client::IBAN, "holder": "A", "nickname": "" }),
            "NICKNAME_INVALID",
            "nickname",
        ),
    ] {
        let answer = alice.client.try_act("linkBankAccount", "instrument { id }", account).await;
        assert_eq!(answer, Err(refused(code, field)));
    }
}

async fn the_same_key_is_the_same_deposit(world: &World) {
    let alice = Person::join(world).await;
    let account = alice.link("de89 3704 0044 0532 0130 00").await;
    assert_eq!(account, alice.link(tests::client::IBAN).await);
    let act = async |amount: &str| {
        let input = json!({ "instrumentId": account, "money": euros(amount), "idempotencyKey": "k" });
        alice.client.try_act("requestDeposit", "transaction { id }", input).await
    };
    let first = act("2.00").await.unwrap();
    world.settle().await;
    assert_eq!(act("2.00").await.unwrap(), first);
    assert_eq!(act("3.00").await, Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")));
    assert_eq!(alice.balance().await, "2.00");
}
