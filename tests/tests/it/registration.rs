//! Signing up: the code, and what it protects.

use chrono::Duration;
use serde_json::json;
use tests::client::{PASSWORD, Person, Refused, refused, sign_up, unique};
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    a_person_signs_up_by_email_or_phone,
    a_code_dies_after_five_wrong_tries,
    a_code_works_once_and_for_ten_minutes,
    a_taken_handle_looks_like_a_free_one_and_its_owner_is_told,
    the_first_code_shown_wins_the_handle,
    each_wrong_form_is_refused_by_name,
);

fn email() -> serde_json::Value {
    json!({ "email": format!("Somebody{}@Example.com", unique()) })
}

async fn show(world: &World, registration: &str, code: &str) -> Result<serde_json::Value, Refused> {
    let shown = json!({ "verificationId": registration, "code": code });
    world.client().try_act("activateUser", "user { state handles { kind value } }", shown).await
}

async fn a_person_signs_up_by_email_or_phone(world: &World) {
    for (handle, kind, value) in [
        (json!({ "email": "Alice@Example.com" }), "EMAIL", "alice@example.com"),
        (json!({ "phone": "+49 151 12345678" }), "PHONE", "+4915112345678"),
    ] {
        let person = Person::join_as(world, handle).await;
        let me =
            person.client.ask("{ me { state name termsVersion handles { kind value } } }", json!(null)).await;
        let handles = json!([{ "kind": kind, "value": value }]);
        let expected = json!({ "state": "ACTIVE", "name": "Somebody", "termsVersion": "2026-11-01", "handles": handles });
        assert_eq!(me["me"], expected);
    }
}

async fn a_code_dies_after_five_wrong_tries(world: &World) {
    let handle = email();
    let registration = sign_up(&world.client(), &handle).await;
    let right = world.code(&handle).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(show(world, &registration, wrong).await, Err(refused("CODE_WRONG", "code")));
    }
    assert_eq!(show(world, &registration, &right).await, Err(refused("CODE_EXPIRED", "code")));
}

async fn a_code_works_once_and_for_ten_minutes(world: &World) {
    let handle = email();
    let registration = sign_up(&world.client(), &handle).await;
    let code = world.code(&handle).await;
    assert!(show(world, &registration, &code).await.is_ok());
    assert_eq!(show(world, &registration, &code).await, Err(refused("CODE_EXPIRED", "code")));
    let handle = email();
    let registration = sign_up(&world.client(), &handle).await;
    let code = world.code(&handle).await;
    world.pass(Duration::minutes(11)).await;
    assert_eq!(show(world, &registration, &code).await, Err(refused("CODE_EXPIRED", "code")));
}

async fn a_taken_handle_looks_like_a_free_one_and_its_owner_is_told(world: &World) {
    let alice = Person::join(world).await;
    let registration = sign_up(&world.client(), &alice.handle).await;
    world.settle().await;
    let query = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject } }";
    let messages = world.client().ask(query, json!({ "to": alice.handle })).await;
    assert_eq!(messages["sandboxMessages"][0]["subject"], "You have a wallet already");
    assert_eq!(show(world, &registration, "000000").await, Err(refused("CODE_WRONG", "code")));
}

async fn the_first_code_shown_wins_the_handle(world: &World) {
    let handle = email();
    let first = sign_up(&world.client(), &handle).await;
    let code = world.code(&handle).await;
    let second = sign_up(&world.client(), &handle).await;
    world.settle().await;
    let other = world.code(&handle).await;
    assert!(show(world, &first, &code).await.is_ok());
    assert_eq!(show(world, &second, &other).await, Err(refused("CODE_EXPIRED", "code")));
}

/// Where the house has a file of them: `printf 'correct horse battery staple' | sha1sum`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breached_password_is_refused() {
    let file = std::env::temp_dir().join(format!("breached_{}", uuid::Uuid::new_v4().simple()));
    let lines = [
        "0000000000000000000000000000000000000001:1",
        "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:99",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:2",
    ];
    std::fs::write(&file, lines.join("\r\n")).unwrap();
    for setup in [Setup::Embedded, Setup::Real] {
        let breaches = entity::breach::Breaches::open(&file).unwrap();
        let world = World::open_as(setup, |bank| bank.with_breaches(breaches), |gateways| gateways).await;
        let sign_up = async |password: &str| {
            let form = json!({
                "handle": email(), "name": "A", "password": password, "acceptedTermsVersion": "2026-11-01",
            });
            world.client().try_act("signUp", "verification { expiresAt }", form).await.map(drop)
        };
        assert_eq!(sign_up(PASSWORD).await, Err(refused("PASSWORD_BREACHED", "password")));
        assert_eq!(sign_up("hopscotch under seven willows").await, Ok(()));
        world.close().await;
    }
    std::fs::remove_file(file).unwrap();
}

async fn each_wrong_form_is_refused_by_name(world: &World) {
    let good = json!({
        "handle": { "email": "a@example.com" }, "name": "A", "password": PASSWORD,
        "acceptedTermsVersion": "2026-11-01",
    });
    let cases = [
        (json!({ "handle": { "email": "a@b" } }), "EMAIL_INVALID", "email"),
        (json!({ "handle": { "phone": "112" } }), "PHONE_INVALID", "phone"),
        (json!({ "name": " " }), "NAME_INVALID", "name"),
        (json!({ "name": "x".repeat(101) }), "NAME_INVALID", "name"),
        (json!({ "name": "nul \u{0} byte" }), "NAME_INVALID", "name"),
        (json!({ "name": "\u{202e}backwards" }), "NAME_INVALID", "name"),
        (json!({ "name": "\u{200b}\u{2060}" }), "NAME_INVALID", "name"),
        (json!({ "name": "Al\u{ad}ice" }), "NAME_INVALID", "name"),
        (json!({ "password": "eleven char" }), "PASSWORD_TOO_SHORT", "password"),
        (json!({ "password": "x".repeat(129) }), "PASSWORD_TOO_LONG", "password"),
        (json!({ "password": "passwordpassword" }), "PASSWORD_WEAK", "password"),
        (json!({ "timeZone": "Berlin" }), "TIME_ZONE_UNKNOWN", "timeZone"),
        (json!({ "acceptedTermsVersion": "2020-01-01" }), "TERMS_NOT_ACCEPTED", "acceptedTermsVersion"),
    ];
    for (change, code, field) in cases {
        let mut form = good.clone();
        form.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = world.client().try_act("signUp", "verification { verificationId }", form).await;
        assert_eq!(answer, Err(refused(code, field)), "{change}");
    }
    assert_eq!(show(world, "nonsense", "1").await, Err(refused("ID_MALFORMED", "verificationId")));
}
