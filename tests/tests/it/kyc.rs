//! Know your customer: what a person applies with, and who decides.

use entity::operator::Role;
use serde_json::{Value, json};
use tests::client::{Person, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    a_level_is_raised_by_two_who_looked_at_it,
    a_rejected_person_reads_why_and_applies_again,
    each_wrong_application_is_refused_by_its_field,
);

fn application(level: &str, documents: &[&str]) -> Value {
    let documents: Vec<_> = documents
        .iter()
        .map(|kind| json!({ "kind": kind, "reference": "store/4711", "sha256": "0a".repeat(32) }))
        .collect();
    let profile = json!({
        "fullName": "Alice Example-Person", "birthDate": "1990-02-28", "nationality": "DE",
        "address": "Musterweg 7", "town": "Berlin", "postalCode": "10115", "country": "DE",
    });
    json!({ "level": level, "profile": profile, "documents": documents })
}

async fn apply(person: &Person, input: Value) -> Value {
    person.client.act("applyForLevel", "application { id state }", input).await["application"].clone()
}

async fn level(person: &Person) -> Value {
    person.client.ask("{ me { kycLevel } }", Value::Null).await["me"]["kycLevel"].clone()
}

async fn a_level_is_raised_by_two_who_looked_at_it(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    assert_eq!(level(&alice).await, "UNKNOWN");
    let made = apply(&alice, application("IDENTIFIED", &["PASSPORT"])).await;
    assert!(!world.dump().await.contains("Example-Person"), "what a person tells lies sealed");
    let again =
        alice.client.try_act("applyForLevel", "application { id }", application("DECLARED", &[])).await;
    assert_eq!(again, Err(refused("APPLICATION_OPEN", "")));
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    let waiting = "{ waitingApplications { edges { node { id level } } } }";
    let node = reviewer.ask(waiting, Value::Null).await["waitingApplications"]["edges"][0]["node"].clone();
    assert_eq!(node, json!({ "id": made["id"], "level": "IDENTIFIED" }));
    let query = "query($id: ID!) { application(id: $id) { profile { fullName birthDate } documents { kind sha256 } } }";
    let seen = reviewer.ask(query, json!({ "id": made["id"] })).await["application"].clone();
    assert_eq!(seen["profile"], json!({ "fullName": "Alice Example-Person", "birthDate": "1990-02-28" }));
    let support = world.hire("support", &[Role::Support]).await;
    let other = support.try_ask(query, json!({ "id": made["id"] })).await;
    assert_eq!(other, Err(refused("ROLE_MISSING", "")));
    let done = world.agree(json!({ "raiseLevel": made["id"] })).await;
    assert_eq!(done["proposal"]["state"], "APPROVED");
    assert_eq!((level(&alice).await, level(&bob).await), (json!("IDENTIFIED"), json!("UNKNOWN")));
    assert!(world.messages(&alice.handle).await[0].1.contains("level 2"));
    let lower =
        alice.client.try_act("applyForLevel", "application { id }", application("DECLARED", &[])).await;
    assert_eq!(lower, Err(refused("LEVEL_REACHED", "level")));
    let twice = json!({ "change": { "raiseLevel": made["id"] }, "reason": "again" });
    let twice = reviewer.try_act("propose", "proposal { id }", twice).await;
    assert_eq!(twice, Err(refused("NOT_FOUND", "id")));
    let own = "{ kycApplications { state profile { town } } }";
    let own = alice.client.ask(own, Value::Null).await["kycApplications"].clone();
    assert_eq!(own, json!([{ "state": "APPROVED", "profile": { "town": "Berlin" } }]));
    assert_eq!(
        bob.client.ask("{ kycApplications { state } }", Value::Null).await["kycApplications"],
        json!([])
    );
}

async fn a_rejected_person_reads_why_and_applies_again(world: &World) {
    let alice = Person::join(world).await;
    let made = apply(&alice, application("IDENTIFIED", &["IDENTITY_CARD"])).await;
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    let reject = |reason: &str| {
        let input = json!({ "id": made["id"], "reason": reason });
        let reviewer = reviewer.clone();
        async move { reviewer.try_act("rejectApplication", "application { state }", input).await }
    };
    assert_eq!(reject("").await, Err(refused("REASON_INVALID", "reason")));
    let proposed = json!({ "change": { "raiseLevel": made["id"] }, "reason": "looks good" });
    let proposed = reviewer.act("propose", "proposal { id }", proposed).await;
    assert!(reject("The picture is blurred.").await.is_ok());
    // What was proposed meanwhile can't be done any more.
    let second = world.hire("second", &[Role::Reviewer]).await;
    let id = json!({ "id": proposed["proposal"]["id"] });
    let late = second.try_act("approveProposal", "secondHalf", id).await;
    assert_eq!(late, Err(refused("NOT_FOUND", "id")));
    assert!(world.messages(&alice.handle).await[0].1.contains("The picture is blurred."));
    let own = alice.client.ask("{ kycApplications { state reason } }", Value::Null).await["kycApplications"]
        .clone();
    assert_eq!(own, json!([{ "state": "REJECTED", "reason": "The picture is blurred." }]));
    let made = apply(&alice, application("DECLARED", &[])).await;
    assert_eq!(made["state"], "OPEN");
    let back = "mutation { withdrawApplication { application { state } } }";
    let withdrawn = alice.client.ask(back, Value::Null).await["withdrawApplication"].clone();
    assert_eq!(withdrawn["application"]["state"], "WITHDRAWN");
    assert_eq!(alice.client.try_ask(back, Value::Null).await, Err(refused("NOT_FOUND", "")));
    assert_eq!(level(&alice).await, "UNKNOWN");
}

async fn each_wrong_application_is_refused_by_its_field(world: &World) {
    let alice = Person::join(world).await;
    let with = |field: &str, value: &str| {
        let mut input = application("DECLARED", &[]);
        input["profile"][field] = json!(value);
        input
    };
    let mut unsafe_document = application("IDENTIFIED", &["PASSPORT"]);
    unsafe_document["documents"][0]["sha256"] = json!("abc");
    for (input, refusal) in [
        (with("fullName", " "), refused("PROFILE_INVALID", "profile.fullName")),
        (with("birthDate", "2015-01-01"), refused("PROFILE_INVALID", "profile.birthDate")),
        (with("nationality", "Germany"), refused("PROFILE_INVALID", "profile.nationality")),
        (with("country", "XX"), refused("PROFILE_INVALID", "profile.country")),
        (application("UNKNOWN", &[]), refused("LEVEL_REACHED", "level")),
        (application("IDENTIFIED", &[]), refused("DOCUMENTS_MISSING", "documents")),
        (application("FULL", &["PASSPORT"]), refused("DOCUMENTS_MISSING", "documents")),
        (unsafe_document, refused("DOCUMENTS_INVALID", "documents")),
    ] {
        let answer = alice.client.try_act("applyForLevel", "application { id }", input.clone()).await;
        assert_eq!(answer, Err(refusal), "{input}");
    }
    let mut wrong = application("DECLARED", &[]);
    wrong["profile"]["birthDate"] = json!("31.12.1990");
    let answer = alice.client.try_act("applyForLevel", "application { id }", wrong).await;
    assert_eq!(text(&json!(answer.unwrap_err().code)), "BAD_INPUT");
}
