//! What the database holds of a person is sealed, and another master key can take over.

use entity::keys::Keys;
use entity::{Bank, vault};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tests::client::{IBAN, Person, text};
use tests::{World, on_both_setups};

on_both_setups!(what_is_known_of_a_person_is_sealed, another_master_key_takes_over);

async fn what_is_known_of_a_person_is_sealed(world: &World) {
    let alice = Person::join(world).await;
    let bank_account = json!({ "iban": IBAN, "holder": "Alice Liddell", "nickname": "Rabbit hole" });
    alice.client.act("linkBankAccount", "instrument { id }", bank_account).await;
    let seen = alice
        .client
        .ask(
            "{ me { name handles { value } } instruments { edges { node { holder nickname maskedIban } } } }",
            json!(null),
        )
        .await;
    let email = text(&alice.handle["email"]);
    let linked = json!({ "holder": "Alice Liddell", "nickname": "Rabbit hole", "maskedIban": "DE89…3000" });
    assert_eq!(seen["me"], json!({ "name": "Somebody", "handles": [{ "value": email }] }));
    assert_eq!(seen["instruments"]["edges"][0]["node"], linked);
    world.settle().await;
    // The simulated mail is outside: what it delivered is no part of the bank.
    world.bank.db.connection().execute_unprepared("DELETE FROM sandbox_messages").await.unwrap();
    let dump = world.dump().await;
    assert!(dump.contains("PENDING_ACTIVATION") || dump.contains("ACTIVE"), "this is no dump");
    for secret in [email, "Somebody", "Alice Liddell", "Rabbit hole", IBAN] {
        assert!(!dump.contains(secret), "{secret} lies open in the database");
    }
}

async fn another_master_key_takes_over(world: &World) {
    let alice = Person::join(world).await;
    Person::join(world).await;
    let open = |keys: Keys| Bank::open(world.bank.db.clone(), keys, world.bank.clock.clone(), true);
    let (old, new) = ([7; 32], [8; 32]);
    assert!(open(Keys::new(new)).await.is_err(), "the root was opened with a stranger's key");
    let both = open(Keys::new(new).with_old(&[old])).await.unwrap();
    // The root and two people; then nothing is left to do.
    assert_eq!(vault::reseal(&both).await.unwrap(), 3);
    assert_eq!(vault::reseal(&both).await.unwrap(), 0);
    assert!(open(Keys::new(old)).await.is_err(), "the old key still opens the root");
    let renewed = open(Keys::new(new)).await.unwrap();
    let handle = entity::handle::Handle::email(text(&alice.handle["email"])).unwrap();
    let found = entity::user::reached_by(&renewed, &handle).await.unwrap().unwrap();
    let people = entity::user::find_many(&renewed, &[found]).await.unwrap();
    assert_eq!(people[&found].name.as_deref(), Some("Somebody"));
}
