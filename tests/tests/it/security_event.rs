//! The security log, devices, sessions, and what a person is told of them.

use chrono::Duration;
use entity::chain;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    what_happens_is_in_the_log_and_can_not_be_taken_out,
    a_new_device_is_told_and_can_be_reported,
    the_warnings_are_not_buried_under_each_other,
    sessions_are_listed_and_ended,
    a_session_that_is_not_used_expires,
    a_changed_password_ends_the_other_sessions,
);

const NEW: &str = "hopscotch under seven willows";

async fn sign_in(
    world: &World,
    person: &Person,
    password: &str,
    device: Option<&str>,
) -> Result<Value, Refused> {
    let input = json!({ "handle": person.handle, "password": password, "deviceToken": device });
    world
        .client()
        .from("198.51.100.7")
        .try_act("signIn", "session { accessToken refreshToken deviceToken }", input)
        .await
}

async fn kinds(person: &Person) -> Vec<String> {
    let log = person.client.ask("{ securityEvents { edges { node { kind } } } }", Value::Null).await;
    let edges = log["securityEvents"]["edges"].as_array().unwrap();
    edges.iter().map(|edge| text(&edge["node"]["kind"]).to_owned()).collect()
}

async fn what_happens_is_in_the_log_and_can_not_be_taken_out(world: &World) {
    let alice = Person::join(world).await;
    sign_in(world, &alice, "not the password", None).await.unwrap_err();
    world.settle().await;
    sign_in(world, &alice, PASSWORD, None).await.unwrap();
    let log = "{ securityEvents(first: 2) { edges { cursor node { number kind address hash } } pageInfo { hasNextPage } } }";
    let newest = alice.client.ask(log, Value::Null).await["securityEvents"].clone();
    assert_eq!(newest["edges"][0]["node"]["kind"], "SIGNED_IN");
    assert_eq!(newest["edges"][0]["node"]["address"], "198.51.100.7");
    assert_eq!(newest["edges"][1]["node"]["kind"], "SIGN_IN_FAILED");
    assert_eq!(
        (&newest["edges"][1]["node"]["number"], &newest["pageInfo"]["hasNextPage"]),
        (&json!(2), &json!(true))
    );
    let after = format!(
        "{{ securityEvents(after: {}) {{ edges {{ node {{ kind }} }} }} }}",
        newest["edges"][1]["cursor"]
    );
    let oldest = alice.client.ask(&after, Value::Null).await["securityEvents"].clone();
    assert_eq!(oldest["edges"], json!([{ "node": { "kind": "SIGNED_UP" } }]));
    // The database refuses a change; a chain that was changed all the same does not hold.
    let db = world.bank.db.connection();
    for order in ["UPDATE security_events SET kind = 'SIGNED_IN'", "DELETE FROM security_events"] {
        assert!(db.execute_unprepared(order).await.is_err(), "{order}");
    }
    assert_eq!(chain::verify(&world.bank.db).await.unwrap().broken, []);
    let (unlock, lock) = if world.redis.is_some() {
        ("ALTER TABLE security_events DISABLE TRIGGER ALL", "ALTER TABLE security_events ENABLE TRIGGER ALL")
    } else {
        ("DROP TRIGGER security_events_not_changed", "SELECT 1")
    };
    for order in [unlock, "UPDATE security_events SET kind = 'SIGNED_IN' WHERE seq = 2", lock] {
        db.execute_unprepared(order).await.unwrap();
    }
    let broken = chain::verify(&world.bank.db).await.unwrap().broken;
    assert_eq!(broken.iter().map(|one| (one.log, one.seq)).collect::<Vec<_>>(), [("security events", 2)]);
}

