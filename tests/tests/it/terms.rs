//! New terms of use: who has not accepted them moves no money, and what was accepted is kept.

use chrono::Duration;
use entity::terms::{Terms, Version};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tests::client::{Client, IBAN, PASSWORD, Person, Refused, euros, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    new_terms_are_accepted_before_money_moves,
    a_token_of_earlier_days_is_as_good,
    what_was_accepted_is_evidence,
);

const NEW: &str = "2027-03-01";

/// An api of the same house where new terms are in force.
async fn with_new_terms(world: &World) -> (Client, tokio::task::JoinHandle<()>) {
    let terms = Terms { version: Version::parse(NEW).unwrap(), text: "Be kind.".into() };
    let api = api::server::Api {
        bank: world.bank.clone().with_terms(terms),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
    };
    let bound = api.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let client = Client::new(format!("http://{}/graphql", bound.address()));
    (client, tokio::spawn(async move { bound.serve(std::future::pending()).await.unwrap() }))
}

async fn accept(client: &Client, version: &str) -> Result<Value, Refused> {
    client.try_act("acceptTerms", "profile { pendingTerms }", json!({ "version": version })).await
}

async fn pending(client: &Client) -> Value {
    client.ask("{ profile { pendingTerms } }", Value::Null).await["profile"]["pendingTerms"].clone()
}

/// The three acts that move money.
async fn moves(person: &Person, client: &Client, to: &Person, key: &str) -> Vec<Result<(), Refused>> {
    let instrument = person.link(IBAN).await;
    let rail =
        |key: String| json!({ "instrumentId": instrument, "money": euros("1.00"), "idempotencyKey": key });
    let payload = "transaction { id }";
    let sent = client.try_act("createTransfer", payload, person.transfer(to, "1.00", key)).await;
    let out = client.try_act("requestWithdrawal", payload, rail(format!("{key}-out"))).await;
    let into = client.try_act("requestDeposit", payload, rail(format!("{key}-in"))).await;
    [sent, out, into].map(|answer| answer.map(drop)).into()
}

async fn new_terms_are_accepted_before_money_moves(world: &World) {
    let (alice, bob) = (Person::join_with(world, "20.00").await, Person::join(world).await);
    assert_eq!(pending(&alice.client).await, Value::Null);
    assert_eq!(moves(&alice, &alice.client, &bob, "before").await, vec![Ok(()); 3]);
    let (there, serving) = with_new_terms(world).await;
    let client = there.with_token(alice.client.token.as_deref().unwrap());
    let terms = there.ask("{ terms { version text sha256 } }", Value::Null).await["terms"].clone();
    assert_eq!((&terms["version"], &terms["text"]), (&json!(NEW), &json!("Be kind.")));
    assert_eq!(terms["sha256"], "5499befb38dbf3fcc08107141cb2a9e7f42a6aae403361dc3601b8296d7967ea");
    // Nothing moves, but everything can be looked at, and what was done before is answered again.
    assert_eq!(pending(&client).await, NEW);
    let refusal = refused("TERMS_NOT_ACCEPTED", "");
    assert_eq!(moves(&alice, &client, &bob, "after").await, vec![Err(refusal); 3]);
    assert_eq!(moves(&alice, &client, &bob, "before").await, vec![Ok(()); 3]);
    assert!(client.try_ask("{ me { id } accounts { edges { node { id } } } }", Value::Null).await.is_ok());
    // Only the version in force is accepted, and then at once, with the token that says otherwise.
    for wrong in ["", "2026-11-01", "2027-3-1", "2027-03-02"] {
        assert_eq!(accept(&client, wrong).await, Err(refused("TERMS_NOT_ACCEPTED", "version")), "{wrong}");
    }
    for _ in 0..2 {
        assert_eq!(accept(&client, NEW).await.unwrap()["profile"]["pendingTerms"], Value::Null);
    }
    assert_eq!(moves(&alice, &client, &bob, "after").await, vec![Ok(()); 3]);
    // An api that still has the older terms does not ask for them again.
    assert_eq!(pending(&alice.client).await, Value::Null);
    assert_eq!(moves(&alice, &alice.client, &bob, "older").await, vec![Ok(()); 3]);
    // An ended session learns that it has ended, and nothing else.
    bob.client.ask("mutation { signOut { signedOut } }", Value::Null).await;
    let ended = there.with_token(bob.client.token.as_deref().unwrap());
    let answer =
        ended.try_act("createTransfer", "transaction { id }", bob.transfer(&alice, "1.00", "x")).await;
    assert_eq!(answer, Err(refused("SESSION_ENDED", "")));
    serving.abort();
}

/// Tokens that don't say what was accepted are asked about in the row.
async fn a_token_of_earlier_days_is_as_good(world: &World) {
    let (alice, bob) = (Person::join_with(world, "20.00").await, Person::join(world).await);
    let claims = alice.client.token.as_deref().unwrap().split('.').nth(1).unwrap().to_owned();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["standing"]["terms"], "2026-11-01");
    let id = |name: &str| uuid::Uuid::parse_str(text(&claims[name])).unwrap();
    let caller = entity::session::Caller {
        user: entity::id::UserId(id("sub")),
        session: entity::id::SessionId(id("sid")),
        confirmed: true,
        standing: None,
        scopes: None,
    };
    let authentication = api::authentication::Authentication::open(&world.bank).await.unwrap();
    let (token, _) = authentication.token(caller, world.bank.clock.now()).unwrap();
    assert_eq!(moves(&alice, &world.client().with_token(&token), &bob, "old").await, vec![Ok(()); 3]);
    let (there, serving) = with_new_terms(world).await;
    let there = there.with_token(&token);
    let refusal = refused("TERMS_NOT_ACCEPTED", "");
    assert_eq!(moves(&alice, &there, &bob, "new").await, vec![Err(refusal); 3]);
    accept(&there, NEW).await.unwrap();
    assert_eq!(moves(&alice, &there, &bob, "new").await, vec![Ok(()); 3]);
    serving.abort();
}

async fn what_was_accepted_is_evidence(world: &World) {
    let alice = Person::join(world).await;
    let (there, serving) = with_new_terms(world).await;
    let client = there.with_token(alice.client.token.as_deref().unwrap());
    world.pass(Duration::minutes(1)).await;
    let racing = futures::future::join_all((0..5).map(|_| accept(&client, NEW))).await;
    assert!(racing.iter().all(Result::is_ok), "{racing:?}");
    let export = alice.client.act("exportPersonalData", "json", json!({ "password": PASSWORD })).await;
    let known: Value = serde_json::from_str(text(&export["json"])).unwrap();
    let accepted = known["termAcceptances"].as_array().unwrap();
    let versions: Vec<_> = accepted.iter().map(|accepted| text(&accepted["version"])).collect();
    assert_eq!(versions, ["2026-11-01", NEW]);
    let built_in = world.client().ask("{ terms { sha256 } }", Value::Null).await;
    assert_eq!(accepted[0]["sha256"], built_in["terms"]["sha256"]);
    assert_eq!(accepted[1]["address"], "127.0.0.1");
    // The database changes and removes none.
    let db = world.bank.db.connection();
    for order in ["UPDATE term_acceptances SET version = 'x'", "DELETE FROM term_acceptances"] {
        assert!(db.execute_unprepared(order).await.is_err(), "{order}");
    }
    // It outlives the wallet, without the address.
    alice.client.act("closeUser", "closed", json!({ "password": PASSWORD })).await;
    let kept = "SELECT count(*) AS kept FROM term_acceptances";
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), kept)).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "kept").unwrap(), 2);
    serving.abort();
}
