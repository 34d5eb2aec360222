//! Passkeys, as people use them: to sign in, as a second factor, several of them, and none any more.

use crate::authenticator::{
    Device, answer, begin, begin_sign_in, finish, finish_sign_in, proof, question, register, sign_in,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    a_passkey_signs_in_by_itself,
    a_passkey_is_asked_for_after_the_password,
    what_guards_the_wallet_is_changed_with_a_passkey,
    a_forgotten_password_is_replaced_with_a_passkey,
    a_person_has_ten_passkeys_at_most,
    a_removed_passkey_opens_nothing,
    the_passkeys_of_who_has_left_are_gone,
);

async fn sign_in_with_password(world: &World, person: &Person) -> Value {
    let input = json!({ "handle": person.handle, "password": PASSWORD });
    let payload = "session { accessToken } challenge { id methods passkeyOptions }";
    world.client().act("signIn", payload, input).await
}

async fn me(client: &Client) -> Result<Value, tests::client::Refused> {
    Ok(client.try_ask("{ me { id } }", Value::Null).await?["me"]["id"].clone())
}

async fn own(client: &Client) -> Vec<Value> {
    let answer = client.ask("{ passkeys { id name createdAt lastUsedAt } }", Value::Null).await;
    answer["passkeys"].as_array().unwrap().clone()
}

async fn kinds(client: &Client) -> Vec<String> {
    let log = client.ask("{ securityEvents(first: 50) { edges { node { kind } } } }", Value::Null).await;
    let edges = log["securityEvents"]["edges"].as_array().unwrap().iter();
    edges.map(|edge| text(&edge["node"]["kind"]).to_owned()).collect()
}

