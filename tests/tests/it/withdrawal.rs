//! Paying out, and everything that a bank may answer.

use serde_json::json;
use tests::client::{Person, euros, refused};
use tests::{World, on_both_setups};

on_both_setups!(
    money_leaves_with_the_request_and_settles,
    a_withdrawal_is_shown_before_it_is_asked_for,
    a_refused_withdrawal_comes_back,
    a_bank_may_be_late_silent_or_repeat_itself,
    a_bank_that_is_down_leaves_a_dead_letter_that_an_operator_retries,
    more_than_there_is_can_not_be_withdrawn,
);

async fn money_leaves_with_the_request_and_settles(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let id = alice.withdraw(tests::client::IBAN, "4.00").await;
    assert_eq!(alice.balance().await, "6.00");
    assert_eq!(alice.settled(world, &id).await, "SETTLED");
    assert_eq!(alice.balance().await, "6.00");
}

async fn a_withdrawal_is_shown_before_it_is_asked_for(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let instrument = alice.link(tests::client::IBAN).await;
    let shown =
        "preview { money { amount } balanceAfter { amount } stepUpRequired arrivesBy limits { period } }";
    let preview = |who: Person, amount: &str| {
        let input = json!({ "instrumentId": instrument, "money": euros(amount) });
        async move { who.client.try_act("previewWithdrawal", shown, input).await }
    };
    let seen = preview(alice.clone(), "12.50").await.unwrap()["preview"].clone();
    assert_eq!(seen["balanceAfter"]["amount"], "-2.50");
    assert_eq!((&seen["money"]["amount"], &seen["stepUpRequired"]), (&json!("12.50"), &json!(false)));
    let arrives: chrono::DateTime<chrono::Utc> = seen["arrivesBy"].as_str().unwrap().parse().unwrap();
    assert!(arrives > world.bank.clock.now() + chrono::Duration::days(1));
    assert_eq!(seen["limits"].as_array().unwrap().len(), 2);
    assert_eq!(preview(bob, "1.00").await, Err(refused("NOT_FOUND", "instrumentId")));
    assert_eq!(alice.balance().await, "10.00");
}

async fn a_refused_withdrawal_comes_back(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    for iban in ["DE70500105175407320001", "DE43500105175407320002"] {
        let id = alice.withdraw(iban, "10.00").await;
        assert_eq!(alice.settled(world, &id).await, "FAILED");
        assert_eq!(alice.balance().await, "10.00");
    }
}

async fn a_bank_may_be_late_silent_or_repeat_itself(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    for iban in [
        "DE16500105175407320003",
        "DE86500105175407320004",
        "DE59500105175407320005",
        "DE32500105175407320006",
    ] {
        let id = alice.withdraw(iban, "1.00").await;
        assert_eq!(alice.settled(world, &id).await, "SETTLED", "{iban}");
    }
    assert_eq!(alice.balance().await, "6.00");
}

async fn a_bank_that_is_down_leaves_a_dead_letter_that_an_operator_retries(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let id = alice.withdraw("DE05500105175407320007", "1.00").await;
    let query = "{ deadLetters { edges { node { id kind attempts lastError deadAt } } } waitingJobs }";
    let dead = world
        .until(|| async {
            world.pass(chrono::Duration::minutes(10)).await;
            let answer = world.operator().await.ask(query, json!(null)).await;
            let edges = answer["deadLetters"]["edges"].clone();
            edges.get(0).is_some().then_some(edges)
        })
        .await;
    let node = &dead[0]["node"];
    assert_eq!((&node["kind"], &node["attempts"]), (&json!("settle-withdrawal"), &json!(12)));
    assert!(node["lastError"].as_str().unwrap().contains("down"), "{node}");
    let retry = json!({ "id": node["id"] });
    let operator = world.operator().await;
    operator.act("retryJob", "id", retry.clone()).await;
    let again = operator.try_act("retryJob", "id", retry).await;
    assert_eq!(again, Err(refused("JOB_NOT_DEAD", "id")));
    let second = world
        .until(|| async {
            world.pass(chrono::Duration::minutes(10)).await;
            let answer = world.operator().await.ask(query, json!(null)).await;
            answer["deadLetters"]["edges"].get(0).is_some().then_some(())
        })
        .await;
    assert_eq!(second, ());
    // The money waits where everybody can see it.
    let lines =
        world.operator().await.ask("{ trialBalance { purpose balance { amount } } }", json!(null)).await;
    let waiting = json!({ "purpose": "WITHDRAWAL_IN_TRANSIT", "balance": { "amount": "1.00" } });
    assert!(lines["trialBalance"].as_array().unwrap().contains(&waiting), "{lines}");
    let token = json!({ "query": query });
    assert!(token.is_object() && !id.is_empty());
}

async fn more_than_there_is_can_not_be_withdrawn(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let input = json!({
        "instrumentId": alice.link(tests::client::IBAN).await, "money": euros("10.01"), "idempotencyKey": "k",
    });
    let answer = alice.client.try_act("requestWithdrawal", "transaction { id }", input).await;
    assert_eq!(answer, Err(refused("INSUFFICIENT_FUNDS", "amount")));
    assert_eq!(alice.balance().await, "10.00");
}