async fn a_new_device_is_told_and_can_be_reported(world: &World) {
    let alice = Person::join(world).await;
    let phrase = json!({ "antiPhishingPhrase": "blue rabbit", "language": "ZH" });
    alice.client.act("updateProfile", "profile { antiPhishingPhrase language timeZone }", phrase).await;
    let first = sign_in(world, &alice, PASSWORD, None).await.unwrap();
    let device = text(&first["session"]["deviceToken"]).to_owned();
    let told = world.messages(&alice.handle).await;
    assert!(told[0].0.contains("新设备") && told[0].1.contains("198.51.100.7"), "{told:?}");
    assert!(told[0].1.contains("blue rabbit"), "{told:?}");
    // A known device is no news.
    let again = sign_in(world, &alice, PASSWORD, Some(&device)).await.unwrap();
    assert_eq!(
        (world.messages(&alice.handle).await.len(), &again["session"]["deviceToken"]),
        (told.len(), &Value::Null)
    );
    let inbox = alice
        .client
        .ask(
            "{ unreadNotifications notifications { edges { node { id category subject body readAt } } } }",
            Value::Null,
        )
        .await;
    let entry = &inbox["notifications"]["edges"][0]["node"];
    assert_eq!(
        (&inbox["unreadNotifications"], &entry["category"], &entry["readAt"]),
        (&json!(1), &json!("SECURITY"), &Value::Null)
    );
    // The code that ends all sessions is in the message, and not in the inbox.
    let token = told[0].1.lines().next().unwrap().rsplit('：').next().unwrap().to_owned();
    assert!(token.len() == 64 && !text(&entry["body"]).contains(&token), "{token}");
    let read = alice.client.act("markNotificationsRead", "marked", json!({ "upTo": entry["id"] })).await;
    assert_eq!(read["marked"], 1);
    let report = |token: String| async move {
        world.client().try_act("reportSignIn", "sessionsEnded", json!({ "token": token })).await
    };
    for wrong in ["", "x", &token.replace(&token[60..], "0000")] {
        assert_eq!(report(wrong.to_owned()).await, Err(refused("CODE_EXPIRED", "token")), "{wrong}");
    }
    report(token).await.unwrap();
    let ended = alice.client.try_ask("{ me { id } }", Value::Null).await;
    assert_eq!(ended, Err(refused("SESSION_ENDED", "")));
    assert_eq!(world.messages(&alice.handle).await[0].0, "所有会话已结束");
}

/// Somebody who knows the password signs in again and again.
async fn the_warnings_are_not_buried_under_each_other(world: &World) {
    let alice = Person::join(world).await;
    world.pass(Duration::hours(2)).await;
    let news = async || {
        let told = world.messages(&alice.handle).await;
        told.iter().filter(|(subject, _)| subject == "Your wallet was opened on a new device").count()
    };
    // No more than five passwords are looked at at once.
    for _ in 0..2 {
        let all = futures::future::join_all((0..4).map(|_| sign_in(world, &alice, PASSWORD, None))).await;
        assert!(all.iter().all(Result::is_ok));
    }
    assert_eq!(news().await, 5);
    // Each of them is in the log.
    let alice = Person { client: refreshed(world, &alice).await, ..alice.clone() };
    let signed_in = kinds(&alice).await.into_iter().filter(|kind| kind == "SIGNED_IN").count();
    assert_eq!(signed_in, 8);
    world.pass(Duration::minutes(61)).await;
    sign_in(world, &alice, PASSWORD, None).await.unwrap();
    assert_eq!(news().await, 6);
}

async fn refreshed(world: &World, person: &Person) -> Client {
    let input = json!({ "refreshToken": person.refresh_token });
    let answer = world.client().act("refreshSession", "session { accessToken }", input).await;
    world.client().with_token(text(&answer["session"]["accessToken"]))
}

