//! GraphQL over WebSocket: who is let in, what is answered, and with what a connection is closed.

use crate::api_key::make;
use chrono::Duration;
use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Person, euros};
use tests::socket::Socket;
use tests::{World, on_both_setups};
use tokio_tungstenite::tungstenite::Message;

on_both_setups!(
    queries_and_mutations_are_answered_as_over_http,
    whoever_breaks_the_protocol_is_left_with_its_code,
    what_is_refused_over_http_is_refused,
    a_page_of_another_origin_may_not_connect,
    a_connection_ends_with_its_session,
    what_ends_over_http_ends_on_a_connection_that_is_open,
);

/// Two streams for the price of one.
const TWO: &str = "subscription { a: rateChanged(base: \"EUR\", quote: \"USD\") { rate } b: rateChanged(base: \"EUR\", quote: \"USD\") { rate } }";
const PROTOCOL: &str = "graphql-transport-ws";

fn url(world: &World) -> String {
    world.url("/graphql")
}

fn complete(id: &str) -> Result<Value, u16> {
    Ok(json!({ "type": "complete", "id": id }))
}

async fn queries_and_mutations_are_answered_as_over_http(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let mut socket = Socket::introduced(&url(world), alice.client.token.as_deref()).await;
    socket.subscribe("who", "{ me { id } }", Value::Null).await;
    let who = socket.hear().await.unwrap();
    assert_eq!((&who["type"], &who["id"]), (&json!("next"), &json!("who")));
    assert!(who["payload"]["data"]["me"]["id"].is_string(), "{who}");
    assert_eq!(socket.hear().await, complete("who"));
    let pay =
        "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transaction { state } } }";
    let input = json!({ "to": bob.handle, "money": euros("4.00"), "idempotencyKey": "by-socket" });
    // The name of what is over may be used again.
    for _ in 0..2 {
        socket.subscribe("pay", pay, json!({ "input": input })).await;
        let paid = socket.hear().await.unwrap();
        assert_eq!(paid["payload"]["data"]["createTransfer"]["transaction"]["state"], "SETTLED", "{paid}");
        assert_eq!(socket.hear().await, complete("pay"));
    }
    assert_eq!(bob.balance().await, "4.00");
    socket.say(json!({ "type": "ping", "payload": { "at": 1 } })).await;
    assert_eq!(socket.hear().await, Ok(json!({ "type": "pong", "payload": { "at": 1 } })));
    let mut nobody = Socket::introduced(&url(world), None).await;
    nobody.subscribe("who", "{ me { id } }", Value::Null).await;
    let refused = nobody.hear().await.unwrap();
    assert_eq!(refused["type"], "next");
    assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

async fn whoever_breaks_the_protocol_is_left_with_its_code(world: &World) {
    let url = url(world);
    let open = async || Socket::open(&url, PROTOCOL).await;
    let query = json!({ "type": "subscribe", "id": "a", "payload": { "query": "{ __typename }" } });
    let init = json!({ "type": "connection_init" });
    for (said, code) in [
        (query.clone(), 4401),
        (json!({ "type": "start" }), 4400),
        (json!("text"), 4400),
        (json!({ "type": "connection_init", "payload": { "authorization": "Bearer wrong" } }), 4403),
        (json!({ "type": "connection_init", "payload": { "Authorization": 5 } }), 4403),
    ] {
        let mut socket = open().await;
        socket.say(said.clone()).await;
        assert_eq!(socket.hear().await, Err(code), "{said}");
    }
    for message in [Message::text("{"), Message::binary(init.to_string().into_bytes())] {
        let mut socket = open().await;
        socket.send(message).await;
        assert_eq!(socket.hear().await, Err(4400));
    }
    let mut twice = Socket::introduced(&url, None).await;
    twice.say(init.clone()).await;
    assert_eq!(twice.hear().await, Err(4429));
    let mut nameless = Socket::introduced(&url, None).await;
    nameless.subscribe("", "{ __typename }", Value::Null).await;
    assert_eq!(nameless.hear().await, Err(4400));
    let mut same = Socket::introduced(&url, None).await;
    for _ in 0..2 {
        same.subscribe(
            "a",
            "subscription { rateChanged(base: \"EUR\", quote: \"USD\") { rate } }",
            Value::Null,
        )
        .await;
    }
    assert_eq!(same.hear().await.unwrap()["type"], "next");
    assert_eq!(same.hear().await, Err(4409));
    let mut other = Socket::open(&url, "").await;
    assert_eq!(other.hear().await, Err(4406));
    let mut silent = open().await;
    assert_eq!(silent.hear().await, Err(4408));
    let mut large = open().await;
    large.send(Message::text("x".repeat(129 * 1024))).await;
    assert_eq!(large.hear().await, Err(1009));
}

async fn what_is_refused_over_http_is_refused(world: &World) {
    let mut socket = Socket::introduced(&url(world), None).await;
    let deep = format!("{{ {} }}", "a {".repeat(40) + "a" + &"}".repeat(40));
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (&deep, "DOCUMENT_TOO_DEEP"),
        ("subscription { rateChanged(base: \"EUR\", quote: \"EUR\") { rate } }", "PAIR_UNKNOWN"),
        ("subscription { rateChanged(base: \"EUR\", quote: \"ABC\") { rate } }", "CURRENCY_UNKNOWN"),
        (TWO, "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { ...a } fragment a on Subscription { rateChanged(base: \"EUR\", quote: \"USD\") { rate } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe("a", query, Value::Null).await;
        let refused = socket.hear().await.unwrap();
        assert_eq!(refused["type"], "error", "{query} {refused}");
        let extensions = &refused["payload"][0]["extensions"];
        assert_eq!(extensions["code"], code, "{query} {refused}");
        assert!(extensions["requestId"].is_string());
    }
    // So many at once and no more; what was let go makes room.
    let follow = "subscription { rateChanged(base: \"EUR\", quote: \"USD\") { rate } }";
    for number in 0..32 {
        socket.subscribe(&number.to_string(), follow, Value::Null).await;
        assert_eq!(socket.hear().await.unwrap()["type"], "next");
    }
    socket.subscribe("more", follow, Value::Null).await;
    let refused = socket.hear().await.unwrap();
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("OVERLOADED"))
    );
    socket.say(json!({ "type": "complete", "id": "7" })).await;
    socket.subscribe("more", follow, Value::Null).await;
    assert_eq!(socket.hear().await.unwrap()["type"], "next");
    // And a subscription is nothing for HTTP.
    let answer = world.client().answer(follow, Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "REQUEST_MALFORMED");
}

