//! Quotes, conversions and payments in another currency: the price is what was said, to the last minor unit.

use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{Person, Refused, euros, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    what_is_quoted_is_what_is_converted,
    a_quote_is_used_once,
    an_expired_quote_is_refused_with_a_fresh_one,
    a_payment_arrives_in_another_currency,
    what_was_shown_is_binding,
    wrong_quotes_are_refused_by_their_field,
);

const PRICE: &str =
    "id side source { amount currency } target { amount currency } net { amount } spread { amount }
    fee { amount } rounding { amount } mid rate rateSource";

fn source(amount: &str, other: &str) -> Value {
    json!({ "amount": { "source": euros(amount) }, "currency": other })
}

pub(crate) fn target(amount: &str, currency: &str) -> Value {
    json!({ "amount": { "target": { "amount": amount, "currency": currency } }, "currency": "EUR" })
}

pub(crate) async fn quote(person: &Person, input: Value) -> Value {
    person.client.act("createQuote", &format!("quote {{ {PRICE} }}"), input).await["quote"].clone()
}

pub(crate) async fn convert(person: &Person, quote: &Value, key: &str) -> Result<Value, Refused> {
    let input = json!({ "quoteId": quote["id"], "idempotencyKey": key });
    let payload = "transaction { id kind state money { amount currency } quote { id target { amount } } }";
    let done = person.client.try_act("createConversion", payload, input).await?;
    Ok(done["transaction"].clone())
}

pub(crate) async fn balance(person: &Person, currency: &str) -> String {
    let query = "query($currency: Currency!) { account(currency: $currency) { balance { amount } } }";
    match person.client.try_ask(query, json!({ "currency": currency })).await {
        Ok(answer) => text(&answer["account"]["balance"]["amount"]).to_owned(),
        Err(_) => "none".to_owned(),
    }
}

pub(crate) fn minor(amount: &Value) -> i64 {
    text(&amount["amount"]).replace('.', "").parse().unwrap()
}

async fn what_is_quoted_is_what_is_converted(world: &World) {
    let alice = Person::join_with(world, "1000.00").await;
    for input in [source("100.00", "JPY"), target("12.345", "KWD"), target("50.00", "USD")] {
        let before = minor(&json!({ "amount": alice.balance().await }));
        let quote = quote(&alice, input).await;
        let parts: i64 = ["net", "spread", "fee", "rounding"].iter().map(|part| minor(&quote[part])).sum();
        assert_eq!(parts, minor(&quote["source"]), "{quote}");
        assert!(minor(&quote["spread"]) > 0 && minor(&quote["rounding"]) <= 2, "{quote}");
        let done =
            convert(&alice, &quote, &format!("key-{}", text(&quote["target"]["currency"]))).await.unwrap();
        assert_eq!((&done["kind"], &done["state"]), (&json!("CONVERSION"), &json!("SETTLED")));
        assert_eq!(done["money"], quote["source"]);
        assert_eq!(
            (&done["quote"]["id"], &done["quote"]["target"]["amount"]),
            (&quote["id"], &quote["target"]["amount"])
        );
        let currency = text(&quote["target"]["currency"]);
        assert_eq!(balance(&alice, currency).await, text(&quote["target"]["amount"]));
        let after = minor(&json!({ "amount": alice.balance().await }));
        assert_eq!(before - after, minor(&quote["source"]));
    }
    // The sum of all, at the rates that it names; and never one without a rate.
    let query = "query($currency: Currency!) { totalBalance(currency: $currency) {
        money { amount currency } rates { base quote rate } } }";
    let total = alice.client.ask(query, json!({ "currency": "EUR" })).await["totalBalance"].clone();
    let worth = minor(&total["money"]);
    assert!((99_000..100_000).contains(&worth) && total["rates"].as_array().unwrap().len() == 3, "{total}");
    let unknown = alice.client.try_ask(query, json!({ "currency": "VND" })).await;
    assert_eq!(unknown, Err(refused("PAIR_UNKNOWN", "")));
    // What is held is spent as it is, for nothing.
    let bob = Person::join(world).await;
    let input = json!({ "to": bob.handle, "money": { "amount": "50.00", "currency": "USD" }, "idempotencyKey": "usd" });
    alice.client.act("createTransfer", "transaction { id }", input).await;
    assert_eq!(
        (balance(&alice, "USD").await, balance(&bob, "USD").await),
        ("0.00".to_owned(), "50.00".to_owned())
    );
    // Each is in the history once, and in that of either account alone.
    let kinds =
        "query($filter: TransactionFilter) { transactions(filter: $filter) { edges { node { kind } } } }";
    let count = async |filter: Value| {
        let answer = alice.client.ask(kinds, json!({ "filter": filter })).await;
        let edges = answer["transactions"]["edges"].as_array().cloned().unwrap_or_default();
        edges.iter().filter(|edge| edge["node"]["kind"] == "CONVERSION").count()
    };
    assert_eq!(count(json!({})).await, 3);
    assert_eq!(count(json!({ "currency": "EUR" })).await, 3);
    assert_eq!(count(json!({ "currency": "JPY" })).await, 1);
}

