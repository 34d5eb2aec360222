//! API keys: made with proof, bound to addresses and a time, and over when the person says so.

use chrono::Duration;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, euros, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    strict:
    a_key_is_shown_once_and_acts_within_its_scopes,
    a_key_is_made_by_the_person_and_only_as_it_may_be,
    a_key_works_from_its_addresses_only,
    a_key_works_until_it_expires_and_not_a_moment_after_it_was_revoked,
    what_ends_sessions_ends_keys,
    a_person_has_twenty_keys,
);

const KEY: &str = "id name hint scopes allowedAddresses createdAt expiresAt lastUsedAt \
    spending { limit { amount } interval spent { amount } }";

/// Answers a question about what guards the wallet, and gives its id.
async fn answered(world: &World, person: &Person) -> Value {
    let started = person.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let id = started["startChallenge"]["challenge"]["id"].clone();
    let code = world.messages(&person.handle).await.remove(0).0[..6].to_owned();
    let input = json!({ "challengeId": id, "answer": { "code": code } });
    person.client.act("answerChallenge", "session { accessToken }", input).await;
    id
}

/// Asks for a key of these scopes, with whatever else is said.
async fn try_make(world: &World, person: &Person, scopes: &[&str], more: Value) -> Result<Value, Refused> {
    let mut input = json!({
        "name": "the shop", "scopes": scopes, "password": PASSWORD,
        "expiresAt": world.bank.clock.now() + Duration::days(300),
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if input["challengeId"].is_null() {
        input["challengeId"] = answered(world, person).await;
    }
    person.client.try_act("createApiKey", &format!("secret apiKey {{ {KEY} }}"), input).await
}

/// A program with a new key of these scopes, and the key.
pub(crate) async fn make(world: &World, person: &Person, scopes: &[&str], more: Value) -> (Client, Value) {
    let made = try_make(world, person, scopes, more).await.unwrap();
    (world.client().with_token(text(&made["secret"])), made["apiKey"].clone())
}

/// A limit in euros.
pub(crate) fn limit(amount: &str, interval: &str) -> Value {
    json!({ "spendLimit": { "money": euros(amount), "interval": interval } })
}

/// Pays in euros.
pub(crate) async fn pay(program: &Client, to: &Person, amount: &str, key: &str) -> Result<Value, Refused> {
    let input = json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key });
    program.try_act("createTransfer", "transaction { id state } challenge { id }", input).await
}

/// The open keys of a person.
pub(crate) async fn keys(person: &Person) -> Vec<Value> {
    let answer = person.client.ask(&format!("{{ apiKeys {{ {KEY} }} }}"), Value::Null).await;
    answer["apiKeys"].as_array().unwrap().clone()
}

async fn me(client: &Client) -> Result<(), Refused> {
    client.try_ask("{ me { name } }", Value::Null).await.map(drop)
}

async fn a_key_is_shown_once_and_acts_within_its_scopes(world: &World) {
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let (program, key) = make(world, &alice, &["TRANSFER", "READ_ACCOUNTS"], limit("400.00", "MONTH")).await;
    let secret = program.token.clone().unwrap();
    assert!(secret.starts_with("wk_test_") && secret.len() == 72, "{secret}");
    assert_eq!(text(&key["hint"]), format!("wk_test_…{}", &secret[68..]));
    assert_eq!(key["scopes"], json!(["READ_ACCOUNTS", "TRANSFER"]));
    // No question, whatever the amount; and nothing of it counts for what the person itself may unasked.
    let done = pay(&program, &bob, "300.00", "rent").await.unwrap();
    assert_eq!((&done["transaction"]["state"], &done["challenge"]), (&json!("SETTLED"), &Value::Null));
    let own = pay(&alice.client, &bob, "30.00", "own").await.unwrap();
    assert_eq!(own["transaction"]["state"], "SETTLED");
    assert_eq!(bob.balance().await, "330.00");
    assert!(me(&program).await.is_ok());
    for query in
        ["{ me { handles { value } } }", "{ transactions { edges { node { id } } } }", "{ apiKeys { id } }"]
    {
        assert_eq!(program.try_ask(query, Value::Null).await.unwrap_err().code, "SCOPE_MISSING", "{query}");
    }
    // A scope more on one field is none on the next.
    let both = format!(
        "{{ a: me {{ name }} b: transaction(id: \"{}\") {{ id }} }}",
        text(&done["transaction"]["id"])
    );
    assert_eq!(program.try_ask(&both, Value::Null).await.unwrap_err().code, "SCOPE_MISSING");
    let open = keys(&alice).await;
    assert_eq!((open.len(), &open[0]["spending"]["spent"]["amount"]), (1, &json!("300.00")));
    assert!(open[0]["lastUsedAt"].is_string());
    let told = world.messages(&alice.handle).await;
    assert!(
        told.iter()
            .any(|(subject, body)| subject == "A program may use your wallet" && body.contains("the shop"))
    );
    let log = alice.client.ask("{ securityEvents(first: 1) { edges { node { kind } } } }", Value::Null).await;
    assert_eq!(log["securityEvents"]["edges"][0]["node"]["kind"], "API_KEY_CREATED");
    let input = json!({ "password": PASSWORD, "challengeId": answered(world, &alice).await });
    let known = alice.client.act("exportPersonalData", "json", input).await;
    let known: Value = serde_json::from_str(text(&known["json"])).unwrap();
    assert_eq!(
        (&known["apiKeys"][0]["name"], &known["apiKeys"][0]["hint"]),
        (&json!("the shop"), &key["hint"])
    );
    assert!(!known.to_string().contains(&secret));
    let dump = world.dump().await;
    assert!(!dump.contains(&secret) && !dump.contains(&secret[8..]));
}