async fn a_page_of_another_origin_may_not_connect(world: &World) {
    let url = url(world);
    let own = url.trim_end_matches("/graphql");
    assert!(Socket::may_connect(&url, own).await);
    for other in ["https://evil.example", "null", "http://127.0.0.1:1", ""] {
        assert!(!Socket::may_connect(&url, other).await, "{other}");
    }
    assert!(!Socket::may_connect(&world.url("/operator/graphql"), "https://evil.example").await);
}

async fn a_connection_ends_with_its_session(world: &World) {
    let alice = Person::join(world).await;
    let mut socket = Socket::introduced(&url(world), alice.client.token.as_deref()).await;
    socket
        .subscribe(
            "rate",
            "subscription { rateChanged(base: \"EUR\", quote: \"USD\") { rate } }",
            Value::Null,
        )
        .await;
    assert_eq!(socket.hear().await.unwrap()["type"], "next");
    alice.client.ask("mutation { signOut { __typename } }", Value::Null).await;
    let end = loop {
        match socket.hear().await {
            Ok(next) => assert_eq!(next["type"], "next"),
            Err(code) => break code,
        }
    };
    assert_eq!(end, 4403);
    let mut again = Socket::open(&url(world), PROTOCOL).await;
    let token = format!("Bearer {}", alice.client.token.unwrap());
    again.say(json!({ "type": "connection_init", "payload": { "authorization": token } })).await;
    assert_eq!(again.hear().await, Err(4403));
}

/// The code of the refusal of a query.
async fn asks(socket: &mut Socket, query: &str) -> String {
    socket.subscribe("ask", query, Value::Null).await;
    let heard = socket.hear().await.unwrap();
    if heard["type"] == "error" {
        return heard["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned();
    }
    assert_eq!(socket.hear().await, complete("ask"));
    heard["payload"]["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

async fn what_ends_over_http_ends_on_a_connection_that_is_open(world: &World) {
    let alice = Person::join(world).await;
    let (program, key) = make(world, &alice, &["READ_ACCOUNTS"], json!({})).await;
    let mut by_key = Socket::introduced(&url(world), program.token.as_deref()).await;
    assert_eq!(asks(&mut by_key, "{ accounts { edges { cursor } } }").await, "");
    alice.client.act("revokeApiKey", "revoked", json!({ "id": key["id"] })).await;
    assert_eq!(asks(&mut by_key, "{ accounts { edges { cursor } } }").await, "API_KEY_INVALID");
    let officer = world.hire("socket", &[Role::Auditor]).await;
    let mut by_officer = Socket::introduced(&world.url("/operator/graphql"), officer.token.as_deref()).await;
    assert_eq!(asks(&mut by_officer, "{ trialBalance { __typename } }").await, "");
    officer.ask("mutation { signOut { __typename } }", Value::Null).await;
    assert_eq!(asks(&mut by_officer, "{ trialBalance { __typename } }").await, "SESSION_ENDED");
    let mut person = Socket::introduced(&url(world), alice.client.token.as_deref()).await;
    world.pass(Duration::minutes(11)).await;
    assert_eq!(asks(&mut person, "{ me { id } }").await, "TOKEN_EXPIRED");
}
