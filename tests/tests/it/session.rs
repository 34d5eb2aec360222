//! Signing in, tokens, and signing out.

use chrono::Duration;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, refused, sign_up, text};
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    a_person_signs_in_and_out,
    an_ended_session_moves_no_money_although_it_did_before,
    a_wrong_name_and_a_wrong_password_look_alike,
    who_has_not_shown_the_code_can_not_sign_in,
    a_refresh_token_works_once_and_its_reuse_ends_the_session,
    an_access_token_lives_ten_minutes,
    a_token_that_is_not_ours_is_refused,
);

async fn sign_in(world: &World, handle: &Value, password: &str) -> Result<Value, Refused> {
    let input = json!({ "handle": handle, "password": password });
    world.client().try_act("signIn", "session { accessToken refreshToken expiresAt }", input).await
}

async fn me(client: &Client) -> Result<Value, Refused> {
    client.try_ask("{ me { name } }", Value::Null).await
}

async fn refresh(world: &World, token: &str) -> Result<Value, Refused> {
    let input = json!({ "refreshToken": token });
    world.client().try_act("refreshSession", "session { accessToken refreshToken }", input).await
}

async fn a_person_signs_in_and_out(world: &World) {
    let alice = Person::join(world).await;
    let answer = sign_in(world, &alice.handle, PASSWORD).await.unwrap();
    let client = world.client().with_token(text(&answer["session"]["accessToken"]));
    assert!(me(&client).await.is_ok());
    client.ask("mutation { signOut { signedOut } }", Value::Null).await;
    assert_eq!(me(&client).await, Err(refused("SESSION_ENDED", "")));
    let token = text(&answer["session"]["refreshToken"]);
    assert_eq!(refresh(world, token).await, Err(refused("REFRESH_TOKEN_INVALID", "refreshToken")));
    // The other session goes on.
    assert!(me(&alice.client).await.is_ok());
}

async fn an_ended_session_moves_no_money_although_it_did_before(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let pay = |key: &str| {
        let input = alice.transfer(&bob, "1.00", key);
        alice.client.try_act("createTransfer", "transaction { id }", input)
    };
    assert!(pay("before").await.is_ok());
    alice.client.ask("mutation { signOut { signedOut } }", Value::Null).await;
    for key in ["before", "after"] {
        assert_eq!(pay(key).await, Err(refused("SESSION_ENDED", "")));
    }
    // Whether there is such a recipient is not for a stranger to know.
    let nobody = json!({ "to": { "email": "nobody@example.com" }, "money": tests::client::euros("1.00"), "idempotencyKey": "x" });
    let answer = alice.client.try_act("createTransfer", "transaction { id }", nobody).await;
    assert_eq!(answer, Err(refused("SESSION_ENDED", "")));
    assert_eq!(bob.balance().await, "1.00");
}

async fn a_wrong_name_and_a_wrong_password_look_alike(world: &World) {
    let alice = Person::join(world).await;
    let failed = Err(refused("SIGN_IN_FAILED", ""));
    assert_eq!(sign_in(world, &alice.handle, "not the password").await, failed);
    assert_eq!(sign_in(world, &alice.handle, "").await, failed);
    assert_eq!(sign_in(world, &json!({ "email": "nobody@example.com" }), PASSWORD).await, failed);
}

/// What a wrong password writes to the log of the person is written beside the answer: it is answered although
/// the row of the person is locked. SQLite has one lock, which is also that of the count of tries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "it holds what the wallet would wait for")]
async fn a_wrong_password_is_answered_before_it_is_written_down() {
    let world = World::open(Setup::Real).await;
    let alice = Person::join(&world).await;
    let held = world.bank.db.connection().begin().await.unwrap();
    held.execute_unprepared("SELECT id FROM users FOR UPDATE").await.unwrap();
    let wrong = sign_in(&world, &alice.handle, "not the password").await;
    assert_eq!(wrong, Err(refused("SIGN_IN_FAILED", "")));
    held.rollback().await.unwrap();
    world.settle().await;
    let log = alice.client.ask("{ securityEvents(first: 1) { edges { node { kind } } } }", Value::Null).await;
    assert_eq!(log["securityEvents"]["edges"][0]["node"]["kind"], "SIGN_IN_FAILED");
    world.close().await;
}

async fn who_has_not_shown_the_code_can_not_sign_in(world: &World) {
    let handle = json!({ "email": "pending@example.com" });
    sign_up(&world.client(), &handle).await;
    assert_eq!(sign_in(world, &handle, PASSWORD).await, Err(refused("SIGN_IN_FAILED", "")));
    assert_eq!(sign_in(world, &handle, "not the password").await, Err(refused("SIGN_IN_FAILED", "")));
}

async fn a_refresh_token_works_once_and_its_reuse_ends_the_session(world: &World) {
    let alice = Person::join(world).await;
    let next = refresh(world, &alice.refresh_token).await.unwrap();
    let client = world.client().with_token(text(&next["session"]["accessToken"]));
    assert!(me(&client).await.is_ok());
    let reused = refresh(world, &alice.refresh_token).await;
    assert_eq!(reused, Err(refused("REFRESH_TOKEN_REUSED", "refreshToken")));
    assert_eq!(me(&client).await, Err(refused("SESSION_ENDED", "")));
    let last = text(&next["session"]["refreshToken"]);
    assert_eq!(refresh(world, last).await, Err(refused("REFRESH_TOKEN_INVALID", "refreshToken")));
    assert_eq!(refresh(world, "okr_0").await, Err(refused("REFRESH_TOKEN_INVALID", "refreshToken")));
}

async fn an_access_token_lives_ten_minutes(world: &World) {
    let alice = Person::join(world).await;
    world.pass(Duration::minutes(9)).await;
    assert!(me(&alice.client).await.is_ok());
    world.pass(Duration::minutes(2)).await;
    assert_eq!(me(&alice.client).await, Err(refused("TOKEN_EXPIRED", "")));
    let next = refresh(world, &alice.refresh_token).await.unwrap();
    assert!(me(&world.client().with_token(text(&next["session"]["accessToken"]))).await.is_ok());
    world.pass(Duration::days(61)).await;
    let last = text(&next["session"]["refreshToken"]);
    assert_eq!(refresh(world, last).await, Err(refused("REFRESH_TOKEN_INVALID", "refreshToken")));
}

async fn a_token_that_is_not_ours_is_refused(world: &World) {
    let alice = Person::join(world).await;
    let token = alice.client.token.clone().unwrap();
    let mut parts = token.split('.');
    let (_, claims, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    // {"alg":"none"} and {"alg":"HS256"}, and a claim that was changed.
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let symmetric = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}");
    let changed = token.replacen(&claims[10..14], "AAAA", 1);
    for token in ["", "x", "a.b.c", &none, &symmetric, &changed, "oko_00"] {
        let answer = me(&world.client().with_token(token)).await;
        assert_eq!(answer, Err(refused("TOKEN_INVALID", "")), "{token}");
    }
}
