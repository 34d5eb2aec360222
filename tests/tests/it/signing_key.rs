//! Access tokens for others: verified by PyJWT with our public keys, and over a change of keys.

use chrono::Duration;
use entity::signing_key;
use serde_json::{Value, json};
use std::process::Command;
use tests::client::{Person, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    others_verify_our_tokens,
    tokens_that_are_forged_expired_or_for_others_are_refused,
    keys_are_replaced_while_everybody_is_signed_in,
);

/// Verifies a token as anybody would: with the public keys, for an audience, at a time.
const VERIFY: &str = r#"
import json, sys, jwt
token, keys, audience = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
kid = jwt.get_unverified_header(token)["kid"]
key = next(jwt.PyJWK(key).key for key in keys["keys"] if key["kid"] == kid)
options = {"verify_exp": False, "verify_iat": False}
print(json.dumps(jwt.decode(token, key, algorithms=["EdDSA"], audience=audience, issuer="okpay-wallet", options=options)))
"#;

fn verify(token: &str, keys: &Value, audience: &str) -> Result<Value, String> {
    let arguments = ["-c", VERIFY, token, &keys.to_string(), audience];
    let output = Command::new("/usr/bin/python3").args(arguments).output().expect("python3");
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned())
    }
}

async fn keys(world: &World) -> Value {
    let answer = reqwest::get(world.url("/.well-known/jwks.json")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    answer.json().await.unwrap()
}

async fn others_verify_our_tokens(world: &World) {
    let alice = Person::join(world).await;
    let token = alice.client.token.clone().unwrap();
    let keys = keys(world).await;
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    assert!(key.get("d").is_none(), "the secret half is public");
    let claims = verify(&token, &keys, "okpay-wallet/graphql").expect("python3-jwt verifies it");
    assert_eq!((&claims["iss"], &claims["acr"]), (&json!("okpay-wallet"), &json!(2)));
    assert!(verify(&token, &keys, "another").unwrap_err().contains("InvalidAudience"));
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    assert!(verify(&forged, &keys, "okpay-wallet/graphql").unwrap_err().contains("InvalidSignature"));
}

/// Signs the claims of a token anew: with a seed, under a key's name, with some claims changed.
const FORGE: &str = r#"
import json, sys, jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
token, seed, kid, algorithm, change = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3], sys.argv[4], json.loads(sys.argv[5])
claims = {**jwt.decode(token, options={"verify_signature": False}), **change}
key = {"none": None, "HS256": seed}.get(algorithm, Ed25519PrivateKey.from_private_bytes(seed))
print(jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid}), end="")
"#;

async fn tokens_that_are_forged_expired_or_for_others_are_refused(world: &World) {
    let alice = Person::join(world).await;
    let token = alice.client.token.clone().unwrap();
    let key = signing_key::ring(&world.bank).await.unwrap().remove(0);
    let ours: String = key.seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let other = "07".repeat(32);
    let public = keys(world).await["keys"][0]["x"].as_str().unwrap().to_owned();
    let public: String = base64_bytes(&public).iter().map(|byte| format!("{byte:02x}")).collect();
    let now = world.bank.clock.now().timestamp();
    let nothing = json!({});
    for (seed, kid, algorithm, change, code) in [
        (&ours, key.kid.as_str(), "EdDSA", &nothing, ""),
        (&ours, &key.kid, "EdDSA", &json!({ "exp": now - 1 }), "TOKEN_EXPIRED"),
        (&ours, &key.kid, "EdDSA", &json!({ "aud": "another" }), "TOKEN_INVALID"),
        (&ours, &key.kid, "EdDSA", &json!({ "iss": "another" }), "TOKEN_INVALID"),
        (&ours, &key.kid, "EdDSA", &json!({ "sid": uuid::Uuid::nil() }), "SESSION_ENDED"),
        (&ours, &key.kid, "EdDSA", &json!({ "sub": uuid::Uuid::nil() }), "SESSION_ENDED"),
        (&ours, "unknown", "EdDSA", &nothing, "TOKEN_INVALID"),
        (&other, &key.kid, "EdDSA", &nothing, "TOKEN_INVALID"),
        (&public, &key.kid, "HS256", &nothing, "TOKEN_INVALID"),
        (&ours, &key.kid, "HS256", &nothing, "TOKEN_INVALID"),
        (&ours, &key.kid, "none", &nothing, "TOKEN_INVALID"),
    ] {
        let arguments = ["-c", FORGE, &token, seed, kid, algorithm, &change.to_string()];
        let output = Command::new("/usr/bin/python3").args(arguments).output().expect("python3");
        assert!(output.status.success(), "{output:?}");
        let forged = String::from_utf8(output.stdout).unwrap();
        let answer = world.client().with_token(&forged).try_ask("{ me { id } }", Value::Null).await;
        assert_eq!(
            answer.err().map(|refusal| refusal.code).unwrap_or_default(),
            code,
            "{algorithm} {change}"
        );
    }
}

async fn keys_are_replaced_while_everybody_is_signed_in(world: &World) {
    let alice = Person::join(world).await;
    assert!(!signing_key::rotate(&world.bank).await.unwrap(), "a key of today was replaced");
    world.pass(Duration::days(31)).await;
    // Two at once make one.
    let (one, other) = tokio::join!(signing_key::rotate(&world.bank), signing_key::rotate(&world.bank));
    assert!(one.unwrap() || other.unwrap());
    let ring = signing_key::ring(&world.bank).await.unwrap();
    assert_eq!(ring.len(), 2);
    let authentication = api::authentication::Authentication::open(&world.bank).await.unwrap();
    let kid = |token: &str| {
        ring.iter().position(|key| {
            let header = base64_json(token.split('.').next().unwrap());
            header["kid"] == key.kid.as_str()
        })
    };
    let caller = entity::session::Caller {
        user: entity::id::UserId(uuid::Uuid::nil()),
        session: entity::id::SessionId(uuid::Uuid::nil()),
        confirmed: false,
        standing: None,
        scopes: None,
    };
    let token = || authentication.token(caller, world.bank.clock.now()).unwrap().0;
    // The new one is known, and does not sign yet.
    let old = token();
    assert_eq!(kid(&old), Some(1));
    world.pass(signing_key::NOTICE + Duration::minutes(1)).await;
    assert_eq!(kid(&token()), Some(0));
    assert_eq!(signing_key::ring(&world.bank).await.unwrap().len(), 2, "the old one still verifies");
    world.pass(Duration::minutes(30)).await;
    assert_eq!(signing_key::ring(&world.bank).await.unwrap().len(), 1, "the old one is over");
    authentication.reload(&world.bank).await.unwrap();
    assert_eq!(kid(&token()), Some(0));
    let gone = alice.client.try_ask("{ me { id } }", Value::Null).await;
    assert_eq!(gone, Err(refused("TOKEN_EXPIRED", "")));
}

fn base64_bytes(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn base64_json(text: &str) -> Value {
    serde_json::from_slice(&base64_bytes(text)).unwrap()
}
