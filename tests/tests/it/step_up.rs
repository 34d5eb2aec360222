//! Step-up: which payments the person is asked about, and what an answer is good for.

use crate::authenticator::{answer as answer_with_passkey, register};
use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{Client, IBAN, PASSWORD, Person, Refused, euros, refused, text, unique};
use tests::{World, on_both_setups};

on_both_setups!(
    strict:
    small_payments_are_made_unasked_up_to_a_total,
    racing_payments_can_not_pass_the_total_together,
    an_answer_is_bound_to_payee_amount_and_key,
    a_session_that_showed_only_a_password_is_always_asked,
    a_withdrawal_is_asked_about_too,
    a_trusted_payee_is_paid_unasked,
    a_payment_is_made_once_whatever_is_answered,
    a_passkey_answers_for_one_payment,
);

const PAYLOAD: &str = "transaction { id state } challenge { id act methods passkeyOptions expiresAt }";

async fn pay(
    client: &Client,
    to: &Person,
    amount: &str,
    key: &str,
    challenge: Value,
) -> Result<Value, Refused> {
    let input =
        json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key, "challengeId": challenge });
    client.try_act("createTransfer", PAYLOAD, input).await
}

/// The code of the last message, which says what it is for.
async fn code(world: &World, person: &Person, says: &str) -> String {
    let (subject, body) = world.messages(&person.handle).await.remove(0);
    assert!(body.contains(says), "{body}");
    subject[..6].to_owned()
}

async fn answer(client: &Client, challenge: &Value, code: &str) -> Result<Value, Refused> {
    let input = json!({ "challengeId": challenge["id"], "answer": { "code": code } });
    client.try_act("answerChallenge", "session { accessToken }", input).await
}

/// Pays with an answer to the question.
async fn pay_answered(world: &World, from: &Person, to: &Person, amount: &str, key: &str) {
    let asked = pay(&from.client, to, amount, key, Value::Null).await.unwrap();
    assert_eq!(asked["transaction"], Value::Null, "{asked}");
    let code = code(world, from, &format!("pay {amount} EUR to {}", text(&to.handle["email"]))).await;
    answer(&from.client, &asked["challenge"], &code).await.unwrap();
    let done = pay(&from.client, to, amount, key, asked["challenge"]["id"].clone()).await.unwrap();
    assert_eq!((&done["transaction"]["state"], &done["challenge"]), (&json!("SETTLED"), &Value::Null));
}

async fn small_payments_are_made_unasked_up_to_a_total(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let unasked = async |amount: &str| {
        let paid = pay(&alice.client, &bob, amount, &format!("k-{}", unique()), Value::Null).await.unwrap();
        paid["challenge"].is_null()
    };
    assert!(!unasked("30.01").await);
    for amount in ["30.00", "30.00", "30.00", "10.00"] {
        assert!(unasked(amount).await, "{amount}");
    }
    assert!(!unasked("0.01").await, "a hundred had left");
    pay_answered(world, &alice, &bob, "0.01", "answered").await;
    for _ in 0..5 {
        assert!(unasked("0.01").await);
    }
    assert!(!unasked("0.01").await, "five had left");
    assert_eq!(bob.balance().await, "100.06");
    // Other currencies count for what they are worth, with the euros.
    pay_answered(world, &alice, &bob, "0.01", "anew").await;
    let yen = json!({ "instrumentId": alice.link(IBAN).await, "idempotencyKey": "yen", "money": { "amount": "90000", "currency": "JPY" } });
    let deposit = alice.client.act("requestDeposit", "transaction { id }", yen).await;
    assert_eq!(alice.settled(world, text(&deposit["transaction"]["id"])).await, "SETTLED");
    let sends = async |amount: &str, key: &str| {
        let input = json!({ "to": bob.handle, "idempotencyKey": key, "money": { "amount": amount, "currency": "JPY" } });
        let shown = json!({ "to": input["to"], "amount": { "source": input["money"] } });
        let would = alice.client.act("previewTransfer", "preview { stepUpRequired }", shown).await;
        let answer = alice.client.act("createTransfer", PAYLOAD, input).await;
        assert_eq!(would["preview"]["stepUpRequired"], answer["transaction"].is_null(), "{amount}");
        answer["challenge"].is_null()
    };
    assert!(!sends("5999", "large").await);
    assert!(sends("4000", "first").await && unasked("30.00").await && sends("4000", "second").await);
    assert!(!unasked("29.00").await, "the yen count, with 44 euros");
    assert!(!sends("5000", "third").await, "the euros count");
    assert!(unasked("10.00").await);
}

