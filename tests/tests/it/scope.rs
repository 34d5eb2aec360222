//! What API keys may: each root field of the schema is asked by a key of each scope. Whatever needs somebody who
//! asks, and is not in the table below, no key may.

use crate::api_key::make;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::client::{Client, Person, euros, text};
use tests::{World, on_both_setups};

on_both_setups!(a_key_may_what_its_scopes_name_and_nothing_else);

/// What each scope opens.
const OPENED: [(&str, &[&str]); 6] = [
    ("READ_ACCOUNTS", &["account", "accounts", "instruments", "me", "node", "totalBalance"]),
    ("READ_TRANSACTIONS", &["quote", "transaction", "transactions"]),
    ("TRANSFER", &["createQuote", "createTransfer", "previewTransfer"]),
    ("WITHDRAW", &["previewWithdrawal", "requestWithdrawal"]),
    ("DEPOSIT", &["requestDeposit"]),
    ("ANNOTATE", &["annotateTransaction"]),
];
/// What nobody in particular may, and so every key.
const PUBLIC: [&str; 22] = [
    "activateUser",
    "answerChallenge",
    "askPasswordReset",
    "cancelRecoveryCase",
    "errorCodes",
    "exchangeRates",
    "finishPasskeySignIn",
    "openRecoveryCase",
    "rate",
    "rateHistory",
    "recoveryStatus",
    "refreshSession",
    "reportSignIn",
    "requestPasswordReset",
    "resendCode",
    "resetPassword",
    "sandboxMessages",
    "signIn",
    "signUp",
    "startPasskeySignIn",
    "startRecovery",
    "terms",
];

const SCHEMA: &str = "query {
  __schema { queryType { ...fields } mutationType { ...fields }
    types { name kind enumValues { name } inputFields { name type { ...of } } } } }
  fragment fields on __Type { fields { name args { name type { ...of } } type { ...of } } }
  fragment of on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A value of a type, as small as can be.
fn literal(schema: &Value, of: &Value) -> String {
    let name = of["name"].as_str().unwrap_or_default();
    let found = items(&schema["types"]).find(|known| known["name"] == name);
    match text(&of["kind"]) {
        "NON_NULL" => literal(schema, &of["ofType"]),
        "LIST" => format!("[{}]", literal(schema, &of["ofType"])),
        "ENUM" => text(&found.unwrap()["enumValues"][0]["name"]).to_owned(),
        "INPUT_OBJECT" => {
            let all = &found.unwrap()["inputFields"];
            let mut given: Vec<_> = items(all).filter(|field| field["type"]["kind"] == "NON_NULL").collect();
            // One of several, or one of what may be left out.
            given.extend(all.get(0).filter(|_| given.is_empty()));
            let given = given.into_iter();
            let given =
                given.map(|field| format!("{}: {}", text(&field["name"]), literal(schema, &field["type"])));
            format!("{{ {} }}", given.collect::<Vec<_>>().join(" "))
        }
        _ => match name {
            "Int" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            "NaiveDate" => "\"1990-01-01\"".to_owned(),
            "DateTime" => "\"2100-01-01T00:00:00Z\"".to_owned(),
            _ => "\"x\"".to_owned(),
        },
    }
}

/// A document that asks for one root field with all that it needs.
fn document(schema: &Value, kind: &str, field: &Value) -> String {
    let needed = items(&field["args"]).filter(|arg| arg["type"]["kind"] == "NON_NULL");
    let given = needed.map(|arg| format!("{}: {}", text(&arg["name"]), literal(schema, &arg["type"])));
    let given = given.collect::<Vec<_>>().join(" ");
    let given = if given.is_empty() { given } else { format!("({given})") };
    let mut of = &field["type"];
    while !of["ofType"].is_null() {
        of = &of["ofType"];
    }
    let leaf = ["SCALAR", "ENUM"].contains(&text(&of["kind"]));
    format!("{kind} {{ {}{given} {} }}", text(&field["name"]), if leaf { "" } else { "{ __typename }" })
}

/// The root fields that do not answer with this code.
async fn passed<'a>(client: &Client, fields: &'a [(String, String)], code: &str) -> BTreeSet<&'a str> {
    let mut passed = BTreeSet::new();
    for (name, document) in fields {
        let answer = client.answer(document, Value::Null).await;
        let said = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        assert!(!said.starts_with("GRAPHQL"), "{document} {answer}");
        if said != code {
            passed.insert(name.as_str());
        }
    }
    passed
}

async fn a_key_may_what_its_scopes_name_and_nothing_else(world: &World) {
    let schema = world.client().ask(SCHEMA, Value::Null).await["__schema"].clone();
    let root = |kind: &str, of: &str| {
        let fields = items(&schema[of]["fields"]);
        let field = |field: &Value| (text(&field["name"]).to_owned(), document(&schema, kind, field));
        fields.map(field).collect::<Vec<_>>()
    };
    let fields = [root("query", "queryType"), root("mutation", "mutationType")].concat();
    assert!(fields.len() > 50, "{}", fields.len());
    let public = passed(&world.client(), &fields, "UNAUTHENTICATED").await;
    assert_eq!(public, BTreeSet::from(PUBLIC));
    let alice = Person::join(world).await;
    for (scope, opened) in OPENED {
        let limit = json!({ "spendLimit": { "money": euros("1.00"), "interval": "DAY" } });
        let (program, _) = make(world, &alice, &[scope], limit).await;
        let expected: BTreeSet<_> = public.iter().chain(opened).copied().collect();
        assert_eq!(passed(&program, &fields, "SCOPE_MISSING").await, expected, "{scope}");
    }
}
