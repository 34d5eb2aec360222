//! The handles of a person: added, made primary, removed, and everybody told.

use serde_json::{Value, json};
use tests::client::{PASSWORD, Person, Refused, refused, text, unique};
use tests::{World, on_both_setups};

on_both_setups!(
    a_second_handle_is_added_made_primary_and_the_first_removed,
    a_handle_of_somebody_else_looks_free_and_is_never_added,
    a_change_asks_for_the_password,
);

fn email() -> Value {
    json!({ "email": format!("second{}@example.com", unique()) })
}

async fn add(person: &Person, handle: &Value) -> String {
    let input = json!({ "handle": handle, "password": PASSWORD });
    let answer = person.client.act("addHandle", "verification { verificationId }", input).await;
    text(&answer["verification"]["verificationId"]).to_owned()
}

async fn verify(person: &Person, id: &str, code: &str) -> Result<Value, Refused> {
    let input = json!({ "verificationId": id, "code": code });
    person.client.try_act("verifyHandle", "user { handles { value isPrimary } }", input).await
}

async fn change(person: &Person, name: &str, handle: &Value, password: &str) -> Result<Value, Refused> {
    let input = json!({ "handle": handle, "password": password });
    person.client.try_act(name, "user { handles { value isPrimary } }", input).await
}

async fn a_second_handle_is_added_made_primary_and_the_first_removed(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join_with(world, "10.00").await);
    let second = email();
    let id = add(&alice, &second).await;
    let code = world.code(&second).await;
    // Nobody else can show it, and it works once.
    assert_eq!(verify(&bob, &id, &code).await, Err(refused("CODE_EXPIRED", "verificationId")));
    let added = verify(&alice, &id, &code).await.unwrap();
    let handles = json!([
        { "value": alice.handle["email"], "isPrimary": true },
        { "value": second["email"], "isPrimary": false },
    ]);
    assert_eq!(added["user"]["handles"], handles);
    assert_eq!(verify(&alice, &id, &code).await, Err(refused("CODE_EXPIRED", "code")));
    let primary = change(&alice, "removeHandle", &alice.handle, PASSWORD).await;
    assert_eq!(primary, Err(refused("HANDLE_PRIMARY", "handle")));
    change(&alice, "makeHandlePrimary", &second, PASSWORD).await.unwrap();
    let pay =
        |key| bob.client.try_act("createTransfer", "transaction { id }", bob.transfer(&alice, "1.00", key));
    let paid = pay("paid").await;
    assert!(paid.is_ok());
    change(&alice, "removeHandle", &alice.handle, PASSWORD).await.unwrap();
    // All handles heard of all changes, the removed one too.
    for handle in [&alice.handle, &second] {
        let subjects: Vec<_> = world.messages(handle).await.into_iter().map(|(subject, _)| subject).collect();
        let told = ["An address was removed", "Your primary address was changed", "An address was added"];
        assert_eq!(subjects[..3], told, "{handle}");
    }
    // The handle is free: it pays nobody, and then whoever takes it. What was paid is answered as it was.
    assert_eq!(pay("a").await, Err(refused("RECIPIENT_UNKNOWN", "to")));
    assert_eq!(pay("paid").await, paid);
    let carol = Person::join_as(world, alice.handle.clone()).await;
    assert!(pay("b").await.is_ok());
    assert_eq!((alice.balance().await.as_str(), carol.balance().await.as_str()), ("1.00", "1.00"));
}

async fn a_handle_of_somebody_else_looks_free_and_is_never_added(world: &World) {
    let (alice, bob) = (Person::join(world).await, Person::join(world).await);
    let id = add(&alice, &bob.handle).await;
    assert_eq!(world.messages(&bob.handle).await[0].0, "You have a wallet already");
    for code in ["000000", "123456"] {
        assert_eq!(verify(&alice, &id, code).await, Err(refused("CODE_WRONG", "code")));
    }
    // Two who add the same one: the first who shows the code has it.
    let third = email();
    let (first, second) = (add(&alice, &third).await, add(&bob, &third).await);
    world.settle().await;
    let codes: Vec<_> =
        world.messages(&third).await.iter().map(|(subject, _)| subject[..6].to_owned()).collect();
    assert!(verify(&bob, &second, &codes[0]).await.is_ok());
    assert_eq!(verify(&alice, &first, &codes[1]).await, Err(refused("CODE_EXPIRED", "code")));
}

async fn a_change_asks_for_the_password(world: &World) {
    let alice = Person::join(world).await;
    for name in ["makeHandlePrimary", "removeHandle"] {
        let answer = change(&alice, name, &alice.handle, "not the password").await;
        assert_eq!(answer, Err(refused("PASSWORD_WRONG", "password")), "{name}");
        let strange = json!({ "email": "nobody@example.com" });
        assert_eq!(change(&alice, name, &strange, PASSWORD).await, Err(refused("NOT_FOUND", "handle")));
    }
    let input = json!({ "handle": email(), "password": "" });
    let answer = alice.client.try_act("addHandle", "verification { verificationId }", input).await;
    assert_eq!(answer, Err(refused("PASSWORD_WRONG", "password")));
    // Guessing it in an open session is counted too.
    for _ in 0..4 {
        change(&alice, "removeHandle", &alice.handle, "not the password").await.unwrap_err();
    }
    let answer = change(&alice, "removeHandle", &alice.handle, PASSWORD).await;
    assert_eq!(answer.unwrap_err().code, "TOO_MANY_TRIES");
}
