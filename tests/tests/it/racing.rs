//! Real concurrency: the same act at once, and more than there is at once.

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeSet;
use tests::client::{Client, Person, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    sixty_four_times_the_same_transfer_is_one,
    sixty_four_transfers_never_spend_more_than_there_is,
    both_ways_at_once_lock_nobody_out,
    two_apis_never_spend_more_than_there_is,
    ten_thousand_callers_are_all_answered,
);

async fn sixty_four_times_the_same_transfer_is_one(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let requests = (0..64).map(|_| {
        let input = alice.transfer(&bob, "1.00", "the-same");
        alice.client.try_act("createTransfer", "transaction { id state createdAt }", input)
    });
    let answers = join_all(requests).await;
    let first = answers[0].clone().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref() == Ok(&first)), "{answers:?}");
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("9.00", "1.00"));
}

async fn sixty_four_transfers_never_spend_more_than_there_is(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let requests = (0..64).map(|number| {
        let input = alice.transfer(&bob, "0.75", &format!("different-{number}"));
        alice.client.try_act("createTransfer", "transaction { id }", input)
    });
    let answers = join_all(requests).await;
    let (done, not_done): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    // 13 times 0.75 is 9.75; the fourteenth would be more than there is.
    assert_eq!(done.len(), 13);
    assert!(not_done.iter().all(|answer| *answer == Err(refused("INSUFFICIENT_FUNDS", "amount"))));
    let ids: BTreeSet<_> =
        done.iter().map(|answer| text(&answer.as_ref().unwrap()["transaction"]["id"]).to_owned()).collect();
    assert_eq!(ids.len(), 13);
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("0.25", "9.75"));
}

async fn both_ways_at_once_lock_nobody_out(world: &World) {
    let (alice, bob) = (Person::join_with(world, "50.00").await, Person::join_with(world, "50.00").await);
    let requests = (0..100).map(|number| {
        let (from, to) = if number % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        let input = from.transfer(to, "0.50", &format!("{number}"));
        from.client.try_act("createTransfer", "transaction { state }", input)
    });
    assert!(join_all(requests).await.iter().all(Result::is_ok));
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("50.00", "50.00"));
}

/// A second api on the database of a world, with a memory of its own.
async fn second_api(world: &World) -> (String, tokio::task::JoinHandle<()>) {
    let (db, clock) = (world.bank.db.clone(), world.bank.clock.clone());
    let bank = entity::Bank::open(db, entity::keys::Keys::new([7; 32]), clock, true).await.unwrap();
    let bank = bank.with_step_up(tests::world::unasked()).with_screening(false);
    let api = api::server::Api { bank, allowed_origins: Vec::new(), trusted_proxies: Vec::new() };
    let bound = api.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{}/graphql", bound.address());
    (url, tokio::spawn(async move { bound.serve(std::future::pending()).await.unwrap() }))
}

async fn two_apis_never_spend_more_than_there_is(world: &World) {
    let (alice, bob) = (Person::join_with(world, "30.00").await, Person::join_with(world, "30.00").await);
    let (url, serving) = second_api(world).await;
    let there =
        |person: &Person| Client::new(url.clone()).with_token(person.client.token.as_deref().unwrap());
    // Each api remembers balances that the other one changes.
    let requests = (0..200).map(|number| {
        let (from, to) = if number % 4 < 2 { (&alice, &bob) } else { (&bob, &alice) };
        let client = if number % 2 == 0 { from.client.clone() } else { there(from) };
        let input = from.transfer(to, "0.50", &format!("both-{number}"));
        async move { client.try_act("createTransfer", "transaction { state }", input).await }
    });
    assert!(join_all(requests).await.iter().all(Result::is_ok));
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("30.00", "30.00"));
    let requests = (0..128).map(|number| {
        let client = if number % 2 == 0 { alice.client.clone() } else { there(&alice) };
        // Each key is asked through both.
        let input = alice.transfer(&bob, "0.70", &format!("more-{}", number / 2));
        async move { client.try_act("createTransfer", "transaction { id }", input).await }
    });
    let answers = join_all(requests).await;
    let done: BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(|answer| text(&answer["transaction"]["id"]).to_owned())
        .collect();
    // 42 times 0.70 is 29.40; the next would be more than there is.
    assert_eq!(done.len(), 42, "{answers:?}");
    assert_eq!((alice.balance().await.as_str(), bob.balance().await.as_str()), ("0.60", "59.40"));
    serving.abort();
}

async fn ten_thousand_callers_are_all_answered(world: &World) {
    let (alice, bob) = (Person::join_with(world, "200.00").await, Person::join(world).await);
    let db = world.bank.db.connection();
    let sql = format!(
        "SELECT sessions.id, sessions.user_id FROM sessions JOIN handles ON handles.user_id = sessions.user_id \
         WHERE handles.fingerprint = {}",
        world.fingerprint(&alice.handle)
    );
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    let caller = entity::session::Caller {
        session: entity::id::SessionId(row.try_get("", "id").unwrap()),
        user: entity::id::UserId(row.try_get("", "user_id").unwrap()),
        confirmed: true,
        scopes: None,
        // As an access token says it.
        standing: Some(entity::standing::Standing {
            terms: Some(entity::terms::Terms::default().version),
            guarded_until: None,
            level: entity::kyc::Level::Unknown,
        }),
    };
    let to = entity::handle::Handle::email(text(&bob.handle["email"])).unwrap();
    let currency = entity::money::Currency::parse("EUR").unwrap();
    let calls = (0..10_000).map(|number| {
        let order = entity::transfer::Order {
            to: to.clone(),
            amount: entity::money::Amount::try_new(1, currency).unwrap(),
            preview: None,
            quote: None,
            note: None,
            key: entity::transaction::IdempotencyKey::parse(&format!("crowd-{number}")).unwrap(),
            challenge: None,
        };
        let bank = world.bank.clone();
        tokio::spawn(async move { entity::transfer::create(&bank, caller, order).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut done = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => done += 1,
            Err(entity::Error::Refused(refusal)) => assert_eq!(refusal.code.as_str(), "OVERLOADED"),
            Err(fault) => unreachable!("{fault}"),
        }
    }
    assert!(done >= 4_096, "{done}");
    assert_eq!(bob.balance().await, format!("{}.{:02}", done / 100, done % 100));
}
