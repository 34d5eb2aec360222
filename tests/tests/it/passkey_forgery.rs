//! Passkeys, as thieves would use them: from another site, twice, too late, for another question or person, copied.

use crate::authenticator::{
    Device, answer, begin, begin_sign_in, finish, finish_sign_in, proof, question, register, sign_in,
};
use chrono::Duration;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    what_was_signed_for_another_site_is_refused,
    an_answer_is_taken_once,
    an_answer_is_taken_for_five_minutes,
    an_answer_is_good_for_its_own_question,
    the_key_of_another_person_is_refused,
    a_copied_key_is_refused_and_told,
    tries_are_counted,
    nonsense_is_refused,
);

fn invalid() -> Result<Value, Refused> {
    Err(refused("PASSKEY_INVALID", "credential"))
}

fn wrong() -> Result<Value, Refused> {
    Err(refused("ANSWER_WRONG", "answer"))
}

type Forge = fn(&mut Device);

/// Ways in which a device may not have been asked by us.
const FORGERIES: [(&str, Forge); 8] = [
    ("another port", |device| device.origin = "http://localhost:8001"),
    ("another scheme", |device| device.origin = "https://localhost:8000"),
    ("a host below ours", |device| device.origin = "http://evil.localhost:8000"),
    ("another host", |device| device.origin = "https://wallet.example.com"),
    ("no origin", |device| device.origin = ""),
    ("another relying party", |device| device.rp = Some("example.com")),
    ("a page inside another site", |device| device.framed = true),
    ("nobody verified", |device| device.verified = false),
];

async fn what_was_signed_for_another_site_is_refused(world: &World) {
    let alice = Person::join(world).await;
    for (what, forge) in FORGERIES {
        let begun = begin(&alice.client, proof(&alice.client, None).await).await.unwrap();
        let mut device = Device::new();
        forge(&mut device);
        let made = device.create(&begun["options"]).await;
        assert_eq!(finish(&alice.client, &begun, &made, "Phone").await, invalid(), "{what}");
    }
    let (mut phone, _) = register(&alice, "Phone", None).await;
    // The last one was right, so that who is counted starts anew.
    for (what, forge) in FORGERIES {
        forge(&mut phone);
        assert_eq!(sign_in(&world.client(), &mut phone).await, invalid(), "{what}");
        let asked = question(&alice.client).await;
        let signed = phone.get(&asked["passkeyOptions"]).await;
        assert_eq!(answer(&alice.client, &asked, &signed).await, wrong(), "{what}");
        honest(&mut phone);
        assert!(sign_in(&world.client(), &mut phone).await.is_ok(), "{what}");
    }
}

fn honest(device: &mut Device) {
    let good = Device::new();
    (device.origin, device.rp, device.framed) = (good.origin, good.rp, good.framed);
    (device.verified, device.handle) = (good.verified, good.handle);
}

async fn an_answer_is_taken_once(world: &World) {
    let alice = Person::join(world).await;
    let begun = begin(&alice.client, proof(&alice.client, None).await).await.unwrap();
    let mut phone = Device::new();
    let made = phone.create(&begun["options"]).await;
    finish(&alice.client, &begun, &made, "Phone").await.unwrap();
    let over = Err(refused("CHALLENGE_EXPIRED", "registrationId"));
    assert_eq!(finish(&alice.client, &begun, &made, "Phone").await, over);
    let nobody = world.client();
    let (begun, other) = (begin_sign_in(&nobody).await, begin_sign_in(&nobody).await);
    let signed = phone.get(&begun["options"]).await;
    // Shown at once by several, it opens one session.
    let all = futures::future::join_all((0..4).map(|_| finish_sign_in(&nobody, &begun, &signed))).await;
    let over = Err(refused("CHALLENGE_EXPIRED", "signInId"));
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|one| **one == over).count(), 3, "{all:?}");
    // It is for no other sign-in, which is used up by it.
    assert_eq!(finish_sign_in(&nobody, &other, &signed).await, invalid());
    let late = phone.get(&other["options"]).await;
    assert_eq!(finish_sign_in(&nobody, &other, &late).await, over);
    // A registration is no sign-in.
    let proven = proof(&alice.client, Some(&mut phone)).await;
    let begun = begin(&alice.client, proven).await.unwrap();
    let crossed = json!({ "signInId": begun["registrationId"] });
    assert_eq!(finish_sign_in(&nobody, &crossed, &signed).await, over);
}

