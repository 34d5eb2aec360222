//! The second factor: an authenticator app (codes by `oathtool`, which knows nothing of us), recovery codes,
//! and questions whose answers are good for one thing only.

use chrono::Duration;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, refused, text};
use tests::operator::oathtool;
use tests::{World, on_both_setups};

on_both_setups!(
    an_app_guards_the_sign_in,
    a_recovery_code_works_once,
    what_guards_the_wallet_is_changed_with_the_second_factor,
    an_answer_is_good_for_its_own_question,
    who_knows_the_password_alone_changes_nothing,
    answers_are_not_guessed,
);

/// Sets an app up, and gives its secret and the recovery codes.
async fn enrol(world: &World, person: &Person) -> (String, Vec<String>) {
    // At the beginning of a step, so that the code that is used up here is still the one that the app shows afterwards.
    let into_step = world.bank.clock.now().timestamp().rem_euclid(30);
    world.pass(Duration::seconds(30 - into_step)).await;
    let made = person.client.act("enrolTotp", "secret uri", json!({ "password": PASSWORD })).await;
    let secret = text(&made["secret"]).to_owned();
    assert!(text(&made["uri"]).starts_with("otpauth://totp/OKPay:"), "{made}");
    let code = json!({ "code": oathtool(world, &secret) });
    let confirmed = person.client.act("confirmTotp", "recoveryCodes", code).await;
    let codes = confirmed["recoveryCodes"].as_array().unwrap();
    (secret, codes.iter().map(|code| text(code).to_owned()).collect())
}

async fn sign_in(world: &World, person: &Person) -> Value {
    let input = json!({ "handle": person.handle, "password": PASSWORD });
    let payload = "user { id } session { accessToken } challenge { id act methods }";
    world.client().act("signIn", payload, input).await
}

async fn answer(client: &Client, challenge: &Value, answer: Value) -> Result<Value, Refused> {
    let input = json!({ "challengeId": challenge["id"], "answer": answer });
    client.try_act("answerChallenge", "session { accessToken }", input).await
}

/// An app shows the next code half a minute later.
async fn next_step(world: &World) {
    world.pass(Duration::seconds(30)).await;
}

async fn an_app_guards_the_sign_in(world: &World) {
    let alice = Person::join(world).await;
    assert!(sign_in(world, &alice).await["session"]["accessToken"].is_string());
    let (secret, codes) = enrol(world, &alice).await;
    assert_eq!(codes.len(), 10);
    let asked = sign_in(world, &alice).await;
    assert_eq!((&asked["user"], &asked["session"]), (&Value::Null, &Value::Null));
    let challenge = asked["challenge"].clone();
    assert_eq!(challenge["methods"], json!(["TOTP", "RECOVERY_CODE"]));
    // The code that confirmed the app is used up, and so is every code that has worked.
    let used = oathtool(world, &secret);
    let wrong = Err(refused("ANSWER_WRONG", "answer"));
    assert_eq!(answer(&world.client(), &challenge, json!({ "totp": used })).await, wrong);
    assert_eq!(
        answer(&world.client(), &challenge, json!({ "code": used })).await,
        Err(refused("METHOD_UNAVAILABLE", "answer"))
    );
    next_step(world).await;
    let code = oathtool(world, &secret);
    let session = answer(&world.client(), &challenge, json!({ "totp": code })).await.unwrap();
    let client = world.client().with_token(text(&session["session"]["accessToken"]));
    assert!(client.try_ask("{ me { id } }", Value::Null).await.is_ok());
    let over = Err(refused("CHALLENGE_EXPIRED", "challengeId"));
    assert_eq!(answer(&world.client(), &challenge, json!({ "totp": code })).await, over);
    let again = sign_in(world, &alice).await["challenge"].clone();
    assert_eq!(answer(&world.client(), &again, json!({ "totp": code })).await, wrong);
    world.pass(Duration::minutes(6)).await;
    let late = json!({ "totp": oathtool(world, &secret) });
    assert_eq!(answer(&world.client(), &again, late).await, over);
    let told = world.messages(&alice.handle).await;
    assert!(told.iter().any(|(subject, _)| subject == "Two-factor authentication is on"), "{told:?}");
}

