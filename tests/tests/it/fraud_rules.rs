//! The rules by which payments are screened: put in force by two, refused in words, and measured by what became of payments.

use chrono::Duration;
use entity::operator::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::client::{Client, Person, euros, refused};
use tests::{World, on_both_setups};
use worker::schedule::{Task, perform};

on_both_setups!(
    screened:
    two_reviewers_put_rules_in_force_and_see_how_often_they_were_right,
    rules_that_cannot_be_loaded_are_refused_in_words,
    rules_are_for_reviewers_and_versions_are_never_changed,
);

const RULES: &str = "query($version: Int) { fraudRules(version: $version) { version since rules { rule { name when outcome shadow }
  hits { count worth { amount } } right { count } wrong { count worth { amount } } precision } } }";

fn rule(name: &str, when: &str, shadow: bool) -> Value {
    json!({ "name": name, "when": when, "outcome": "REVIEW", "shadow": shadow })
}

async fn send(from: &Person, to: &Person, amount: &str, key: &str) -> Value {
    let input = json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key });
    from.client.act("createTransfer", "transaction { id state }", input).await["transaction"].clone()
}

async fn rules(reviewer: &Client, version: Option<i32>) -> Value {
    reviewer.ask(RULES, json!({ "version": version })).await["fraudRules"].clone()
}

async fn watch(world: &World) {
    world.pass(Duration::seconds(3)).await;
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::WatchPayments).await.unwrap();
}

async fn two_reviewers_put_rules_in_force_and_see_how_often_they_were_right(world: &World) {
    watch(world).await;
    let (alice, bob) = (Person::join_with(world, "500.00").await, Person::join(world).await);
    let (first, second) =
        (world.hire("rules1", &[Role::Reviewer]).await, world.hire("rules2", &[Role::Reviewer]).await);
    let begun = rules(&first, None).await;
    assert_eq!((&begun["version"], &begun["since"]), (&json!(0), &Value::Null));
    let new = [rule("tens", "amount >= 1000 && amount < 5000", false), rule("all", "amount > 0", true)];
    let change = json!({ "change": { "setFraudRules": new }, "reason": "as agreed" });
    let shown = "proposal { id change { ... on SetFraudRules { rules { name } } } }";
    let proposal = first.act("propose", shown, change).await["proposal"].clone();
    assert_eq!(proposal["change"]["rules"], json!([{ "name": "tens" }, { "name": "all" }]));
    assert_eq!(send(&alice, &bob, "10.00", "before").await["state"], "SETTLED");
    second.act("approveProposal", "proposal { state }", json!({ "id": proposal["id"] })).await;
    let [bad, good] = [send(&alice, &bob, "10.00", "bad").await, send(&alice, &bob, "20.00", "good").await];
    assert_eq!((&bad["state"], &good["state"]), (&json!("IN_REVIEW"), &json!("IN_REVIEW")));
    assert_eq!(send(&alice, &bob, "60.00", "quiet").await["state"], "SETTLED");
    first.act("rejectPayment", "state", json!({ "id": bad["id"] })).await;
    world.agree(json!({ "releasePayment": good["id"] })).await;
    world.settle().await;
    watch(world).await;
    let now = rules(&first, None).await;
    assert_eq!(now["version"], 1);
    let sum = |count: u64, amount: &str| json!({ "count": count, "worth": { "amount": amount } });
    let [tens, all] = [&now["rules"][0], &now["rules"][1]];
    // What had moved before they were in force is judged by them too, unless the worker of this world has come by sooner.
    let [sooner, later] = [(sum(2, "30.00"), sum(3, "90.00")), (sum(3, "40.00"), sum(4, "100.00"))];
    let hits = (tens["hits"].clone(), all["hits"].clone());
    assert!(hits == sooner || hits == later, "{tens} {all}");
    assert_eq!(tens["precision"], 50);
    // And nobody has looked into it.
    assert_eq!((&tens["right"]["count"], &tens["wrong"]), (&json!(1), &sum(1, "20.00")), "{tens}");
    // And the version before stays to be read.
    assert_eq!(rules(&first, Some(0)).await["rules"], begun["rules"]);
    let none = first.try_ask(RULES, json!({ "version": 2 })).await.unwrap_err();
    assert_eq!(none, refused("NOT_FOUND", "version"));
}

async fn rules_that_cannot_be_loaded_are_refused_in_words(world: &World) {
    let reviewer = world.hire("words", &[Role::Reviewer]).await;
    let check = "query($rules: [FraudRuleInput!]!) { checkFraudRules(rules: $rules) }";
    for (when, why) in [
        ("amount >", "wrong: "),
        ("salary > 1", "wrong: there is no signal salary"),
        ("amount / idle_days > 1", "wrong: it may divide by a number other than zero"),
    ] {
        let rules = json!([rule("right", "amount > 1", false), rule("wrong", when, false)]);
        let said = reviewer.ask(check, json!({ "rules": rules })).await["checkFraudRules"].clone();
        assert!(said.as_str().unwrap().starts_with(why), "{said}");
        let change = json!({ "change": { "setFraudRules": rules }, "reason": "a mistake" });
        let no = reviewer.try_act("propose", "proposal { id }", change).await.unwrap_err();
        assert_eq!(no, refused("FRAUD_RULES_INVALID", "rules"));
    }
    let none = reviewer.ask(check, json!({ "rules": [] })).await["checkFraudRules"].clone();
    assert_eq!(none, "there are no rules");
    let long = "{ fraudRules(days: -5) { version } }";
    assert_eq!(reviewer.try_ask(long, Value::Null).await, Err(refused("FILTER_INVALID", "days")));
    let unseen = json!({ "rules": [rule("a\u{0}b", "amount > 1", false)] });
    let said = reviewer.ask(check, unseen).await["checkFraudRules"].clone();
    assert!(said.as_str().unwrap().contains("can't be shown"), "{said}");
    let right = json!({ "rules": [rule("right", "amount > 1 && !night", false)] });
    assert_eq!(reviewer.ask(check, right).await["checkFraudRules"], Value::Null);
    let signals = reviewer.ask("{ fraudSignals { name isFlag says } }", Value::Null).await;
    assert_eq!(signals["fraudSignals"][0]["name"], "amount");
}

async fn rules_are_for_reviewers_and_versions_are_never_changed(world: &World) {
    let support = world.hire("curious", &[Role::Support, Role::Engineer]).await;
    assert_eq!(support.try_ask(RULES, Value::Null).await.unwrap_err().code, "ROLE_MISSING");
    let rules = [rule("the rule", "amount > 1000000", true)];
    let change = json!({ "change": { "setFraudRules": rules }, "reason": "mine alone" });
    let no = support.try_act("propose", "proposal { id }", change).await.unwrap_err();
    assert_eq!(no.code, "ROLE_MISSING");
    world.agree(json!({ "setFraudRules": rules })).await;
    for statement in ["UPDATE fraud_rule_versions SET rules = '[1]'", "DELETE FROM fraud_rule_versions"] {
        let refused = world.bank.db.connection().execute_unprepared(statement).await;
        assert!(refused.is_err(), "{statement}");
    }
}