async fn a_passkey_signs_in_by_itself(world: &World) {
    let alice = Person::join(world).await;
    let before = sign_in_with_password(world, &alice).await["session"]["accessToken"].clone();
    let (mut phone, registered) = register(&alice, " My phone ", None).await;
    assert_eq!(registered["passkey"]["name"], "My phone");
    assert_eq!(registered["recoveryCodes"].as_array().unwrap().len(), 10);
    // What was opened with the password alone has ended, and the person has heard of it.
    let old = me(&world.client().with_token(text(&before))).await;
    assert_eq!(old, Err(refused("SESSION_ENDED", "")));
    assert!(world.messages(&alice.handle).await.iter().any(|(subject, _)| subject == "A passkey was added"));
    // Who begins says nothing of itself and learns nothing of anybody.
    let begun = begin_sign_in(&world.client()).await;
    let options: Value = serde_json::from_str(text(&begun["options"])).unwrap();
    assert_eq!((&options["allowCredentials"], &options["rpId"]), (&json!([]), &json!("localhost")));
    let signed = phone.get(&begun["options"]).await;
    let opened = finish_sign_in(&world.client(), &begun, &signed).await.unwrap();
    let token = text(&opened["session"]["accessToken"]).to_owned();
    let client = world.client().with_token(&token);
    assert_eq!(me(&client).await, me(&alice.client).await);
    assert_eq!(Ok(opened["user"]["id"].clone()), me(&alice.client).await);
    assert!(opened["session"]["deviceToken"].is_string());
    // It has shown more than a password.
    let claims = BASE64.decode(token.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&claims).unwrap()["acr"], 2);
    assert!(own(&client).await[0]["lastUsedAt"].is_string());
    assert_eq!(kinds(&client).await[..2], ["SIGNED_IN", "PASSKEY_ADDED"]);
    // The device knows neither the id of the person nor its name; the database knows nothing of the device.
    let id = String::from_utf8(BASE64.decode(text(&opened["user"]["id"])).unwrap()).unwrap();
    let handle = BASE64.decode(phone.handle()).unwrap();
    assert!(handle.len() == 16 && !id.replace('-', "").contains(&hex(&handle)), "{id}");
    let delivered = "DELETE FROM sandbox_messages";
    let db = world.bank.db.connection();
    sea_orm::ConnectionTrait::execute_unprepared(db, delivered).await.unwrap();
    let dump = world.dump().await;
    for secret in ["My phone", &phone.id(), &hex(&BASE64.decode(phone.id()).unwrap())] {
        assert!(!dump.contains(secret), "{secret}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_passkey_is_asked_for_after_the_password(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, registered) = register(&alice, "Phone", None).await;
    let asked = sign_in_with_password(world, &alice).await;
    assert_eq!(asked["session"], Value::Null);
    let challenge = asked["challenge"].clone();
    assert_eq!(challenge["methods"], json!(["PASSKEY", "RECOVERY_CODE"]));
    let options: Value = serde_json::from_str(text(&challenge["passkeyOptions"])).unwrap();
    assert_eq!(options["allowCredentials"], json!([{ "type": "public-key", "id": phone.id() }]));
    let unavailable = Err(refused("METHOD_UNAVAILABLE", "answer"));
    for way in ["totp", "code"] {
        let input = json!({ "challengeId": challenge["id"], "answer": { way: "123456" } });
        let other = world.client().try_act("answerChallenge", "session { accessToken }", input).await;
        assert_eq!(other, unavailable, "{way}");
    }
    // A device that was told which keys it may use can leave out whose they are.
    phone.handle = Some(String::new());
    let signed = phone.get(&challenge["passkeyOptions"]).await;
    let opened = answer(&world.client(), &challenge, &signed).await.unwrap();
    let client = world.client().with_token(text(&opened["session"]["accessToken"]));
    assert!(me(&client).await.is_ok());
    // Once.
    let over = Err(refused("CHALLENGE_EXPIRED", "challengeId"));
    assert_eq!(answer(&world.client(), &challenge, &signed).await, over);
    // Without the phone, a recovery code does.
    let again = sign_in_with_password(world, &alice).await["challenge"].clone();
    let code = registered["recoveryCodes"][0].clone();
    let input = json!({ "challengeId": again["id"], "answer": { "recoveryCode": code } });
    assert!(world.client().try_act("answerChallenge", "session { accessToken }", input).await.is_ok());
}

async fn a_forgotten_password_is_replaced_with_a_passkey(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, _) = register(&alice, "Phone", None).await;
    world.client().act("requestPasswordReset", "requested", json!({ "handle": alice.handle })).await;
    let (_, body) = world.messages(&alice.handle).await.remove(0);
    let token = body.split_whitespace().find(|word| word.starts_with("okp_")).unwrap().trim_end_matches('.');
    let nobody = world.client();
    let ask = || nobody.act("askPasswordReset", "methods passkeyOptions", json!({ "token": token }));
    let reset = |answer: Value| {
        let new = "hopscotch under seven willows";
        let input = json!({ "token": token, "newPassword": new, "answer": answer });
        nobody.try_act("resetPassword", "reset", input)
    };
    assert_eq!(reset(Value::Null).await, Err(refused("CHALLENGE_REQUIRED", "answer")));
    let unasked = reset(json!({ "passkey": "{}" })).await;
    assert_eq!(unasked, Err(refused("METHOD_UNAVAILABLE", "answer")));
    let (before, asked) = (ask().await, ask().await);
    assert_eq!(asked["methods"], json!(["PASSKEY", "RECOVERY_CODE"]));
    for options in [&before["passkeyOptions"], &begin_sign_in(&world.client()).await["options"]] {
        let signed = phone.get(options).await;
        assert_eq!(reset(json!({ "passkey": signed })).await, Err(refused("ANSWER_WRONG", "answer")));
    }
    let signed = phone.get(&asked["passkeyOptions"]).await;
    reset(json!({ "passkey": signed })).await.unwrap();
    assert_eq!(me(&alice.client).await, Err(refused("SESSION_ENDED", "")));
    assert_eq!(reset(json!({ "passkey": signed })).await, Err(refused("CODE_EXPIRED", "token")));
    let used = world.client().try_act("askPasswordReset", "methods", json!({ "token": token })).await;
    assert_eq!(used, Err(refused("CODE_EXPIRED", "token")));
    // Who has no second factor is asked nothing.
    let bob = Person::join(world).await;
    world.client().act("requestPasswordReset", "requested", json!({ "handle": bob.handle })).await;
    let (_, body) = world.messages(&bob.handle).await.remove(0);
    let token = body.split_whitespace().find(|word| word.starts_with("okp_")).unwrap().trim_end_matches('.');
    let none =
        world.client().act("askPasswordReset", "methods passkeyOptions", json!({ "token": token })).await;
    assert_eq!(none, json!({ "methods": [], "passkeyOptions": null }));
}