async fn a_quote_is_used_once(world: &World) {
    let alice = Person::join_with(world, "1000.00").await;
    let price = quote(&alice, source("100.00", "USD")).await;
    let tries: Vec<_> = (0..8).map(|number| format!("race-{number}")).collect();
    let answers = join_all(tries.iter().map(|key| convert(&alice, &price, key))).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.is_ok()).collect();
    assert_eq!(done.len(), 1, "{answers:?}");
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(answer, &refused("QUOTE_USED", "quoteId"));
    }
    assert_eq!(
        (alice.balance().await, balance(&alice, "USD").await),
        ("900.00".to_owned(), text(&price["target"]["amount"]).to_owned())
    );
    // The same key is answered again, also when the quote has long expired.
    let key = tries.iter().zip(&answers).find(|(_, answer)| answer.is_ok()).unwrap().0;
    world.bank.clock.advance(Duration::minutes(5));
    assert_eq!(&convert(&alice, &price, key).await, done[0]);
    // Not for somebody else.
    let bob = Person::join_with(world, "200.00").await;
    assert_eq!(convert(&bob, &price, "mine").await, Err(refused("NOT_FOUND", "quoteId")));
}

async fn an_expired_quote_is_refused_with_a_fresh_one(world: &World) {
    let alice = Person::join_with(world, "1000.00").await;
    let price = quote(&alice, target("5000", "JPY")).await;
    world.bank.clock.advance(Duration::seconds(60));
    let mutation =
        "mutation($input: CreateConversionInput!) { createConversion(input: $input) { transaction { id } } }";
    let input = json!({ "input": { "quoteId": price["id"], "idempotencyKey": "late" } });
    let answer = alice.client.answer(mutation, input).await;
    let extensions = answer["errors"][0]["extensions"].clone();
    assert_eq!(extensions["code"], "QUOTE_EXPIRED", "{answer}");
    let query = format!("query($id: ID!) {{ quote(id: $id) {{ {PRICE} }} }}");
    let fresh = alice.client.ask(&query, json!({ "id": extensions["quoteId"] })).await["quote"].clone();
    assert_eq!((&fresh["target"], &fresh["side"]), (&price["target"], &json!("TARGET")));
    assert!(convert(&alice, &fresh, "late").await.is_ok());
    assert_eq!(balance(&alice, "JPY").await, "5000");
}