async fn an_answer_is_taken_for_five_minutes(world: &World) {
    let alice = Person::join(world).await;
    let begun = begin(&alice.client, proof(&alice.client, None).await).await.unwrap();
    let made = Device::new().create(&begun["options"]).await;
    world.pass(Duration::minutes(5)).await;
    let over = Err(refused("CHALLENGE_EXPIRED", "registrationId"));
    assert_eq!(finish(&alice.client, &begun, &made, "Phone").await, over);
    let (mut phone, _) = register(&alice, "Phone", None).await;
    // The session that began lives ten minutes without being refreshed.
    let opened = sign_in(&world.client(), &mut phone).await.unwrap();
    let client = world.client().with_token(text(&opened["session"]["accessToken"]));
    let (begun, asked) = (begin_sign_in(&world.client()).await, question(&client).await);
    let signed = phone.get(&begun["options"]).await;
    world.pass(Duration::minutes(5)).await;
    let over = Err(refused("CHALLENGE_EXPIRED", "signInId"));
    assert_eq!(finish_sign_in(&world.client(), &begun, &signed).await, over);
    let signed = phone.get(&asked["passkeyOptions"]).await;
    let over = Err(refused("CHALLENGE_EXPIRED", "challengeId"));
    assert_eq!(answer(&client, &asked, &signed).await, over);
}

async fn an_answer_is_good_for_its_own_question(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, _) = register(&alice, "Phone", None).await;
    let (one, other) = (question(&alice.client).await, question(&alice.client).await);
    let signing = begin_sign_in(&world.client()).await;
    for options in [&other["passkeyOptions"], &signing["options"]] {
        let signed = phone.get(options).await;
        assert_eq!(answer(&alice.client, &one, &signed).await, wrong());
    }
    let signed = phone.get(&one["passkeyOptions"]).await;
    assert_eq!(finish_sign_in(&world.client(), &signing, &signed).await, invalid());
    // A right answer in the wrong session is none.
    let opened = sign_in(&world.client(), &mut phone).await.unwrap();
    let second = world.client().with_token(text(&opened["session"]["accessToken"]));
    let elsewhere = Err(refused("CHALLENGE_INVALID", "challengeId"));
    assert_eq!(answer(&second, &one, &signed).await, elsewhere);
    // Nor is a registration that another session has begun.
    let proven = proof(&alice.client, Some(&mut phone)).await;
    let begun = begin(&alice.client, proven).await.unwrap();
    let made = Device::new().create(&begun["options"]).await;
    let over = Err(refused("CHALLENGE_EXPIRED", "registrationId"));
    assert_eq!(finish(&second, &begun, &made, "Phone").await, over);
    assert!(finish(&alice.client, &begun, &made, "Laptop").await.is_ok());
}

async fn the_key_of_another_person_is_refused(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let (mut phone, _) = register(&alice, "Phone", None).await;
    let begun = begin(&bob.client, proof(&bob.client, None).await).await.unwrap();
    let mut stolen = Device::new();
    let made = stolen.create(&begun["options"]).await;
    finish(&bob.client, &begun, &made, "Phone").await.unwrap();
    let asked = question(&alice.client).await;
    stolen.handle = Some(phone.handle());
    let signed = stolen.get(&asked["passkeyOptions"]).await;
    assert_eq!(answer(&alice.client, &asked, &signed).await, wrong());
    // A key of Bob that says it is Alice's opens neither wallet, and so it is where none says whose it is.
    for handle in [phone.handle(), String::new(), "AAAA".to_owned()] {
        stolen.handle = Some(handle);
        assert_eq!(sign_in(&world.client(), &mut stolen).await, invalid());
    }
    honest(&mut stolen);
    let opened = sign_in(&world.client(), &mut stolen).await.unwrap();
    let bobs = bob.client.ask("{ me { id } }", Value::Null).await;
    assert_eq!(opened["user"]["id"], bobs["me"]["id"]);
    // The answer of one is not that of the other, though the credential's id says so.
    let begun = begin_sign_in(&world.client()).await;
    let signed = stolen.get(&begun["options"]).await.replace(&stolen.id(), &phone.id());
    assert_eq!(finish_sign_in(&world.client(), &begun, &signed).await, invalid());
    // A key that nobody has registered.
    let begun = begin(&alice.client, proof(&alice.client, Some(&mut phone)).await).await.unwrap();
    let mut unknown = Device::new();
    unknown.create(&begun["options"]).await;
    assert_eq!(sign_in(&world.client(), &mut unknown).await, invalid());
    // Nobody can register a key whose id is taken.
    let twice = begin(&alice.client, proof(&alice.client, Some(&mut phone)).await).await.unwrap();
    let again = stolen.create_as_before(&twice["options"]).await;
    assert_eq!(finish(&alice.client, &twice, &again, "Bob's").await, invalid());
}

