//! What a payment was built on and is no longer so when it is written: sessions that ended and handles that went to somebody
//! else, beside the api that has seen them many a time.

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use tests::client::{Person, refused};
use tests::{Setup, World, on_both_setups};

on_both_setups!(
    a_session_that_ends_beside_the_api_moves_no_money,
    a_handle_that_goes_to_somebody_else_pays_nobody_else,
    many_who_pay_at_once_find_who_has_the_handle_now,
    a_session_that_ends_under_load_ends_once_for_all,
);

/// As another process would.
async fn beside(world: &World, statement: &str) {
    world.bank.db.connection().execute_unprepared(statement).await.unwrap();
}

/// A handle comes to somebody else.
async fn give(world: &World, handle: &Value, to: &Person) {
    let moved = format!(
        "UPDATE handles SET is_primary = FALSE, user_id = \
         (SELECT user_id FROM handles WHERE fingerprint = {}) WHERE fingerprint = {}",
        world.fingerprint(&to.handle),
        world.fingerprint(handle)
    );
    beside(world, &moved).await;
}

/// The sessions of a person.
fn session_of(world: &World, person: &Person) -> String {
    format!(
        "user_id = (SELECT user_id FROM handles WHERE fingerprint = {})",
        world.fingerprint(&person.handle)
    )
}

async fn a_session_that_ends_beside_the_api_moves_no_money(world: &World) {
    let long_ago = if world.bank.db.connection().get_database_backend() == sea_orm::DbBackend::Postgres {
        "'2001-01-01'"
    } else {
        "'2001-01-01T00:00:00+00:00'"
    };
    let bob = Person::join(world).await;
    for change in [
        format!("UPDATE sessions SET ended_at = {long_ago}, end_reason = 'REVOKED'"),
        format!("UPDATE sessions SET expires_at = {long_ago}"),
        "DELETE FROM sessions".to_owned(),
    ] {
        let alice = Person::join_with(world, "10.00").await;
        for key in ["first", "second", "third"] {
            let paid = alice.transfer(&bob, "1.00", key);
            alice.client.try_act("createTransfer", "transaction { id }", paid).await.unwrap();
        }
        beside(world, &format!("{change} WHERE {}", session_of(world, &alice))).await;
        // First the one that is not known: nothing but the accounts tells the api that it may not be.
        for key in ["fourth", "third"] {
            let late = alice.transfer(&bob, "1.00", key);
            let answer = alice.client.try_act("createTransfer", "transaction { id }", late).await;
            assert_eq!(answer, Err(refused("SESSION_ENDED", "")), "{change}");
        }
    }
    assert_eq!(bob.balance().await, "9.00");
}

async fn a_handle_that_goes_to_somebody_else_pays_nobody_else(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let carol = Person::join(world).await;
    let pay = |key: &str| {
        let input = alice.transfer(&bob, "1.00", key);
        alice.client.try_act("createTransfer", "transaction { id }", input)
    };
    for key in ["first", "second", "third"] {
        pay(key).await.unwrap();
    }
    give(world, &bob.handle, &carol).await;
    pay("fourth").await.unwrap();
    assert_eq!((bob.balance().await.as_str(), carol.balance().await.as_str()), ("3.00", "1.00"));
    pay("fifth").await.unwrap();
    let gone = format!("DELETE FROM handles WHERE fingerprint = {}", world.fingerprint(&bob.handle));
    beside(world, &gone).await;
    assert_eq!(pay("sixth").await, Err(refused("RECIPIENT_UNKNOWN", "to")));
    assert_eq!((bob.balance().await.as_str(), carol.balance().await.as_str()), ("3.00", "2.00"));
}

async fn many_who_pay_at_once_find_who_has_the_handle_now(world: &World) {
    let (alice, bob) = (Person::join_with(world, "20.00").await, Person::join(world).await);
    let (carol, dave) = (Person::join(world).await, Person::join(world).await);
    let pay = async |key: &str| {
        let input = alice.transfer(&bob, "0.10", key);
        alice.client.try_act("createTransfer", "transaction { id }", input).await
    };
    // From here on the api remembers whose it is.
    pay("before").await.unwrap();
    for (round, owner) in [&carol, &dave, &carol, &dave].into_iter().enumerate() {
        give(world, &bob.handle, owner).await;
        let keys: Vec<_> = (0..16).map(|number| format!("{round}-{number}")).collect();
        let paid = join_all(keys.iter().map(|key| pay(key))).await;
        assert!(paid.iter().all(Result::is_ok), "{paid:?}");
    }
    assert_eq!((carol.balance().await.as_str(), dave.balance().await.as_str()), ("3.20", "3.20"));
}

async fn a_session_that_ends_under_load_ends_once_for_all(world: &World) {
    let bob = Person::join(world).await;
    let people = join_all((0..8).map(|_| Person::join_with(world, "50.00"))).await;
    let pay = |alice: &Person, key: String| {
        let input = alice.transfer(&bob, "0.01", &key);
        let client = alice.client.clone();
        async move { client.try_act("createTransfer", "transaction { id }", input).await }
    };
    let acts = people.iter().map(|alice| async {
        let pay_many = join_all((0..64).map(|number| pay(alice, format!("load-{number}"))));
        let sign_out = alice.client.ask("mutation { signOut { signedOut } }", Value::Null);
        let (paid, signed_out) = tokio::join!(pay_many, sign_out);
        assert_eq!(signed_out["signOut"]["signedOut"], true);
        assert_eq!(pay(alice, "late".to_owned()).await, Err(refused("SESSION_ENDED", "")));
        let ended = Err(refused("SESSION_ENDED", ""));
        assert!(paid.iter().all(|answer| answer.is_ok() || *answer == ended), "{paid:?}");
        paid.iter().filter(|answer| answer.is_ok()).count()
    });
    let done: usize = join_all(acts).await.into_iter().sum();
    assert_eq!(bob.balance().await, format!("{}.{:02}", done / 100, done % 100));
}

/// Each time all accounts of the person are locked, and what ends may be many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_together_is_counted_once() {
    let world = World::open(Setup::Real).await;
    let alice = Person::join_with(&world, "1.00").await;
    let (db, handle) = (world.bank.db.connection(), world.fingerprint(&alice.handle));
    let counted = || async {
        let sql = format!(
            "SELECT revocations FROM accounts JOIN handles ON owner = user_id WHERE fingerprint = {handle}"
        );
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get::<i64>("", "revocations").unwrap()
    };
    let sessions = format!(
        "INSERT INTO sessions (id, user_id, created_at, refreshed_at, expires_at) \
         SELECT gen_random_uuid(), user_id, now(), now(), now() + interval '1 day' \
         FROM handles, generate_series(1, 1000) WHERE fingerprint = {handle}"
    );
    beside(&world, &sessions).await;
    assert_eq!(counted().await, 0);
    let end = "UPDATE sessions SET ended_at = now(), end_reason = 'REVOKED' WHERE";
    beside(&world, &format!("{end} {}", session_of(&world, &alice))).await;
    assert_eq!(counted().await, 1);
    // What has ended ends no more.
    beside(&world, &format!("{end} {}", session_of(&world, &alice))).await;
    beside(&world, &format!("DELETE FROM sessions WHERE {}", session_of(&world, &alice))).await;
    assert_eq!(counted().await, 1);
    world.close().await;
}