async fn racing_payments_can_not_pass_the_total_together(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let keys: Vec<_> = (0..20).map(|number| format!("race-{number}")).collect();
    let paid = join_all(keys.iter().map(|key| pay(&alice.client, &bob, "30.00", key, Value::Null))).await;
    let done =
        paid.iter().filter(|paid| paid.as_ref().is_ok_and(|paid| paid["transaction"]["state"] == "SETTLED"));
    assert_eq!(done.count(), 3, "{paid:?}");
    assert_eq!(bob.balance().await, "90.00");
}

async fn an_answer_is_bound_to_payee_amount_and_key(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let carol = Person::join(world).await;
    let asked = pay(&alice.client, &bob, "50.00", "rent", Value::Null).await.unwrap()["challenge"].clone();
    let id = asked["id"].clone();
    let invalid = Err(refused("CHALLENGE_INVALID", "challengeId"));
    assert_eq!(pay(&alice.client, &bob, "50.00", "rent", id.clone()).await, invalid, "not answered yet");
    assert_eq!(
        answer(&alice.client, &asked, "000000").await.map(drop),
        Err(refused("ANSWER_WRONG", "answer"))
    );
    let right = code(world, &alice, "pay 50.00 EUR to").await;
    assert_eq!(
        answer(&bob.client, &asked, &right).await.map(drop),
        Err(refused("CHALLENGE_INVALID", "challengeId"))
    );
    answer(&alice.client, &asked, &right).await.unwrap();
    for (to, amount, key) in [(&carol, "50.00", "rent"), (&bob, "50.01", "rent"), (&bob, "50.00", "other")] {
        assert_eq!(pay(&alice.client, to, amount, key, id.clone()).await, invalid, "{amount} {key}");
    }
    world.pass(Duration::minutes(6)).await;
    assert_eq!(pay(&alice.client, &bob, "50.00", "rent", id).await, invalid, "five minutes are over");
    assert_eq!((bob.balance().await.as_str(), carol.balance().await.as_str()), ("0.00", "0.00"));
    // A question about what guards the wallet is none about a payment.
    let other = alice.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let other = other["startChallenge"]["challenge"].clone();
    answer(&alice.client, &other, &code(world, &alice, "change what guards").await).await.unwrap();
    assert_eq!(pay(&alice.client, &bob, "50.00", "rent", other["id"].clone()).await, invalid);
}

async fn a_session_that_showed_only_a_password_is_always_asked(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let input = json!({ "handle": alice.handle, "password": PASSWORD });
    let session = world
        .client()
        .act("signIn", "session { accessToken refreshToken isConfirmed }", input)
        .await["session"]
        .clone();
    assert_eq!(session["isConfirmed"], false);
    let client = world.client().with_token(text(&session["accessToken"]));
    let asked = pay(&client, &bob, "1.00", "a", Value::Null).await.unwrap()["challenge"].clone();
    let right = code(world, &alice, "pay 1.00 EUR to").await;
    assert_eq!(
        answer(&alice.client, &asked, &right).await.map(drop),
        Err(refused("CHALLENGE_INVALID", "challengeId"))
    );
    answer(&client, &asked, &right).await.unwrap();
    assert!(pay(&client, &bob, "1.00", "a", asked["id"].clone()).await.unwrap()["challenge"].is_null());
    // From its next token on the session is confirmed.
    let input = json!({ "refreshToken": session["refreshToken"] });
    let next = world.client().act("refreshSession", "session { accessToken isConfirmed }", input).await;
    assert_eq!(next["session"]["isConfirmed"], true);
    let client = world.client().with_token(text(&next["session"]["accessToken"]));
    assert!(pay(&client, &bob, "1.00", "b", Value::Null).await.unwrap()["challenge"].is_null());
}

