//! Leaving: the data goes along, the person is forgotten, the books stay.

use serde_json::{Value, json};
use tests::client::{IBAN, PASSWORD, Person, Refused, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(a_person_is_forgotten_and_the_books_stay_whole, a_wallet_that_is_not_empty_is_not_closed,);

pub(crate) async fn close(person: &Person) -> Result<Value, Refused> {
    person.client.try_act("closeUser", "closed", json!({ "password": PASSWORD })).await
}

async fn a_person_is_forgotten_and_the_books_stay_whole(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    alice
        .client
        .act("updateProfile", "profile { language }", json!({ "antiPhishingPhrase": "blue rabbit" }))
        .await;
    let paid = alice.send(&bob, "10.00").await;
    let tagged = json!({ "transactionId": paid, "note": "for the rabbit", "tags": ["private"] });
    alice.client.act("annotateTransaction", "transaction { id }", tagged).await;
    let wrong = alice.client.try_act("exportPersonalData", "json", json!({ "password": "wrong" })).await;
    assert_eq!(wrong, Err(refused("PASSWORD_WRONG", "password")));
    let export = alice.client.act("exportPersonalData", "json", json!({ "password": PASSWORD })).await;
    let known: Value = serde_json::from_str(text(&export["json"])).unwrap();
    let email = text(&alice.handle["email"]).to_owned();
    assert_eq!((&known["name"], &known["handles"][0]["value"]), (&json!("Somebody"), &json!(email)));
    assert_eq!(
        (&known["antiPhishingPhrase"], &known["instruments"][0]["iban"]),
        (&json!("blue rabbit"), &json!(IBAN))
    );
    assert!(known["securityEvents"].as_array().is_some_and(|events| !events.is_empty()), "{known}");

    let trial = || async {
        world.operator().await.ask("{ trialBalance { purpose balance { amount } } }", Value::Null).await
    };
    let before = trial().await;
    close(&alice).await.unwrap();
    assert_eq!(trial().await, before);
    assert_eq!(world.messages(&alice.handle).await[0].0, "Your wallet is closed");
    // Nobody gets in, the handle is free, and who was paid sees a payer without a name.
    let me = alice.client.try_ask("{ me { id } }", Value::Null).await;
    assert_eq!(me, Err(refused("SESSION_ENDED", "")));
    let signed = world
        .client()
        .try_act("signIn", "user { id }", json!({ "handle": alice.handle, "password": PASSWORD }))
        .await;
    assert_eq!(signed, Err(refused("SIGN_IN_FAILED", "")));
    let back = bob
        .client
        .try_act("createTransfer", "transaction { id }", bob.transfer(&alice, "1.00", "back"))
        .await;
    assert_eq!(back, Err(refused("RECIPIENT_UNKNOWN", "to")));
    let history = "{ transactions { edges { node { money { amount } counterparty { name } } } } }";
    let seen = bob.client.ask(history, Value::Null).await["transactions"]["edges"][0]["node"].clone();
    assert_eq!(seen, json!({ "money": { "amount": "10.00" }, "counterparty": { "name": null } }));
    let delivered = "DELETE FROM sandbox_messages";
    let db = world.bank.db.connection();
    sea_orm::ConnectionTrait::execute_unprepared(db, delivered).await.unwrap();
    let dump = world.dump().await;
    for secret in [&email, "blue rabbit", "for the rabbit"] {
        assert!(!dump.contains(secret), "{secret} is still there");
    }
    let again = Person::join_as(world, alice.handle.clone()).await;
    assert_eq!(again.balance().await, "0.00");
}

async fn a_wallet_that_is_not_empty_is_not_closed(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    assert_eq!(close(&alice).await, Err(refused("BALANCE_LEFT", "")));
    // The bank settles two seconds later; until then the money may come back.
    let id = alice.withdraw("DE16500105175407320003", "10.00").await;
    assert_ne!(alice.state(&id).await, "SETTLED");
    assert_eq!(close(&alice).await, Err(refused("ACTS_UNDER_WAY", "")));
    assert_eq!(alice.settled(world, &id).await, "SETTLED");
    world.settle().await;
    // Who was refused can go on.
    alice.top_up(world, "1.00").await;
    assert_eq!(close(&alice).await, Err(refused("BALANCE_LEFT", "")));
    let id = alice.withdraw(IBAN, "1.00").await;
    assert_eq!(alice.settled(world, &id).await, "SETTLED");
    world.settle().await;
    close(&alice).await.unwrap();
}