async fn what_guards_the_wallet_is_changed_with_a_passkey(world: &World) {
    let alice = Person::join(world).await;
    // Who has none is sent a code, and asked nothing else.
    let plain = question(&alice.client).await;
    assert_eq!((&plain["methods"], &plain["passkeyOptions"]), (&json!(["CODE"]), &Value::Null));
    let (mut phone, _) = register(&alice, "Phone", None).await;
    let required = Err(refused("CHALLENGE_REQUIRED", "challengeId"));
    assert_eq!(begin(&alice.client, json!({ "password": PASSWORD })).await, required);
    let wrong = json!({ "password": "not the password" });
    assert_eq!(begin(&alice.client, wrong).await, Err(refused("PASSWORD_WRONG", "password")));
    let proven = proof(&alice.client, Some(&mut phone)).await;
    assert!(alice.client.try_act("exportPersonalData", "json", proven.clone()).await.is_ok());
    // An answer is good for one act.
    let again = alice.client.try_act("exportPersonalData", "json", proven).await;
    assert_eq!(again, Err(refused("CHALLENGE_INVALID", "challengeId")));
    // With an app beside it there are recovery codes already.
    let proven = proof(&alice.client, Some(&mut phone)).await;
    assert!(alice.client.try_act("enrolTotp", "secret", proven).await.is_ok());
    // Who knows the password alone can't put a passkey of its own beside it.
    let bob = Person::join(world).await;
    let token = sign_in_with_password(world, &bob).await["session"]["accessToken"].clone();
    let thief = world.client().with_token(text(&token));
    assert_eq!(begin(&thief, json!({ "password": PASSWORD })).await, required);
}

async fn a_person_has_ten_passkeys_at_most(world: &World) {
    let alice = Person::join(world).await;
    let (mut first, _) = register(&alice, "Key 1", None).await;
    for name in 2..=9 {
        let (_, registered) = register(&alice, &format!("Key {name}"), Some(&mut first)).await;
        assert_eq!(registered["recoveryCodes"], json!([]), "they have been shown");
    }
    // Of two that are begun before the tenth is there, one is too many.
    let mut begun = Vec::new();
    for _ in 0..2 {
        let proven = proof(&alice.client, Some(&mut first)).await;
        begun.push(begin(&alice.client, proven).await.unwrap());
    }
    let mut made = Vec::new();
    for begun in &begun {
        made.push(Device::new().create(&begun["options"]).await);
    }
    for name in ["", "\u{202e}enohp", &"x".repeat(101)] {
        let refusal = finish(&alice.client, &begun[0], &made[0], name).await;
        assert_eq!(refusal, Err(refused("NAME_INVALID", "name")), "{name}");
    }
    let both = futures::join!(
        finish(&alice.client, &begun[0], &made[0], "Tenth"),
        finish(&alice.client, &begun[1], &made[1], "Tenth"),
    );
    let limit = Err(refused("PASSKEY_LIMIT", ""));
    assert!(matches!((&both.0, &both.1), (Ok(_), Err(_)) | (Err(_), Ok(_))), "{both:?}");
    assert!(both.0 == limit || both.1 == limit, "{both:?}");
    let proven = proof(&alice.client, Some(&mut first)).await;
    assert_eq!(begin(&alice.client, proven).await, limit);
    let names: Vec<_> = own(&alice.client).await.iter().map(|own| text(&own["name"]).to_owned()).collect();
    assert_eq!((names.len(), names[0].as_str(), names[9].as_str()), (10, "Key 1", "Tenth"));
    let bob = Person::join(world).await;
    assert_eq!(own(&bob.client).await, Vec::<Value>::new());
}