async fn sessions_are_listed_and_ended(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let mut others = Vec::new();
    for _ in 0..3 {
        let session = sign_in(world, &alice, PASSWORD, None).await.unwrap();
        others.push(world.client().with_token(text(&session["session"]["accessToken"])));
    }
    let query = "{ sessions { id isCurrent isConfirmed address createdAt expiresAt } }";
    let sessions = alice.client.ask(query, Value::Null).await["sessions"].clone();
    let sessions = sessions.as_array().unwrap();
    assert_eq!(
        sessions.iter().map(|open| open["isCurrent"] == true).collect::<Vec<_>>(),
        [false, false, false, true]
    );
    // Who has shown the code of the sign-up has shown more than a password.
    assert!(sessions.iter().all(|open| open["isConfirmed"] == open["isCurrent"]), "{sessions:?}");
    let id = json!({ "id": sessions[0]["id"] });
    let strange = bob.client.try_act("revokeSession", "revoked", id.clone()).await;
    assert_eq!(strange, Err(refused("NOT_FOUND", "id")));
    alice.client.act("revokeSession", "revoked", id).await;
    let me = "{ me { id } }";
    assert_eq!(others[2].try_ask(me, Value::Null).await, Err(refused("SESSION_ENDED", "")));
    assert!(others[1].try_ask(me, Value::Null).await.is_ok());
    let revoked = alice.client.ask("mutation { revokeOtherSessions { revoked } }", Value::Null).await;
    assert_eq!(revoked["revokeOtherSessions"]["revoked"], 2);
    assert_eq!(others[1].try_ask(me, Value::Null).await, Err(refused("SESSION_ENDED", "")));
    assert!(alice.client.try_ask(me, Value::Null).await.is_ok());
    assert_eq!(kinds(&alice).await[..2], ["SESSION_REVOKED", "SESSION_REVOKED"]);
}

async fn a_session_that_is_not_used_expires(world: &World) {
    let alice = Person::join(world).await;
    let refresh = |token: String| async move {
        let input = json!({ "refreshToken": token });
        world.client().try_act("refreshSession", "session { refreshToken }", input).await
    };
    let mut token = alice.refresh_token.clone();
    // Used each week it lives on, but no longer than sixty days.
    for _ in 0..8 {
        world.pass(Duration::days(7)).await;
        token = text(&refresh(token).await.unwrap()["session"]["refreshToken"]).to_owned();
    }
    world.pass(Duration::days(7)).await;
    assert_eq!(refresh(token).await, Err(refused("REFRESH_TOKEN_INVALID", "refreshToken")));
    let bob = Person::join(world).await;
    world.pass(Duration::days(15)).await;
    assert_eq!(
        refresh(bob.refresh_token.clone()).await,
        Err(refused("REFRESH_TOKEN_INVALID", "refreshToken"))
    );
}

async fn a_changed_password_ends_the_other_sessions(world: &World) {
    let alice = Person::join(world).await;
    let other = sign_in(world, &alice, PASSWORD, None).await.unwrap();
    let change = |old: &str, new: &str| {
        let input = json!({ "oldPassword": old, "newPassword": new });
        alice.client.try_act("changePassword", "profile { passwordSetAt }", input)
    };
    assert_eq!(change("wrong", NEW).await, Err(refused("PASSWORD_WRONG", "password")));
    assert_eq!(change(PASSWORD, "short").await, Err(refused("PASSWORD_TOO_SHORT", "newPassword")));
    assert_eq!(change(PASSWORD, "somebodysomebody").await, Err(refused("PASSWORD_WEAK", "newPassword")));
    change(PASSWORD, NEW).await.unwrap();
    let other = world.client().with_token(text(&other["session"]["accessToken"]));
    assert_eq!(other.try_ask("{ me { id } }", Value::Null).await, Err(refused("SESSION_ENDED", "")));
    assert_eq!(sign_in(world, &alice, PASSWORD, None).await, Err(refused("SIGN_IN_FAILED", "")));
    world.settle().await;
    assert!(sign_in(world, &alice, NEW, None).await.is_ok());
    assert_eq!(kinds(&alice).await[..3], ["SIGNED_IN", "SIGN_IN_FAILED", "PASSWORD_CHANGED"]);
    assert!(
        world.messages(&alice.handle).await.iter().any(|(subject, _)| subject == "Your password was changed")
    );
}
