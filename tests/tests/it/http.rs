//! GraphQL over HTTP: media types, methods, limits, and how errors look.

use serde_json::{Value, json};
use tests::client::Person;
use tests::{World, on_both_setups};

on_both_setups!(
    the_protocol_is_kept,
    a_document_is_named_by_its_hash,
    hostile_documents_are_refused_at_once,
    operators_have_their_own_door,
);

const FORM: &str = "application/x-www-form-urlencoded";
const MODERN: &str = "application/graphql-response+json";

async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

async fn the_protocol_is_kept(world: &World) {
    let http = reqwest::Client::new();
    let url = world.url("/graphql");
    let post = |body: &str| {
        let request = http.post(&url).header("content-type", "application/json").header("accept", MODERN);
        request.body(body.to_owned())
    };
    let query = |text: &str| post(&json!({ "query": text }).to_string());
    assert_eq!(send(query("{ __typename }")).await, (200, json!({ "data": { "__typename": "Query" } })));
    for (request, status, expected) in [
        (query("{"), 400, "GRAPHQL_PARSE_FAILED"),
        (query("{ nothing }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("query($a: Int!) { node(id: $a) { id } }"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (query("{ me { id } }"), 200, "UNAUTHENTICATED"),
        (post("{"), 400, "REQUEST_MALFORMED"),
        (post("[]"), 400, "REQUEST_MALFORMED"),
        (post("[{\"query\":\"{__typename}\"}]"), 400, "REQUEST_MALFORMED"),
        (post("{\"query\":1}"), 400, "REQUEST_MALFORMED"),
        (
            post(&format!("{{\"query\":\"{{__typename}}\",\"x\":\"{}\"}}", "x".repeat(140_000))),
            413,
            "BODY_TOO_LARGE",
        ),
        (query("{ __typename }").bearer_auth("nonsense"), 401, "TOKEN_INVALID"),
        (http.get(format!("{url}?query=mutation{{signOut{{signedOut}}}}")), 405, "REQUEST_MALFORMED"),
        (http.get(format!("{url}?query=mutation%20Named{{signOut{{signedOut}}}}")), 405, "REQUEST_MALFORMED"),
        (http.delete(&url), 405, "REQUEST_MALFORMED"),
        (http.post(&url).header("content-type", "text/plain").body("{}"), 415, "REQUEST_MALFORMED"),
        (http.post(&url).header("content-type", FORM).body("query={__typename}"), 415, "REQUEST_MALFORMED"),
        (http.post(&url), 415, "REQUEST_MALFORMED"),
    ] {
        let (got, answer) = send(request).await;
        assert_eq!((got, code(&answer)), (status, expected), "{answer}");
        assert!(answer["errors"][0]["extensions"]["requestId"].is_string());
        let text = answer.to_string().to_lowercase();
        assert!(!text.contains("sql") && !text.contains("panicked") && !text.contains(".rs"), "{text}");
    }
    assert_eq!(send(http.get(format!("{url}?query={{__typename}}"))).await.0, 200);
    assert_eq!(send(http.get(&url).header("accept", "text/html")).await.0, 406);
    // A request without a document is malformed, whichever media type the client likes.
    for body in
        ["{}", r#"{"extensions":{}}"#, r#"{"extensions":{"persistedQuery":{"version":2,"sha256Hash":""}}}"#]
    {
        let json =
            http.post(&url).header("content-type", "application/json").header("accept", "application/json");
        let (got, answer) = send(json.body(body)).await;
        assert_eq!((got, code(&answer)), (400, "REQUEST_MALFORMED"), "{answer}");
    }
    let old = post("{\"query\":\"{\"}").header("accept", "application/json");
    assert!([200, 400].contains(&send(old).await.0));
    assert_eq!(send(http.get(world.url("/health/ready"))).await.0, 204);
    let page = http.get(world.url("/")).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
}

/// The SHA-256 of `{ __typename }`.
const HASH: &str = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";

async fn a_document_is_named_by_its_hash(world: &World) {
    let http = reqwest::Client::new();
    let ask = |query: Option<&str>, version: u32, hash: &str| {
        let named = json!({ "persistedQuery": { "version": version, "sha256Hash": hash } });
        let body = match query {
            Some(query) => json!({ "query": query, "extensions": named }),
            None => json!({ "extensions": named }),
        };
        send(
            http.post(world.url("/graphql"))
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
    };
    let data = json!({ "data": { "__typename": "Query" } });
    let unknown = ask(None, 1, HASH).await.1;
    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(code(&ask(Some("{ me { id } }"), 1, HASH).await.1), "REQUEST_MALFORMED");
    assert_eq!(code(&ask(Some("{ __typename }"), 2, HASH).await.1), "REQUEST_MALFORMED");
    assert_eq!(code(&ask(None, 1, HASH).await.1), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(ask(Some("{ __typename }"), 1, HASH).await.1, data);
    assert_eq!(ask(None, 1, HASH).await.1, data);
    let named = format!("%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22{HASH}%22%7D%7D");
    let by_get = http.get(format!("{}?extensions={named}", world.url("/graphql")));
    assert_eq!(send(by_get).await.1, data);
}

async fn hostile_documents_are_refused_at_once(world: &World) {
    let client = world.client();
    let fragments: String =
        (0..22).map(|i| format!("fragment F{i} on Query {{...F{0} ...F{0}}} ", i + 1)).collect();
    let exploding = format!("{{...F0}} {fragments} fragment F22 on Query {{__typename}}");
    let aliases: String = (0..100).map(|i| format!("a{i}: me {{ id }} ")).collect();
    let pages = "{ transactions(first: 100) { edges { node { counterparty { instrument { id } } } } } ".to_owned()
        + &(0..16).map(|i| format!("p{i}: transactions {{ edges {{ node {{ id kind state note money {{ amount currency minorUnits }} }} }} }} ")).collect::<String>()
        + "}";
    let deep = format!("{{ a {} }}", "{ a ".repeat(30_000));
    let searches: String = (0..8)
        .map(|i| {
            format!(
                "s{i}: transactions(first: 1, filter: {{ kinds: [WITHDRAWAL] }}) {{ edges {{ cursor }} }} "
            )
        })
        .collect();
    for expensive in [&pages, &format!("{{ {searches} }}")] {
        let refused = client.try_ask(expensive, Value::Null).await.unwrap_err();
        assert_eq!(refused.code, "DOCUMENT_TOO_COMPLEX");
    }
    for document in [exploding, format!("{{ {aliases} }}"), pages, deep, "[".repeat(30_000)] {
        let refused = client.try_ask(&document, Value::Null).await.unwrap_err();
        let known = [
            "DOCUMENT_TOO_COMPLEX",
            "DOCUMENT_TOO_DEEP",
            "GRAPHQL_PARSE_FAILED",
            "GRAPHQL_VALIDATION_FAILED",
        ];
        assert!(known.contains(&refused.code.as_str()), "{refused:?}");
    }
    assert!(client.try_ask("{ __typename }", Value::Null).await.is_ok());
}

async fn operators_have_their_own_door(world: &World) {
    let alice = Person::join(world).await;
    let query = "{ audit { clean } waitingJobs }";
    assert_eq!(world.operator().await.ask(query, Value::Null).await["audit"]["clean"], true);
    let door = world.operators();
    let nobody = tests::Client::new(world.url("/operator/graphql"));
    assert_eq!(nobody.try_ask(query, Value::Null).await.unwrap_err().code, "UNAUTHENTICATED");
    let app = door.with_token(alice.client.token.as_deref().unwrap());
    assert_eq!(app.try_ask(query, Value::Null).await.unwrap_err().code, "TOKEN_INVALID");
    assert_eq!(alice.client.try_ask(query, Value::Null).await.unwrap_err().code, "GRAPHQL_VALIDATION_FAILED");
}
