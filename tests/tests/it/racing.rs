//! Real concurrency: the same act at once, and more than there is at once.

use futures::future::join_all;
use std::collections::BTreeSet;
use tests::client::{Person, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    sixty_four_times_the_same_transfer_is_one,
    sixty_four_transfers_never_spend_more_than_there_is,
    both_ways_at_once_lock_nobody_out,
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