async fn a_payment_arrives_in_another_currency(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let price = quote(&alice, target("10000", "JPY")).await;
    let pay = |money: Value, quote: &Value, key: &str| {
        let input =
            json!({ "to": bob.handle, "money": money, "quoteId": quote["id"], "idempotencyKey": key });
        let client = alice.client.clone();
        async move {
            client.try_act("createTransfer", "transaction { id money { amount currency } }", input).await
        }
    };
    assert_eq!(pay(euros("1.00"), &price, "pay").await, Err(refused("QUOTE_MISMATCH", "money")));
    let done = pay(price["source"].clone(), &price, "pay").await.unwrap();
    assert_eq!(done["transaction"]["money"], price["source"]);
    assert_eq!(pay(price["source"].clone(), &price, "pay").await.as_ref(), Ok(&done));
    assert_eq!(pay(price["source"].clone(), &price, "again").await, Err(refused("QUOTE_USED", "quoteId")));
    assert_eq!(
        (balance(&bob, "JPY").await, balance(&bob, "EUR").await),
        ("10000".to_owned(), "none".to_owned())
    );
    // Who is paid sees what came, and not what it has cost.
    let query = "{ transactions { edges { node { money { amount currency } direction quote { id } } } } }";
    let seen = bob.client.ask(query, Value::Null).await["transactions"]["edges"][0]["node"].clone();
    let came = json!({ "money": { "amount": "10000", "currency": "JPY" }, "direction": "IN", "quote": null });
    assert_eq!(seen, came);
    // Two payments at once by one quote are one.
    let price = quote(&alice, source("50.00", "JPY")).await;
    let keys = ["a", "b", "c", "d"];
    let answers = join_all(keys.iter().map(|key| pay(price["source"].clone(), &price, key))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
}

async fn what_was_shown_is_binding(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let shown =
        "preview { source { amount currency } target { amount currency } balanceAfter { amount } quote { id }
        stepUpRequired previewToken limits { period } }";
    let preview =
        async |input: Value| alice.client.act("previewTransfer", shown, input).await["preview"].clone();
    let plain = preview(json!({ "to": bob.handle, "amount": { "source": euros("20.00") } })).await;
    assert_eq!(plain["balanceAfter"]["amount"], "480.00");
    assert_eq!(
        (&plain["quote"], &plain["target"], &plain["stepUpRequired"]),
        (&Value::Null, &plain["source"], &json!(false))
    );
    let yen = json!({ "amount": "10000", "currency": "JPY" });
    let exchanged =
        preview(json!({ "to": bob.handle, "amount": { "target": yen }, "currency": "EUR" })).await;
    assert_eq!(exchanged["target"], yen);
    let pay = async |money: &Value, token: &str, key: &str| {
        let input = json!({ "to": bob.handle, "money": money, "previewToken": token, "idempotencyKey": key });
        alice.client.try_act("createTransfer", "transaction { id quote { id } }", input).await
    };
    let token = text(&exchanged["previewToken"]);
    let invalid = Err(refused("PREVIEW_INVALID", "previewToken"));
    assert_eq!(pay(&euros("1.00"), token, "one").await, invalid, "another amount");
    let mut tampered = token.to_owned();
    tampered.replace_range(5..6, if &token[5..6] == "A" { "B" } else { "A" });
    assert_eq!(pay(&exchanged["source"], &tampered, "one").await, invalid);
    assert_eq!(pay(&exchanged["source"], "", "one").await, invalid);
    let carol = Person::join(world).await;
    let other = json!({ "to": carol.handle, "money": exchanged["source"], "previewToken": token, "idempotencyKey": "one" });
    let other = alice.client.try_act("createTransfer", "transaction { id }", other).await;
    assert_eq!(other, invalid, "another payee");
    let done = pay(&exchanged["source"], token, "one").await.unwrap();
    assert_eq!(done["transaction"]["quote"]["id"], exchanged["quote"]["id"]);
    assert_eq!(balance(&bob, "JPY").await, "10000");
    world.bank.clock.advance(Duration::minutes(3));
    assert_eq!(pay(&exchanged["source"], token, "one").await, Ok(done), "it was done");
    let late = pay(&plain["source"], text(&plain["previewToken"]), "two").await;
    assert_eq!(late, Err(refused("PREVIEW_EXPIRED", "previewToken")));
    // More than there is, and nobody: shown, and refused.
    let much = preview(json!({ "to": bob.handle, "amount": { "source": euros("1000.00") } })).await;
    assert!(text(&much["balanceAfter"]["amount"]).starts_with('-'), "{much}");
    let nobody = json!({ "to": { "email": "nobody@example.com" }, "amount": { "source": euros("1.00") } });
    let nobody = alice.client.try_act("previewTransfer", shown, nobody).await;
    assert_eq!(nobody, Err(refused("RECIPIENT_UNKNOWN", "to")));
}

async fn wrong_quotes_are_refused_by_their_field(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let ask = async |input: Value| alice.client.try_act("createQuote", "quote { id }", input).await.map(drop);
    assert_eq!(ask(source("10.00", "EUR")).await, Err(refused("SAME_CURRENCY", "currency")));
    assert_eq!(ask(source("10.00", "VND")).await, Err(refused("PAIR_UNKNOWN", "")));
    assert_eq!(ask(source("0.00", "USD")).await, Err(refused("AMOUNT_ZERO", "amount")));
    assert_eq!(ask(source("-1.00", "USD")).await, Err(refused("AMOUNT_NEGATIVE", "amount")));
    assert_eq!(ask(source("1.001", "USD")).await, Err(refused("AMOUNT_SCALE", "amount")));
    assert_eq!(ask(source("10000000000001.00", "USD")).await, Err(refused("AMOUNT_TOO_LARGE", "amount")));
    assert_eq!(ask(source("10000000000000.00", "JPY")).await, Err(refused("AMOUNT_TOO_LARGE", "amount")));
    let yen = json!({ "amount": { "source": { "amount": "1", "currency": "JPY" } }, "currency": "USD" });
    assert_eq!(ask(yen).await, Err(refused("AMOUNT_TOO_SMALL", "amount")));
    let price = quote(&alice, source("10.01", "USD")).await;
    assert_eq!(convert(&alice, &price, "much").await, Err(refused("INSUFFICIENT_FUNDS", "amount")));
    assert_eq!(alice.balance().await, "10.00");
    let price = quote(&alice, source("10.00", "USD")).await;
    assert!(convert(&alice, &price, "much").await.is_ok(), "a refused key is free");
}