async fn a_copied_key_is_refused_and_told(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, _) = register(&alice, "Phone", None).await;
    for _ in 0..3 {
        assert!(sign_in(&world.client(), &mut phone).await.is_ok());
    }
    // The copy was made before the last two sign-ins.
    phone.set_counter(1);
    assert_eq!(sign_in(&world.client(), &mut phone).await, invalid());
    assert_eq!(events(&alice.client, "PASSKEY_COPIED").await, 1);
    assert_eq!(events(&alice.client, "SIGN_IN_FAILED").await, 1);
    let asked = question(&alice.client).await;
    phone.set_counter(0);
    let signed = phone.get(&asked["passkeyOptions"]).await;
    assert_eq!(answer(&alice.client, &asked, &signed).await, wrong());
    assert_eq!(events(&alice.client, "PASSKEY_COPIED").await, 2);
    let told = world.messages(&alice.handle).await;
    let copied = told.iter().filter(|(subject, _)| subject == "A passkey was refused");
    assert_eq!(copied.filter(|(_, body)| body.contains("\"Phone\"")).count(), 2, "{told:?}");
    phone.set_counter(40);
    assert!(sign_in(&world.client(), &mut phone).await.is_ok());
}

async fn events(client: &Client, kind: &str) -> usize {
    let log = client.ask("{ securityEvents(first: 50) { edges { node { kind } } } }", Value::Null).await;
    let edges = log["securityEvents"]["edges"].as_array().unwrap().iter();
    edges.filter(|edge| edge["node"]["kind"] == kind).count()
}

async fn tries_are_counted(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, _) = register(&alice, "Phone", None).await;
    phone.verified = false;
    // Five for the person, whatever the addresses.
    for number in 0..6 {
        let nobody = world.client().from(&format!("198.51.100.{number}"));
        let expected = if number < 5 { invalid() } else { Err(refused("TOO_MANY_TRIES", "")) };
        assert_eq!(sign_in(&nobody, &mut phone).await, expected, "{number}");
    }
    let nobody = world.client().from("203.0.113.1");
    for number in 0..21 {
        let begun = begin_sign_in(&nobody).await;
        let expected = if number < 20 { invalid() } else { Err(refused("TOO_MANY_TRIES", "")) };
        assert_eq!(finish_sign_in(&nobody, &begun, "{}").await, expected, "{number}");
    }
    let start = "mutation { startPasskeySignIn { signInId } }";
    for _ in 21..60 {
        assert!(nobody.try_ask(start, Value::Null).await.is_ok());
    }
    assert_eq!(nobody.try_ask(start, Value::Null).await, Err(refused("TOO_MANY_TRIES", "")));
    world.pass(Duration::hours(1)).await;
    phone.verified = true;
    assert!(sign_in(&world.client(), &mut phone).await.is_ok());
}

async fn nonsense_is_refused(world: &World) {
    let alice = Person::join(world).await;
    let (mut phone, _) = register(&alice, "Phone", None).await;
    let begun = begin_sign_in(&world.client()).await;
    let signed: Value = serde_json::from_str(&phone.get(&begun["options"]).await).unwrap();
    let asked = question(&alice.client).await;
    let mut nonsense = vec![String::new(), "null".into(), "[]".into(), "{}".into(), "x".repeat(50_000)];
    for field in ["clientDataJSON", "authenticatorData", "signature"] {
        for value in ["", "AAAA", "!"] {
            let mut broken = signed.clone();
            broken["response"][field] = json!(value);
            nonsense.push(broken.to_string());
        }
    }
    for text in &nonsense {
        // As many as one likes, by who signs in rightly between.
        assert!(sign_in(&world.client(), &mut phone).await.is_ok());
        let begun = begin_sign_in(&world.client()).await;
        assert_eq!(finish_sign_in(&world.client(), &begun, text).await, invalid(), "{text}");
    }
    for text in &nonsense[..4] {
        assert_eq!(answer(&alice.client, &asked, text).await, wrong(), "{text}");
    }
    let proven = || async { json!({ "password": PASSWORD, "challengeId": Value::Null }) };
    let bob = Person::join(world).await;
    for text in nonsense {
        let begun = begin(&bob.client, proven().await).await.unwrap();
        assert_eq!(finish(&bob.client, &begun, &text, "Phone").await, invalid(), "{text}");
    }
    for id in ["", "nonsense", text(&asked["id"])] {
        let malformed = Err(refused("ID_MALFORMED", "signInId"));
        assert_eq!(finish_sign_in(&world.client(), &json!({ "signInId": id }), "{}").await, malformed);
    }
}
