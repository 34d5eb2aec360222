//! Guessing gains nothing: tries are counted by handle and by address, whatever carries them.

use chrono::Duration;
use futures::StreamExt;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::{PASSWORD, Person, Refused, sign_up, text, unique};
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    a_handle_is_guessed_five_times_whatever_carries_the_guesses,
    ten_thousand_guesses_gain_nothing_beyond_the_limits,
    an_address_is_counted_over_all_handles,
    codes_are_sent_three_times_an_hour,
    another_code_replaces_the_last_one,
);

async fn guess(
    world: &World,
    handle: &Value,
    password: &str,
    address: &str,
    device: Option<&str>,
) -> Result<Value, Refused> {
    let input = json!({ "handle": handle, "password": password, "deviceToken": device });
    world.client().from(address).try_act("signIn", "session { accessToken deviceToken }", input).await
}

async fn a_handle_is_guessed_five_times_whatever_carries_the_guesses(world: &World) {
    let alice = Person::join(world).await;
    let known = guess(world, &alice.handle, PASSWORD, "192.0.2.1", None).await.unwrap();
    let device = text(&known["session"]["deviceToken"]).to_owned();
    // Ten aliases in each of ten requests at once, each from an address of its own.
    let alias = |n: usize| {
        format!(
            "a{n}: signIn(input: {{ handle: {{ email: {} }}, password: \"guess number {n}\" }}) {{ user {{ id }} }}",
            alice.handle["email"]
        )
    };
    let document = format!("mutation {{ {} }}", (0..10).map(alias).collect::<Vec<_>>().join(" "));
    let requests = (0..10).map(|n| {
        let client = world.client().from(&format!("203.0.113.{n}"));
        let document = document.clone();
        async move { client.answer(&document, Value::Null).await }
    });
    let mut codes = std::collections::BTreeMap::<String, usize>::new();
    for answer in join_all(requests).await {
        // A mutation that can't be null ends its document: ask for what was tried, not for what was answered.
        for error in answer["errors"].as_array().into_iter().flatten() {
            *codes.entry(text(&error["extensions"]["code"]).to_owned()).or_default() += 1;
        }
    }
    assert!(codes.get("SIGN_IN_FAILED").copied().unwrap_or_default() <= 5, "{codes:?}");
    for n in 0..6 {
        let _spent = guess(world, &alice.handle, "guess", &format!("203.0.113.{}", 100 + n), None).await;
    }
    let refused = guess(world, &alice.handle, PASSWORD, "203.0.113.200", None).await.unwrap_err();
    assert_eq!(refused.code, "TOO_MANY_TRIES");
    // Its owner is told, once, and gets in with a device that is known; a stranger's device does not help.
    assert!(guess(world, &alice.handle, PASSWORD, "192.0.2.1", Some(&device)).await.is_ok());
    assert_eq!(
        guess(world, &alice.handle, PASSWORD, "192.0.2.1", Some("okd_0")).await.unwrap_err().code,
        "TOO_MANY_TRIES"
    );
    let told = world.messages(&alice.handle).await;
    let warnings = told.iter().filter(|(subject, _)| subject == "Somebody is guessing your password");
    assert_eq!(warnings.count(), 1, "{told:?}");
    // After the window it is open again.
    world.pass(Duration::minutes(16)).await;
    assert!(guess(world, &alice.handle, PASSWORD, "192.0.2.1", None).await.is_ok());
}

/// Ten thousand guesses at one password, in aliases, over many sockets, from a thousand addresses.
async fn ten_thousand_guesses_gain_nothing_beyond_the_limits(world: &World) {
    let alice = Person::join(world).await;
    let requests = (0..1_000).map(|number: usize| {
        let client = world.client().from(&format!("198.18.{}.{}", number / 250, number % 250));
        let alias = |n: usize| {
            let password = format!("guess number {number} {n}");
            format!("a{n}: signIn(input: {{ handle: {{ email: {} }}, password: \"{password}\" }}) {{ user {{ id }} }}", alice.handle["email"])
        };
        let document = format!("mutation {{ {} }}", (0..10).map(alias).collect::<Vec<_>>().join(" "));
        async move { client.answer(&document, Value::Null).await }
    });
    let requests: Vec<_> = requests.collect();
    let answers = futures::stream::iter(requests).buffer_unordered(64).collect::<Vec<_>>().await;
    assert_eq!(answers.len(), 1_000);
    // What was looked at is in the log of the person: a password each.
    world.settle().await;
    let log =
        alice.client.ask("{ securityEvents(first: 100) { edges { node { kind } } } }", Value::Null).await;
    let kinds =
        log["securityEvents"]["edges"].as_array().unwrap().iter().map(|edge| text(&edge["node"]["kind"]));
    let looked_at = kinds.filter(|kind| *kind == "SIGN_IN_FAILED").count();
    assert_eq!(looked_at, 5, "{log}");
    let address = world.client().from("203.0.113.77");
    let input = json!({ "handle": alice.handle, "password": PASSWORD });
    let shut = address.try_act("signIn", "user { id }", input).await;
    assert_eq!(shut.unwrap_err().code, "TOO_MANY_TRIES");
}

