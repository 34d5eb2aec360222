//! Forgotten passwords, and the panic switch.

use chrono::Duration;
use entity::link::Links;
use serde_json::{Value, json};
use std::process::Command;
use tests::client::{PASSWORD, Person, Refused, refused, text, unique};
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    a_forgotten_password_is_replaced_once,
    a_reset_opens_what_guesses_have_shut,
    asking_looks_the_same_for_a_handle_that_nobody_has,
    the_second_factor_is_asked_for_all_the_same,
    a_locked_wallet_pays_nothing_until_it_is_unlocked,
);

const NEW: &str = "hopscotch under seven willows";

async fn request(world: &World, handle: &Value) -> Result<Value, Refused> {
    world.client().try_act("requestPasswordReset", "requested", json!({ "handle": handle })).await
}

/// The token of the last message.
async fn token(world: &World, handle: &Value) -> String {
    let (subject, body) = world.messages(handle).await.remove(0);
    assert_eq!(subject, "Choose a new password");
    body.split(' ')
        .find_map(|word| word.strip_prefix("okp_"))
        .map(|digits| format!("okp_{}", &digits[..64]))
        .unwrap()
}

async fn reset(world: &World, token: &str, new: &str, answer: Value) -> Result<Value, Refused> {
    let input = json!({ "token": token, "newPassword": new, "answer": answer });
    world.client().try_act("resetPassword", "reset", input).await
}

async fn sign_in(world: &World, person: &Person, password: &str) -> Result<Value, Refused> {
    let input = json!({ "handle": person.handle, "password": password });
    world.client().try_act("signIn", "session { accessToken } challenge { id }", input).await
}

async fn a_forgotten_password_is_replaced_once(world: &World) {
    let alice = Person::join(world).await;
    request(world, &alice.handle).await.unwrap();
    let sent = token(world, &alice.handle).await;
    let expired = Err(refused("CODE_EXPIRED", "token"));
    assert_eq!(reset(world, "okp_0", NEW, Value::Null).await, expired);
    assert_eq!(
        reset(world, &sent, "somebodysomebody", Value::Null).await,
        Err(refused("PASSWORD_WEAK", "newPassword"))
    );
    reset(world, &sent, NEW, Value::Null).await.unwrap();
    assert_eq!(reset(world, &sent, NEW, Value::Null).await, expired, "it works once");
    // All sessions are over, and the old password too.
    assert_eq!(alice.client.try_ask("{ me { id } }", Value::Null).await, Err(refused("SESSION_ENDED", "")));
    assert_eq!(sign_in(world, &alice, PASSWORD).await, Err(refused("SIGN_IN_FAILED", "")));
    assert!(sign_in(world, &alice, NEW).await.is_ok());
    let told = world.messages(&alice.handle).await;
    assert!(told.iter().any(|(subject, _)| subject == "Your password was changed"), "{told:?}");
    request(world, &alice.handle).await.unwrap();
    let late = token(world, &alice.handle).await;
    world.pass(Duration::minutes(11)).await;
    assert_eq!(reset(world, &late, PASSWORD, Value::Null).await, expired, "ten minutes are over");
    // The simulated mail is outside: what it delivered is no part of the bank.
    let delivered = "DELETE FROM sandbox_messages";
    sea_orm::ConnectionTrait::execute_unprepared(world.bank.db.connection(), delivered).await.unwrap();
    assert!(!world.dump().await.contains(&sent[4..]), "the token lies open in the database");
}

/// What was guessed at was the old password: who has replaced it can sign in at once.
async fn a_reset_opens_what_guesses_have_shut(world: &World) {
    let alice = Person::join(world).await;
    for _ in 0..6 {
        sign_in(world, &alice, "guess").await.unwrap_err();
    }
    assert_eq!(sign_in(world, &alice, PASSWORD).await.unwrap_err().code, "TOO_MANY_TRIES");
    request(world, &alice.handle).await.unwrap();
    let sent = token(world, &alice.handle).await;
    reset(world, &sent, NEW, Value::Null).await.unwrap();
    assert!(sign_in(world, &alice, NEW).await.is_ok());
}

async fn asking_looks_the_same_for_a_handle_that_nobody_has(world: &World) {
    let alice = Person::join(world).await;
    let nobody = json!({ "email": format!("nobody{}@example.com", unique()) });
    for _ in 0..2 {
        assert_eq!(request(world, &nobody).await, request(world, &alice.handle).await);
    }
    assert_eq!(world.messages(&nobody).await, Vec::new());
    // Counted alike too: the code of the sign-up was the first of three.
    assert_eq!(request(world, &alice.handle).await.unwrap_err().code, "TOO_MANY_TRIES");
    assert!(request(world, &nobody).await.is_ok());
    assert_eq!(request(world, &nobody).await.unwrap_err().code, "TOO_MANY_TRIES");
}

