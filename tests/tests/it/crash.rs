//! Faults at every point between the commit that calls for a job and the one that ends it.

use chrono::Duration;
use futures::future::join_all;
use std::sync::Arc;
use tests::client::{IBAN, Person};
use tests::rails::CountingRail;
use tests::{Setup, World};

/// A world with a counting bank, and somebody with money in it.
async fn open(setup: Setup, rail: &CountingRail) -> (World, Person) {
    let outside = rail.clone();
    let world =
        World::open_with(setup, |gateways| worker::gateway::Gateways { rail: Arc::new(outside), ..gateways });
    let world = world.await;
    let alice = Person::join(&world).await;
    (world, alice)
}

async fn withdraw_many(alice: &Person, count: u32) -> Vec<String> {
    join_all((0..count).map(|_| alice.withdraw(IBAN, "1.00"))).await
}

/// Every withdrawal settled, and the bank was told of each once.
async fn all_settled_once(world: &World, alice: &Person, rail: &CountingRail, ids: &[String]) {
    for id in ids {
        assert_eq!(alice.settled(world, id).await, "SETTLED");
    }
    assert!(rail.told().values().all(|times| *times == 1), "{:?}", rail.told());
    assert_eq!(rail.told().len(), ids.len() + 1);
}

async fn between_commit_and_push(setup: Setup) {
    let rail = CountingRail::open();
    let (mut world, alice) = open(setup, &rail).await;
    alice.top_up(&world, "100.00").await;
    world.crash_workers().await;
    let ids = withdraw_many(&alice, 20).await;
    for id in &ids {
        assert_eq!(alice.state(id).await, "REQUESTED");
    }
    world.start_worker().await;
    all_settled_once(&world, &alice, &rail, &ids).await;
    world.close().await;
}

async fn between_effect_and_finish(setup: Setup) {
    let rail = CountingRail::silent();
    let (mut world, alice) = open(setup, &rail).await;
    // The bank has the order and has not answered when the worker dies.
    let id = alice.deposit(IBAN, "100.00").await;
    world.until(|| async { (rail.told().len() == 1).then_some(()) }).await;
    world.crash_workers().await;
    assert_eq!(alice.balance().await, "0.00");
    rail.answer();
    world.start_worker().await;
    assert_eq!(alice.settled(&world, &id).await, "SETTLED");
    all_settled_once(&world, &alice, &rail, &[]).await;
    assert_eq!(alice.balance().await, "100.00");
    world.close().await;
}

async fn twice_at_once(setup: Setup) {
    let rail = CountingRail::silent();
    let (mut world, alice) = open(setup, &rail).await;
    world.start_worker().await;
    let id = alice.deposit(IBAN, "100.00").await;
    world.until(|| async { (rail.told().len() == 1).then_some(()) }).await;
    // The lease runs out while the first handler still waits for the bank: a second one begins.
    for _ in 0..3 {
        world.pass(Duration::minutes(3)).await;
    }
    rail.answer();
    assert_eq!(alice.settled(&world, &id).await, "SETTLED");
    all_settled_once(&world, &alice, &rail, &[]).await;
    assert_eq!(alice.balance().await, "100.00");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_before_the_push_loses_nothing() {
    between_commit_and_push(Setup::Embedded).await;
    between_commit_and_push(Setup::Real).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_after_the_bank_was_told_asks_and_does_not_tell_again() {
    between_effect_and_finish(Setup::Embedded).await;
    between_effect_and_finish(Setup::Real).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_runs_twice_at_once_has_one_effect() {
    twice_at_once(Setup::Embedded).await;
    twice_at_once(Setup::Real).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_be_flushed_in_mid_run() {
    let rail = CountingRail::open();
    let (world, alice) = open(Setup::Real, &rail).await;
    alice.top_up(&world, "100.00").await;
    let redis = world.redis.as_ref().unwrap();
    let flushes = async {
        for _ in 0..10 {
            redis.flush();
            world.pass(Duration::milliseconds(1)).await;
        }
    };
    let (ids, ()) = futures::join!(withdraw_many(&alice, 60), flushes);
    all_settled_once(&world, &alice, &rail, &ids).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_be_away_for_a_while() {
    let rail = CountingRail::open();
    let (mut world, alice) = open(Setup::Real, &rail).await;
    alice.top_up(&world, "100.00").await;
    world.redis.as_mut().unwrap().kill();
    let ids = withdraw_many(&alice, 20).await;
    world.redis.as_mut().unwrap().restart();
    all_settled_once(&world, &alice, &rail, &ids).await;
    world.close().await;
}
