//! Reading from a replica: nobody sees less than what was answered before.

use serde_json::{Value, json};
use tests::client::{Client, euros, text};
use tests::deployment::{Deployment, Process, until};
use tests::servers::{self, Postgres};

const BALANCE: &str = "{ account(currency: \"EUR\") { balance { amount } } transactions(first: 1) { edges { node { note } } } }";

/// Pays Bob and reads at once, so many times.
async fn pay_and_read(client: &Client, cents: &mut u32, times: u32) {
    for _ in 0..times {
        *cents -= 1;
        let note = format!("{cents} are left");
        let input = json!({ "to": { "email": "bob@example.com" }, "money": euros("0.01"), "note": note, "idempotencyKey": note.replace(' ', "-") });
        client.act("createTransfer", "transaction { id }", input).await;
        let seen = client.ask(BALANCE, Value::Null).await;
        let left = format!("{}.{:02}", *cents / 100, *cents % 100);
        assert_eq!(text(&seen["account"]["balance"]["amount"]), left);
        assert_eq!(text(&seen["transactions"]["edges"][0]["node"]["note"]), note);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_read_whether_the_replica_follows_lags_or_dies() {
    let primary = Postgres::start_private(false);
    let deployment = Deployment::start_on(&primary).await;
    let _worker = deployment.worker();
    let replica = primary.replica();
    let read_url = replica.url(deployment.database());
    let listen = format!("127.0.0.1:{}", servers::free_port());
    let mut settings = Deployment::pairs(&deployment.settings);
    settings.retain(|(name, _)| *name != "LISTEN");
    settings.extend([("DATABASE_READ_URL", read_url.as_str()), ("LISTEN", listen.as_str())]);
    let _api = Process::start("api", &settings);
    let ready = format!("http://{listen}/health/ready");
    until(|| async { reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 204).then_some(()) })
        .await;
    deployment.join("bob@example.com").await;
    let (alice, _) = deployment.rich().await;
    let alice = Client::new(format!("http://{listen}/graphql")).with_token(alice.token.as_deref().unwrap());
    let mut cents = 100_000;
    pay_and_read(&alice, &mut cents, 50).await;
    // It was the replica that was read.
    let scans = "SELECT sum(idx_scan) > 50 FROM pg_stat_user_indexes WHERE relname = 'transactions'";
    until(|| async { (replica.sql(deployment.database(), scans).as_deref() == Ok("t")).then_some(()) }).await;
    replica.sql("postgres", "SELECT pg_wal_replay_pause()").unwrap();
    pay_and_read(&alice, &mut cents, 3).await;
    replica.kill();
    pay_and_read(&alice, &mut cents, 3).await;
    deployment.verify();
}
