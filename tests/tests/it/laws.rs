//! The database repeats the laws: what no code would do is refused by both engines.

use sea_orm::ConnectionTrait;
use tests::client::Person;
use tests::{World, on_both_setups};

on_both_setups!(
    the_database_refuses_what_breaks_a_law,
    the_database_refuses_terms_that_break_a_law,
    the_audit_finds_what_the_database_could_not,
    every_acknowledged_act_is_there_once,
);

async fn the_database_refuses_what_breaks_a_law(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    alice.send(&bob, "1.00").await;
    let db = world.bank.db.connection();
    for (statement, law) in [
        ("UPDATE postings SET amount = amount + 1", "a posting is never changed"),
        ("DELETE FROM postings", "a posting is never removed"),
        // Postings that move nothing, and postings before the first of their account.
        (
            "INSERT INTO postings SELECT account_id, seq + 9, transaction_id, 0, balance_after FROM postings",
            "CHECK",
        ),
        (
            "INSERT INTO postings SELECT account_id, seq - 9, transaction_id, amount, balance_after FROM postings",
            "CHECK",
        ),
        ("DELETE FROM transactions", "a transaction is never removed"),
        ("UPDATE transactions SET amount = 1", "the terms of a transaction are never changed"),
        ("UPDATE transactions SET state = 'REQUESTED'", "a settled or failed transaction has ended"),
        ("UPDATE transactions SET target_amount = 1", "the terms of a transaction are never changed"),
        ("UPDATE transactions SET failure = 'REJECTED'", "CHECK"),
        ("UPDATE accounts SET currency = 'USD'", "the terms of an account are never changed"),
        ("DELETE FROM accounts", "an account is never removed"),
        ("UPDATE accounts SET balance = -1 WHERE purpose = 'WALLET'", "CHECK"),
        ("UPDATE accounts SET state = 'LOST'", "CHECK"),
        ("UPDATE accounts SET seq = -1", "CHECK"),
        ("UPDATE accounts SET spent_day = spent_month + 1", "CHECK"),
        ("UPDATE accounts SET unasked = -1", "CHECK"),
    ] {
        let refused = db.execute_unprepared(statement).await.unwrap_err().to_string();
        assert!(refused.to_lowercase().contains(&law.to_lowercase()), "{statement}: {refused}");
    }
    assert_eq!(alice.balance().await, "9.00");
}

/// The same act again under another key, with one of its terms wrong.
async fn the_database_refuses_terms_that_break_a_law(world: &World) {
    /// The account is missing, in the words of one engine or the other.
    const ABSENT: &str = "names an account that does not exist|foreign key";
    const TERMS: [&str; 14] = [
        "id",
        "kind",
        "state",
        "actor",
        "idempotency_key",
        "currency",
        "amount",
        "debit_account",
        "credit_account",
        "payer",
        "payee",
        "note",
        "target_currency",
        "target_amount",
    ];
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    alice.send(&bob, "1.00").await;
    let db = world.bank.db.connection();
    let again = |wrong: &[(&str, &str)]| {
        let right = [("id", "actor"), ("idempotency_key", "'another'"), ("note", "'a note'")];
        let terms = TERMS.map(|term| {
            let other = wrong.iter().chain(&right).find(|(name, _)| *name == term);
            other.map_or(term, |(_, value)| *value)
        });
        format!(
            "INSERT INTO transactions ({}, created_at, updated_at) SELECT {}, created_at, updated_at \
             FROM transactions WHERE kind = 'TRANSFER'",
            TERMS.join(", "),
            terms.join(", ")
        )
    };
    for (wrong, law) in [
        (&[("kind", "'GIFT'")][..], "check"),
        (&[("state", "'LOST'")], "check"),
        (&[("idempotency_key", "''")], "check"),
        (&[("amount", "0")], "check"),
        (&[("amount", "1000000000000001")], "check"),
        (&[("credit_account", "debit_account")], "check"),
        (&[("payer", "NULL"), ("payee", "NULL")], "check"),
        (&[("note", "''")], "check"),
        (&[("target_currency", "'USD'")], "check"),
        (&[("target_amount", "1")], "check"),
        (&[("debit_account", "-1")], ABSENT),
        (&[("credit_account", "-1")], ABSENT),
    ] {
        let statement = again(wrong);
        let refused = db.execute_unprepared(&statement).await.unwrap_err().to_string();
        let refused = refused.to_lowercase();
        assert!(law.split('|').any(|words| refused.contains(words)), "{statement}: {refused}");
    }
    // With all of them right it would be written.
    db.execute_unprepared(&format!("BEGIN; {}; ROLLBACK", again(&[]))).await.unwrap();
}

async fn the_audit_finds_what_the_database_could_not(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let db = world.bank.db.connection();
    db.execute_unprepared("UPDATE accounts SET balance = balance + 1 WHERE purpose = 'WALLET'")
        .await
        .unwrap();
    let breaches = entity::ledger::audit::run(&world.bank).await.unwrap();
    assert_eq!(breaches.len(), 2, "{breaches:?}");
    let answer = world
        .operator()
        .await
        .ask("{ audit { clean breaches { law count } } }", serde_json::Value::Null)
        .await;
    assert_eq!(answer["audit"]["clean"], false);
    db.execute_unprepared("UPDATE accounts SET balance = balance - 1 WHERE purpose = 'WALLET'")
        .await
        .unwrap();
    assert_eq!(alice.balance().await, "10.00");
}

/// Five people send each other money at once; the balances are those that the acknowledged
/// transfers say, and no other.
async fn every_acknowledged_act_is_there_once(world: &World) {
    let people = futures::future::join_all((0..5).map(|_| Person::join_with(world, "20.00"))).await;
    let requests = (0..200_usize).map(|number| {
        let (from, to) = (number % 5, (number % 5 + 1 + number / 5 % 4) % 5);
        let cents = 1 + number * 7919 % 300;
        let (payer, payee) = (&people[from], &people[to]);
        async move {
            // A third of them is asked twice at once, as a client does that lost the answer.
            let input =
                payer.transfer(payee, &format!("{}.{:02}", cents / 100, cents % 100), &number.to_string());
            let ask = || payer.client.try_act("createTransfer", "transaction { id }", input.clone());
            let (first, second) =
                if number % 3 == 0 { futures::join!(ask(), ask()) } else { (ask().await, ask().await) };
            if let (Ok(first), Ok(second)) = (&first, &second) {
                assert_eq!(first, second);
            }
            (first.is_ok() || second.is_ok()).then_some((from, to, cents))
        }
    });
    let acknowledged = futures::future::join_all(requests).await;
    let mut expected = vec![2_000_i64; 5];
    for (from, to, cents) in acknowledged.into_iter().flatten() {
        let cents = i64::try_from(cents).unwrap();
        expected[from] -= cents;
        expected[to] += cents;
    }
    for (person, cents) in people.iter().zip(expected) {
        assert_eq!(person.balance().await, format!("{}.{:02}", cents / 100, cents % 100));
    }
}