async fn remove(
    person: &Person,
    id: &Value,
    device: Option<&mut Device>,
) -> Result<Value, tests::client::Refused> {
    let mut input = proof(&person.client, device).await;
    input["id"] = id.clone();
    person.client.try_act("removePasskey", "passkeys { name }", input).await
}

async fn a_removed_passkey_opens_nothing(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let (mut phone, lost) = register(&alice, "Phone", None).await;
    let (mut laptop, kept) = register(&alice, "Laptop", Some(&mut phone)).await;
    let opened = sign_in(&world.client(), &mut phone).await.unwrap();
    let begun = begin_sign_in(&world.client()).await;
    let asked = sign_in_with_password(world, &alice).await["challenge"].clone();
    let missing = Err(refused("NOT_FOUND", "id"));
    assert_eq!(remove(&bob, &lost["passkey"]["id"], None).await, missing);
    let unproven = json!({ "id": lost["passkey"]["id"], "password": PASSWORD });
    let refusal = alice.client.try_act("removePasskey", "passkeys { name }", unproven).await;
    assert_eq!(refusal, Err(refused("CHALLENGE_REQUIRED", "challengeId")));
    let left = remove(&alice, &lost["passkey"]["id"], Some(&mut laptop)).await.unwrap();
    assert_eq!(left["passkeys"], json!([{ "name": "Laptop" }]));
    // Sessions have ended; what was begun before can't be ended with it any more.
    let session = world.client().with_token(text(&opened["session"]["accessToken"]));
    assert_eq!(me(&session).await, Err(refused("SESSION_ENDED", "")));
    let invalid = Err(refused("PASSKEY_INVALID", "credential"));
    let signed = phone.get(&begun["options"]).await;
    assert_eq!(finish_sign_in(&world.client(), &begun, &signed).await, invalid);
    let signed = phone.get(&asked["passkeyOptions"]).await;
    assert_eq!(answer(&world.client(), &asked, &signed).await, Err(refused("ANSWER_WRONG", "answer")));
    let signed = laptop.get(&asked["passkeyOptions"]).await;
    assert!(answer(&world.client(), &asked, &signed).await.is_ok());
    assert_eq!(remove(&alice, &lost["passkey"]["id"], Some(&mut laptop)).await, missing);
    // With the last one the recovery codes go, and the password is enough.
    remove(&alice, &kept["passkey"]["id"], Some(&mut laptop)).await.unwrap();
    assert_eq!(own(&alice.client).await, Vec::<Value>::new());
    assert!(sign_in_with_password(world, &alice).await["session"]["accessToken"].is_string());
    let none =
        alice.client.try_act("renewRecoveryCodes", "recoveryCodes", json!({ "password": PASSWORD })).await;
    assert_eq!(none, Err(refused("TOTP_NOT_ENROLLED", "")));
    let told = world.messages(&alice.handle).await;
    assert_eq!(told.iter().filter(|(subject, _)| subject == "A passkey was removed").count(), 2, "{told:?}");
}

async fn the_passkeys_of_who_has_left_are_gone(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let (mut phone, _) = register(&alice, "Blue rabbit", None).await;
    let (mut other, _) = register(&bob, "Phone", None).await;
    let proven = proof(&alice.client, Some(&mut phone)).await;
    let export = alice.client.act("exportPersonalData", "json", proven).await;
    let known: Value = serde_json::from_str(text(&export["json"])).unwrap();
    assert_eq!(known["passkeys"][0]["name"], "Blue rabbit");
    let begun = begin_sign_in(&world.client()).await;
    let proven = proof(&alice.client, Some(&mut phone)).await;
    alice.client.act("closeUser", "closed", proven).await;
    let invalid = Err(refused("PASSKEY_INVALID", "credential"));
    let signed = phone.get(&begun["options"]).await;
    assert_eq!(finish_sign_in(&world.client(), &begun, &signed).await, invalid);
    assert_eq!(sign_in(&world.client(), &mut phone).await, invalid);
    // Who is frozen may look, as with a password.
    let id = me(&bob.client).await.unwrap();
    world.operator().await.act("freezeUser", "user { id }", json!({ "id": id })).await;
    assert!(sign_in(&world.client(), &mut other).await.is_ok());
}