async fn the_second_factor_is_asked_for_all_the_same(world: &World) {
    let alice = Person::join(world).await;
    let made = alice.client.act("enrolTotp", "secret", json!({ "password": PASSWORD })).await;
    let code = || {
        let now = format!("@{}", world.bank.clock.now().timestamp());
        let output = Command::new("oathtool")
            .args(["--totp", "--base32", "--now", &now, text(&made["secret"])])
            .output();
        String::from_utf8(output.expect("oathtool").stdout).unwrap().trim().to_owned()
    };
    // It is used up, however far the clock has run since.
    let confirmed = code();
    alice.client.act("confirmTotp", "recoveryCodes", json!({ "code": confirmed })).await;
    request(world, &alice.handle).await.unwrap();
    let sent = token(world, &alice.handle).await;
    assert_eq!(reset(world, &sent, NEW, Value::Null).await, Err(refused("CHALLENGE_REQUIRED", "answer")));
    let used = json!({ "totp": confirmed });
    assert_eq!(reset(world, &sent, NEW, used).await, Err(refused("ANSWER_WRONG", "answer")));
    assert_eq!(
        reset(world, &sent, NEW, json!({ "code": "123456" })).await,
        Err(refused("METHOD_UNAVAILABLE", "answer"))
    );
    world.pass(Duration::seconds(30)).await;
    reset(world, &sent, NEW, json!({ "totp": code() })).await.unwrap();
    assert!(sign_in(world, &alice, NEW).await.unwrap()["challenge"]["id"].is_string());
}

/// With a page for it the messages carry links, whose codes reach no server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_link_to_pages_where_there_are_some() {
    for setup in [Setup::Embedded, Setup::Real] {
        let page = |name: &str| Some(format!("https://wallet.example.com/{name}"));
        let links = Links { reset: page("reset"), not_me: page("not-me") };
        let world = World::open_as(setup, |bank| bank.with_links(links), |gateways| gateways).await;
        let alice = Person::join(&world).await;
        let link = async |page: &str| {
            let body = world.messages(&alice.handle).await.remove(0).1;
            let link = body.lines().find(|line| line.starts_with("https://")).unwrap().to_owned();
            link.strip_prefix(&format!("https://wallet.example.com/{page}#token=")).unwrap().to_owned()
        };
        request(&world, &alice.handle).await.unwrap();
        reset(&world, &link("reset").await, NEW, Value::Null).await.unwrap();
        sign_in(&world, &alice, NEW).await.unwrap();
        let token = link("not-me").await;
        world.client().act("reportSignIn", "sessionsEnded", json!({ "token": token })).await;
        world.close().await;
    }
}

/// Answers a question and unlocks.
async fn unlock(world: &World, person: &Person) -> Result<Value, Refused> {
    let started = person.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let id = started["startChallenge"]["challenge"]["id"].clone();
    let code = world.messages(&person.handle).await[0].0[..6].to_owned();
    let answer = json!({ "challengeId": id, "answer": { "code": code } });
    person.client.act("answerChallenge", "session { accessToken }", answer).await;
    person
        .client
        .try_act("unlockUser", "user { state }", json!({ "password": PASSWORD, "challengeId": id }))
        .await
}

async fn a_locked_wallet_pays_nothing_until_it_is_unlocked(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let other = sign_in(world, &alice, PASSWORD).await.unwrap();
    let other = world.client().with_token(text(&other["session"]["accessToken"]));
    alice.client.ask("mutation { lockUser { user { state } } }", Value::Null).await;
    assert_eq!(other.try_ask("{ me { id } }", Value::Null).await, Err(refused("SESSION_ENDED", "")));
    let pay =
        || alice.client.try_act("createTransfer", "transaction { id }", alice.transfer(&bob, "1.00", "k"));
    assert_eq!(pay().await, Err(refused("USER_FROZEN", "")));
    assert_eq!(unlock(world, &alice).await, Err(refused("LOCKED_STILL", "")));
    // Access tokens live ten minutes; the session goes on.
    world.bank.clock.advance(Duration::minutes(61));
    let refreshed = json!({ "refreshToken": alice.refresh_token });
    let session = world.client().act("refreshSession", "session { accessToken }", refreshed).await;
    let alice =
        Person { client: world.client().with_token(text(&session["session"]["accessToken"])), ..alice };
    assert_eq!(unlock(world, &alice).await.unwrap()["user"]["state"], "ACTIVE");
    assert_eq!(unlock(world, &alice).await, Err(refused("NOT_LOCKED", "")));
    let pay =
        alice.client.try_act("createTransfer", "transaction { id }", alice.transfer(&bob, "1.00", "k")).await;
    assert!(pay.is_ok());
    // What an operator has frozen only operators unfreeze.
    let me = alice.client.ask("{ me { id } }", Value::Null).await;
    let id = json!({ "id": me["me"]["id"] });
    world.operator().await.act("freezeUser", "user { state }", id.clone()).await;
    alice.client.ask("mutation { lockUser { user { state } } }", Value::Null).await;
    assert_eq!(unlock(world, &alice).await, Err(refused("USER_FROZEN", "")));
    world.agree(json!({ "unfreezeUser": id["id"] })).await;
}