async fn a_key_is_made_by_the_person_and_only_as_it_may_be(world: &World) {
    let alice = Person::join(world).await;
    let id = answered(world, &alice).await;
    let now = world.bank.clock.now();
    let many = vec!["192.0.2.1"; 21];
    for (scopes, more, code, field) in [
        (&["TRANSFER"][..], json!({}), "SPEND_LIMIT_REQUIRED", "spendLimit"),
        (&["WITHDRAW"], json!({}), "SPEND_LIMIT_REQUIRED", "spendLimit"),
        (&["TRANSFER"], limit("0.00", "DAY"), "AMOUNT_ZERO", "amount"),
        (&[], json!({}), "SCOPES_INVALID", "scopes"),
        (&["DEPOSIT"], json!({ "name": " " }), "NAME_INVALID", "name"),
        (&["DEPOSIT"], json!({ "allowedAddresses": ["home"] }), "ADDRESSES_INVALID", "allowedAddresses"),
        (&["DEPOSIT"], json!({ "allowedAddresses": many }), "ADDRESSES_INVALID", "allowedAddresses"),
        (&["DEPOSIT"], json!({ "expiresAt": now }), "EXPIRY_INVALID", "expiresAt"),
        (&["DEPOSIT"], json!({ "expiresAt": now + Duration::days(367) }), "EXPIRY_INVALID", "expiresAt"),
        (&["DEPOSIT"], json!({ "password": "not the password" }), "PASSWORD_WRONG", "password"),
    ] {
        let mut more = more;
        more["challengeId"] = id.clone();
        assert_eq!(try_make(world, &alice, scopes, more).await, Err(refused(code, field)));
    }
    // The answer is still good, once; a question that was not answered never is.
    let more = json!({ "challengeId": id });
    assert!(try_make(world, &alice, &["DEPOSIT"], more.clone()).await.is_ok());
    let invalid = Err(refused("CHALLENGE_INVALID", "challengeId"));
    assert_eq!(try_make(world, &alice, &["DEPOSIT"], more).await, invalid);
    let started = alice.client.ask("mutation { startChallenge { challenge { id } } }", Value::Null).await;
    let more = json!({ "challengeId": started["startChallenge"]["challenge"]["id"] });
    assert_eq!(try_make(world, &alice, &["DEPOSIT"], more).await, invalid);
    assert_eq!(keys(&alice).await.len(), 1);
}

async fn a_key_works_from_its_addresses_only(world: &World) {
    let alice = Person::join(world).await;
    let bound = json!({ "allowedAddresses": ["203.0.113.7", "198.51.100.200/24", "2001:db8::/32"] });
    let (program, key) = make(world, &alice, &["READ_ACCOUNTS"], bound).await;
    assert_eq!(key["allowedAddresses"], json!(["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32"]));
    for address in ["203.0.113.7", "198.51.100.1", "2001:db8::1"] {
        assert!(me(&program.from(address)).await.is_ok(), "{address}");
    }
    let elsewhere = Err(refused("ADDRESS_NOT_ALLOWED", ""));
    for address in ["203.0.113.8", "2001:db9::1", "203.0.113.7, 192.0.2.1"] {
        assert_eq!(me(&program.from(address)).await, elsewhere, "{address}");
    }
    assert_eq!(me(&program).await, elsewhere);
    let terms = program.try_ask("{ terms { version } }", Value::Null).await.map(drop);
    assert_eq!(terms, elsewhere, "not even what everybody may");
}