async fn an_address_is_counted_over_all_handles(world: &World) {
    let alice = Person::join(world).await;
    let mut codes = Vec::new();
    for n in 0..22 {
        let nobody = json!({ "email": format!("nobody{n}@example.com") });
        codes.push(guess(world, &nobody, "guess", "2001:db8::1", None).await.unwrap_err().code);
    }
    assert_eq!(codes.iter().filter(|code| *code == "SIGN_IN_FAILED").count(), 20, "{codes:?}");
    // The whole /64 is shut, and nobody else.
    let input = json!({ "handle": alice.handle, "password": PASSWORD });
    let near = world
        .client()
        .from("2001:db8::ffff")
        .answer(
            "mutation($input: SignInInput!) { signIn(input: $input) { user { id } } }",
            json!({ "input": input }),
        )
        .await;
    let extensions = &near["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["retryable"]), (&json!("TOO_MANY_TRIES"), &json!(true)));
    assert!(extensions["retryAfter"].as_u64().unwrap() > 3_600, "{near}");
    assert!(guess(world, &alice.handle, PASSWORD, "2001:db8:0:1::1", None).await.is_ok());
}

async fn codes_are_sent_three_times_an_hour(world: &World) {
    let handle = json!({ "email": format!("eager{}@example.com", unique()) });
    for _ in 0..3 {
        sign_up(&world.client(), &handle).await;
    }
    let form =
        json!({ "handle": handle, "name": "A", "password": PASSWORD, "acceptedTermsVersion": "2026-11-01" });
    let fourth = world.client().try_act("signUp", "verification { expiresAt }", form).await;
    assert_eq!(fourth.unwrap_err().code, "TOO_MANY_TRIES");
    assert_eq!(world.messages(&handle).await.len(), 3);
}

async fn another_code_replaces_the_last_one(world: &World) {
    let handle = json!({ "email": format!("lost{}@example.com", unique()) });
    let id = sign_up(&world.client(), &handle).await;
    let first = world.code(&handle).await;
    let again = json!({ "verificationId": id });
    let resent =
        world.client().act("resendCode", "verification { verificationId expiresAt }", again.clone()).await;
    assert_eq!(text(&resent["verification"]["verificationId"]), id);
    world.settle().await;
    let second = world.code(&handle).await;
    let show = |code: String| {
        let input = json!({ "verificationId": id, "code": code });
        let client = world.client();
        async move { client.try_act("activateUser", "user { state }", input).await }
    };
    if first != second {
        assert_eq!(show(first).await.unwrap_err().code, "CODE_WRONG");
    }
    assert!(show(second).await.is_ok());
    let done = world.client().try_act("resendCode", "verification { expiresAt }", again).await;
    assert_eq!(done.unwrap_err().code, "CODE_EXPIRED");
}

/// Redis only remembers what is shut: without it, and when it has forgotten, the database still counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shut_stays_shut_without_redis() {
    let mut world = World::open(Setup::Real).await;
    let alice = Person::join(&world).await;
    let shut = |answer: Result<Value, Refused>| answer.is_err_and(|refusal| refusal.code == "TOO_MANY_TRIES");
    for n in 0..6 {
        let _spent = guess(&world, &alice.handle, "guess", &format!("203.0.113.{n}"), None).await;
    }
    assert!(shut(guess(&world, &alice.handle, PASSWORD, "192.0.2.1", None).await));
    world.redis.as_ref().unwrap().flush();
    assert!(shut(guess(&world, &alice.handle, PASSWORD, "192.0.2.2", None).await));
    world.redis.as_mut().unwrap().kill();
    assert!(shut(guess(&world, &alice.handle, PASSWORD, "192.0.2.3", None).await));
    // Another person is counted too, and shut after as many.
    let handle = json!({ "email": "nobody@example.com" });
    for n in 0..5 {
        let wrong = guess(&world, &handle, "guess", &format!("198.51.100.{n}"), None).await;
        assert_eq!(wrong.unwrap_err().code, "SIGN_IN_FAILED");
    }
    assert!(shut(guess(&world, &handle, "guess", "198.51.100.9", None).await));
    world.redis.as_mut().unwrap().restart();
    assert!(shut(guess(&world, &alice.handle, PASSWORD, "192.0.2.4", None).await));
    world.close().await;
}