async fn a_recovery_code_works_once(world: &World) {
    let alice = Person::join(world).await;
    let (_, codes) = enrol(world, &alice).await;
    let first = sign_in(world, &alice).await["challenge"].clone();
    // However it is written.
    let written = json!({ "recoveryCode": codes[0].to_lowercase().replace('-', " ") });
    assert!(answer(&world.client(), &first, written.clone()).await.is_ok());
    let second = sign_in(world, &alice).await["challenge"].clone();
    assert_eq!(answer(&world.client(), &second, written).await, Err(refused("ANSWER_WRONG", "answer")));
    assert!(answer(&world.client(), &second, json!({ "recoveryCode": codes[1] })).await.is_ok());
    let told = world.messages(&alice.handle).await;
    assert!(
        told.iter()
            .any(|(subject, body)| subject == "A recovery code was used" && body.contains("8 are left")),
        "{told:?}"
    );
    // The database has no code that could be used.
    let dump = world.dump().await;
    assert!(codes.iter().all(|code| !dump.contains(code.as_str())));
}

async fn what_guards_the_wallet_is_changed_with_the_second_factor(world: &World) {
    let alice = Person::join(world).await;
    let (secret, codes) = enrol(world, &alice).await;
    let enrolled = alice.client.try_act("confirmTotp", "recoveryCodes", json!({ "code": "000000" })).await;
    assert_eq!(enrolled, Err(refused("TOTP_ENROLLED", "")));
    let disable = |challenge: Value| {
        let input = json!({ "password": PASSWORD, "challengeId": challenge });
        alice.client.try_act("disableTotp", "disabled", input)
    };
    assert_eq!(disable(Value::Null).await, Err(refused("CHALLENGE_REQUIRED", "challengeId")));
    let change = json!({ "oldPassword": PASSWORD, "newPassword": "hopscotch under seven willows" });
    let changed = alice.client.try_act("changePassword", "profile { passwordSetAt }", change).await;
    assert_eq!(changed, Err(refused("CHALLENGE_REQUIRED", "challengeId")));
    let start = || async {
        let started = alice
            .client
            .ask("mutation { startChallenge { challenge { id act methods } } }", Value::Null)
            .await;
        started["startChallenge"]["challenge"].clone()
    };
    let challenge = start().await;
    assert_eq!(disable(challenge["id"].clone()).await, Err(refused("CHALLENGE_INVALID", "challengeId")));
    next_step(world).await;
    answer(&alice.client, &challenge, json!({ "totp": oathtool(world, &secret) })).await.unwrap();
    let renew = json!({ "password": PASSWORD, "challengeId": challenge["id"] });
    let renewed = alice.client.act("renewRecoveryCodes", "recoveryCodes", renew).await;
    assert!(
        !renewed["recoveryCodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|code| codes.contains(&text(code).to_owned()))
    );
    // An answer is good for one change.
    assert_eq!(disable(challenge["id"].clone()).await, Err(refused("CHALLENGE_INVALID", "challengeId")));
    let challenge = start().await;
    answer(&alice.client, &challenge, json!({ "recoveryCode": renewed["recoveryCodes"][0] })).await.unwrap();
    disable(challenge["id"].clone()).await.unwrap();
    assert!(sign_in(world, &alice).await["session"]["accessToken"].is_string());
    let off = alice.client.try_act("disableTotp", "disabled", json!({ "password": PASSWORD })).await;
    assert_eq!(off, Err(refused("TOTP_NOT_ENROLLED", "")));
}

async fn an_answer_is_good_for_its_own_question(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let ((secret, _), _) = (enrol(world, &alice).await, enrol(world, &bob).await);
    let invalid = Err(refused("CHALLENGE_INVALID", "challengeId"));
    let started = alice.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let own = started["startChallenge"]["challenge"].clone();
    next_step(world).await;
    let code = json!({ "totp": oathtool(world, &secret) });
    // Neither another person nor nobody nor another session of the same person can answer or use it.
    assert_eq!(answer(&bob.client, &own, code.clone()).await, invalid);
    assert_eq!(answer(&world.client(), &own, code.clone()).await, invalid);
    let signing = sign_in(world, &alice).await["challenge"].clone();
    let session = answer(&world.client(), &signing, code).await.unwrap();
    let other = world.client().with_token(text(&session["session"]["accessToken"]));
    next_step(world).await;
    answer(&alice.client, &own, json!({ "totp": oathtool(world, &secret) })).await.unwrap();
    for (client, id) in [(&other, &own["id"]), (&alice.client, &signing["id"])] {
        let input = json!({ "password": PASSWORD, "challengeId": id });
        assert_eq!(client.try_act("disableTotp", "disabled", input).await, invalid);
    }
    for id in ["nonsense", text(&started["startChallenge"]["challenge"]["id"]).trim_end_matches('A')] {
        let asked = answer(&alice.client, &json!({ "id": id }), json!({ "totp": "000000" })).await;
        assert!(asked.is_err(), "{id}");
    }
}

/// Neither a factor nor a handle of one's own can be put in place of the owner's.
async fn who_knows_the_password_alone_changes_nothing(world: &World) {
    let alice = Person::join(world).await;
    let session = sign_in(world, &alice).await;
    let thief = world.client().with_token(text(&session["session"]["accessToken"]));
    let own = json!({ "email": format!("thief{}@example.com", tests::client::unique()) });
    let password = json!({ "password": PASSWORD });
    let handle = json!({ "handle": own, "password": PASSWORD });
    let change = json!({ "oldPassword": PASSWORD, "newPassword": "hopscotch under seven willows" });
    let asked = || Err(refused("CHALLENGE_REQUIRED", "challengeId"));
    assert_eq!(thief.try_act("enrolTotp", "secret", password.clone()).await, asked());
    assert_eq!(thief.try_act("addHandle", "verification { verificationId }", handle).await, asked());
    assert_eq!(thief.try_act("changePassword", "profile { passwordSetAt }", change).await, asked());
    assert_eq!(thief.try_act("exportPersonalData", "json", password.clone()).await, asked());
    assert_eq!(thief.try_act("closeUser", "closed", password.clone()).await, asked());
    // The code goes to the owner; with it the session has shown more.
    let started = thief.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let challenge = started["startChallenge"]["challenge"].clone();
    let code = world.messages(&alice.handle).await[0].0[..6].to_owned();
    answer(&thief, &challenge, json!({ "code": code })).await.unwrap();
    let input = json!({ "password": PASSWORD, "challengeId": challenge["id"] });
    assert!(thief.try_act("enrolTotp", "secret", input).await.is_ok());
    // Who looks for people without paying any is stopped.
    let mut codes = Vec::new();
    for n in 0..21 {
        let nobody = json!({ "to": { "email": format!("n{n}@example.org") }, "money": tests::client::euros("1.00"), "idempotencyKey": "n" });
        codes.push(
            alice.client.try_act("createTransfer", "transaction { id }", nobody).await.unwrap_err().code,
        );
    }
    assert_eq!((codes[19].as_str(), codes[20].as_str()), ("RECIPIENT_UNKNOWN", "TOO_MANY_TRIES"));
}

async fn answers_are_not_guessed(world: &World) {
    let alice = Person::join(world).await;
    let (secret, _) = enrol(world, &alice).await;
    let right = oathtool(world, &secret);
    let guess = if right == "123456" { "654321" } else { "123456" };
    let mut codes = Vec::new();
    // The password is known: as many questions as one likes, and yet ten answers in an hour.
    for _ in 0..4 {
        let challenge = sign_in(world, &alice).await["challenge"].clone();
        for _ in 0..4 {
            codes.push(answer(&world.client(), &challenge, json!({ "totp": guess })).await.unwrap_err().code);
        }
    }
    let wrong = codes.iter().filter(|code| *code == "ANSWER_WRONG").count();
    // One try was the code that confirmed the app.
    assert_eq!((wrong, codes.last().unwrap().as_str()), (9, "TOO_MANY_TRIES"), "{codes:?}");
    let log = alice.client.ask("{ securityEvents { edges { node { kind } } } }", Value::Null).await;
    let failed = log["securityEvents"]["edges"].as_array().unwrap().iter();
    assert_eq!(failed.filter(|edge| edge["node"]["kind"] == "CHALLENGE_FAILED").count(), 9);
}