async fn a_key_works_until_it_expires_and_not_a_moment_after_it_was_revoked(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let (program, key) = make(world, &alice, &["TRANSFER", "READ_ACCOUNTS"], limit("5.00", "MONTH")).await;
    let (lasting, _) = make(world, &alice, &["READ_ACCOUNTS"], json!({})).await;
    pay(&program, &bob, "1.00", "before").await.unwrap();
    let revoke = |person: &Person| {
        let (client, input) = (person.client.clone(), json!({ "id": key["id"] }));
        async move { client.try_act("revokeApiKey", "revoked", input).await }
    };
    assert_eq!(revoke(&bob).await, Err(refused("NOT_FOUND", "id")));
    assert!(revoke(&alice).await.is_ok());
    for key in ["before", "after"] {
        assert_eq!(pay(&program, &bob, "1.00", key).await, Err(refused("API_KEY_INVALID", "")));
    }
    assert_eq!(revoke(&alice).await, Err(refused("NOT_FOUND", "id")));
    let told = world.messages(&alice.handle).await;
    assert!(told.iter().any(|(subject, _)| subject == "An API key was revoked"));
    for token in ["wk_", "wk_test_0", "wk_live_0", &program.token.unwrap().replace("test", "live")] {
        assert_eq!(me(&world.client().with_token(token)).await, Err(refused("API_KEY_INVALID", "")));
    }
    // Sessions idle out after two weeks, and end after two months; a key goes on to its own end.
    for _ in 0..14 {
        world.pass(Duration::days(21)).await;
        entity::session::forget_expired(&world.bank).await.unwrap();
        entity::api_key::forget_expired(&world.bank).await.unwrap();
        assert!(me(&lasting).await.is_ok());
    }
    world.pass(Duration::days(7)).await;
    assert_eq!(me(&lasting).await, Err(refused("API_KEY_INVALID", "")));
}

async fn what_ends_sessions_ends_keys(world: &World) {
    let invalid = || Err(refused("API_KEY_INVALID", ""));
    let alice = Person::join(world).await;
    let (program, _) = make(world, &alice, &["READ_ACCOUNTS"], json!({})).await;
    let sessions = alice.client.ask("{ sessions { id } }", Value::Null).await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    let others = alice.client.ask("mutation { revokeOtherSessions { revoked } }", Value::Null).await;
    assert_eq!(others["revokeOtherSessions"]["revoked"], 0);
    assert!(me(&program).await.is_ok());
    let change = json!({ "oldPassword": PASSWORD, "newPassword": "hopscotch under seven willows" });
    alice.client.act("changePassword", "profile { passwordSetAt }", change).await;
    assert_eq!(me(&program).await, invalid());
    assert_eq!(keys(&alice).await, Vec::<Value>::new());
    let told = world.messages(&alice.handle).await;
    assert!(told[0].1.contains("API keys were ended"), "{told:?}");

    let bob = Person::join(world).await;
    let (program, _) = make(world, &bob, &["READ_ACCOUNTS"], json!({})).await;
    assert!(me(&program).await.is_ok());
    bob.client.ask("mutation { lockUser { user { state } } }", Value::Null).await;
    assert_eq!(me(&program).await, invalid());

    let carol = Person::join(world).await;
    let (program, _) = make(world, &carol, &["READ_ACCOUNTS"], json!({})).await;
    assert!(me(&program).await.is_ok());
    carol.client.act("closeUser", "closed", json!({ "password": PASSWORD })).await;
    assert_eq!(me(&program).await, invalid());

    let dave = Person::join(world).await;
    let (program, _) = make(world, &dave, &["READ_ACCOUNTS"], json!({})).await;
    dave.client.act("enrolTotp", "secret", json!({ "password": PASSWORD })).await;
    assert!(me(&program).await.is_ok());
    world.client().act("requestPasswordReset", "requested", json!({ "handle": dave.handle })).await;
    let body = world.messages(&dave.handle).await.remove(0).1;
    let token = body.split(": ").nth(1).unwrap().split('.').next().unwrap();
    let reset = json!({ "token": token, "newPassword": "hopscotch under seven willows" });
    world.client().act("resetPassword", "reset", reset).await;
    assert_eq!(me(&program).await, invalid());
}

async fn a_person_has_twenty_keys(world: &World) {
    let alice = Person::join(world).await;
    let mut last = Value::Null;
    for n in 0..20 {
        last = make(world, &alice, &["DEPOSIT"], json!({ "name": format!("key {n}") })).await.1;
    }
    // Twenty questions in an hour are enough for anybody.
    world.pass(Duration::hours(2)).await;
    let input = json!({ "refreshToken": alice.refresh_token });
    let next = world.client().act("refreshSession", "session { accessToken }", input).await;
    let client = world.client().with_token(text(&next["session"]["accessToken"]));
    let alice = Person { client, ..alice };
    assert_eq!(try_make(world, &alice, &["DEPOSIT"], json!({})).await, Err(refused("API_KEY_LIMIT", "")));
    alice.client.act("revokeApiKey", "revoked", json!({ "id": last["id"] })).await;
    assert!(try_make(world, &alice, &["DEPOSIT"], json!({})).await.is_ok());
    assert_eq!(keys(&alice).await[0]["name"], "the shop");
}