async fn a_withdrawal_is_asked_about_too(world: &World) {
    let alice = Person::join_with(world, "100.00").await;
    let instrument = alice.link(IBAN).await;
    let withdraw = |challenge: Value| {
        let input = json!({ "instrumentId": instrument, "money": euros("80.00"), "idempotencyKey": "out", "challengeId": challenge });
        alice.client.try_act("requestWithdrawal", PAYLOAD, input)
    };
    let asked = withdraw(Value::Null).await.unwrap()["challenge"].clone();
    assert_eq!(alice.balance().await, "100.00");
    answer(&alice.client, &asked, &code(world, &alice, "pay 80.00 EUR to DE89…3000").await).await.unwrap();
    let done = withdraw(asked["id"].clone()).await.unwrap();
    assert_eq!(alice.settled(world, text(&done["transaction"]["id"])).await, "SETTLED");
}

async fn a_trusted_payee_is_paid_unasked(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let started = alice.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let asked = started["startChallenge"]["challenge"].clone();
    let trust = || {
        let input = json!({ "payee": { "handle": bob.handle }, "challengeId": asked["id"] });
        alice.client.try_act("trustPayee", "trustedPayees { name }", input)
    };
    assert_eq!(trust().await, Err(refused("CHALLENGE_INVALID", "challengeId")));
    answer(&alice.client, &asked, &code(world, &alice, "change what guards").await).await.unwrap();
    let trusted = trust().await.unwrap();
    assert_eq!(trusted["trustedPayees"].as_array().unwrap().len(), 1);
    let rent = pay(&alice.client, &bob, "300.00", "rent", Value::Null).await.unwrap();
    assert_eq!(rent["transaction"]["state"], "SETTLED");
    let input = json!({ "payee": { "handle": bob.handle } });
    let none = alice.client.act("distrustPayee", "trustedPayees { name }", input).await;
    assert_eq!(none["trustedPayees"], json!([]));
    assert!(pay(&alice.client, &bob, "100.00", "more", Value::Null).await.unwrap()["transaction"].is_null());
}

async fn a_payment_is_made_once_whatever_is_answered(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    pay_answered(world, &alice, &bob, "40.00", "once").await;
    // Asked again with the key it is answered again, with or without a question, now or much later.
    for challenge in [Value::Null, json!("Y2hhbGxlbmdlOjAxOTNhNWYwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA")] {
        let again = pay(&alice.client, &bob, "40.00", "once", challenge).await.unwrap();
        assert_eq!(again["transaction"]["state"], "SETTLED");
    }
    let much = pay(&alice.client, &bob, "900.00", "much", Value::Null).await;
    assert_eq!(much, Err(refused("INSUFFICIENT_FUNDS", "amount")));
    let other = pay(&alice.client, &bob, "41.00", "once", Value::Null).await;
    assert_eq!(other, Err(refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")));
    assert_eq!(bob.balance().await, "40.00");
}

async fn a_passkey_answers_for_one_payment(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let (mut phone, _) = register(&alice, "Phone", None).await;
    let rent = pay(&alice.client, &bob, "50.00", "rent", Value::Null).await.unwrap()["challenge"].clone();
    let food = pay(&alice.client, &bob, "60.00", "food", Value::Null).await.unwrap()["challenge"].clone();
    assert_eq!((&rent["act"], &rent["methods"]), (&json!("PAYMENT"), &json!(["PASSKEY", "RECOVERY_CODE"])));
    // What was signed for one payment answers for no other, and an answer pays what it was asked about.
    let signed = phone.get(&food["passkeyOptions"]).await;
    let wrong = Err(refused("ANSWER_WRONG", "answer"));
    assert_eq!(answer_with_passkey(&alice.client, &rent, &signed).await, wrong);
    let signed = phone.get(&rent["passkeyOptions"]).await;
    answer_with_passkey(&alice.client, &rent, &signed).await.unwrap();
    let invalid = Err(refused("CHALLENGE_INVALID", "challengeId"));
    assert_eq!(pay(&alice.client, &bob, "60.00", "food", rent["id"].clone()).await, invalid);
    let paid = pay(&alice.client, &bob, "50.00", "rent", rent["id"].clone()).await.unwrap();
    assert_eq!(paid["transaction"]["state"], "SETTLED");
    let over = Err(refused("CHALLENGE_EXPIRED", "challengeId"));
    assert_eq!(answer_with_passkey(&alice.client, &rent, &signed).await, over);
    assert_eq!(bob.balance().await, "50.00");
}
