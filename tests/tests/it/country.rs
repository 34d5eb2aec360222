//! Countries that people sign in from.

use chrono::Duration;
use entity::country::Countries;
use entity::fraud::{Outcome, Rule, RuleSet};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tests::client::{Client, PASSWORD, Person, text};
use tests::{Setup, World};

/// Networks of documentation (RFC 5737): in the file of the test one is in Germany and one in France, and a third nowhere.
const GERMANY: &str = "203.0.113.7";
const FRANCE: &str = "198.51.100.7";
const NOWHERE: &str = "192.0.2.7";

async fn world(setup: Setup) -> World {
    let rule = Rule {
        name: "abroad".into(),
        when: "country_days < 1 && wallet_days >= 1".into(),
        outcome: Outcome::Block,
        shadow: false,
    };
    let rules = Arc::new(RuleSet::load(vec![rule]).unwrap());
    let countries = Countries::open(Path::new("tests/it/countries.mmdb")).unwrap();
    let house = |bank: entity::Bank| {
        let bank = bank.with_step_up(tests::world::unasked()).with_countries(countries);
        bank.with_screening(true).with_fraud_rules(rules)
    };
    World::open_as(setup, house, |gateways| gateways).await
}

/// Signs in from an address.
async fn arrive(world: &World, person: &Person, address: &str) -> Client {
    let input = json!({ "handle": person.handle, "password": PASSWORD });
    let client = world.client().from(address);
    let answer = client.act("signIn", "session { accessToken }", input).await;
    client.with_token(text(&answer["session"]["accessToken"]))
}

async fn a_person_is_known_in_a_country_from_its_first_session_there(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    arrive(world, &alice, GERMANY).await;
    world.pass(Duration::days(2)).await;
    for (number, (address, is_known)) in
        [(GERMANY, true), (FRANCE, false), (NOWHERE, true)].into_iter().enumerate()
    {
        let client = arrive(world, &alice, address).await;
        let payment = alice.transfer(&bob, "1.00", &format!("k{number}"));
        // Who has shown nothing but the password is asked, if it may pay at all.
        let asked = client.try_act("createTransfer", "challenge { id }", payment).await;
        match asked {
            Ok(asked) => assert!(is_known && asked["challenge"].is_object(), "{address}: {asked}"),
            Err(refused) => assert_eq!((refused.code.as_str(), is_known), ("PAYMENT_BLOCKED", false)),
        }
    }
    let client = arrive(world, &alice, FRANCE).await;
    let seen = client.ask("{ sessions { address country } }", Value::Null).await;
    let seen: Vec<Value> =
        seen["sessions"].as_array().unwrap().iter().map(|session| session["country"].clone()).collect();
    assert_eq!(seen[..4], [json!("FR"), Value::Null, json!("FR"), json!("DE")]);
    // And the message about a new device says where it is.
    let messages = world.messages(&alice.handle).await;
    assert!(messages.iter().any(|(_, body)| body.contains("198.51.100.7 (FR)")), "{messages:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_known_in_a_country_from_its_first_session_there_on_both_setups() {
    for setup in [Setup::Embedded, Setup::Real] {
        let world = world(setup).await;
        a_person_is_known_in_a_country_from_its_first_session_there(&world).await;
        world.close().await;
    }
}

#[test]
fn what_is_no_file_of_countries_is_refused_in_words() {
    assert!(Countries::open(Path::new("tests/it/main.rs")).is_err());
    assert!(Countries::open(Path::new("nowhere.mmdb")).is_err());
}
