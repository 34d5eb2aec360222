//! The real binaries, as a user runs them: started, stopped, killed.

use futures::future::join_all;
use serde_json::{Value, json};
use std::process::Output;
use tests::client::{Client, euros, text};
use tests::deployment::{Deployment, run, until};
use tests::servers::{self, Postgres};

fn sql(deployment: &Deployment, statement: &str) -> String {
    deployment.sql(servers::postgres(), statement).unwrap()
}

async fn balance(client: &Client) -> String {
    let answer = client.try_ask("{ account(currency: \"EUR\") { balance { amount } } }", Value::Null).await;
    answer.map(|answer| text(&answer["account"]["balance"]["amount"]).to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_and_a_flushed_redis_settle_200_withdrawals_once_each() {
    let deployment = Deployment::start_on(servers::postgres()).await;
    let first = deployment.worker();
    let (client, account) = deployment.rich().await;
    let withdraw = |number: u32| {
        let input = json!({ "instrumentId": account, "money": euros("1.00"), "idempotencyKey": format!("w{number}") });
        client.act("requestWithdrawal", "transaction { id }", input)
    };
    join_all((0..100).map(withdraw)).await;
    first.signal("-KILL");
    deployment.redis.flush();
    join_all((100..200).map(withdraw)).await;
    let _second = deployment.worker();
    deployment.redis.flush();
    let unfinished = "SELECT count(*) FROM transactions WHERE kind = 'WITHDRAWAL' AND state <> 'SETTLED'";
    until(|| async { (sql(&deployment, unfinished) == "0").then_some(()) }).await;
    assert_eq!(sql(&deployment, "SELECT count(*) FROM transactions WHERE kind = 'WITHDRAWAL'"), "200");
    assert_eq!(
        sql(&deployment, "SELECT count(*), sum(amount) FROM sandbox_orders WHERE direction = 'PAY'"),
        "200|20000"
    );
    let legs = "SELECT count(*) FROM (SELECT 1 FROM postings p JOIN transactions t ON t.id = p.transaction_id \
        WHERE t.kind = 'WITHDRAWAL' GROUP BY t.id HAVING count(*) <> 4) AS wrong";
    assert_eq!(sql(&deployment, legs), "0");
    assert_eq!(balance(&client).await, "800.00");
    let waiting = "SELECT count(*) FROM jobs WHERE dead_at IS NULL";
    until(|| async { (sql(&deployment, waiting) == "0").then_some(()) }).await;
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_under_load_keeps_every_acknowledged_act_once() {
    let postgres = Postgres::start_private(true);
    let deployment = Deployment::start_on(&postgres).await;
    let _worker = deployment.worker();
    let (client, account) = deployment.rich().await;
    let withdraw = |number: u32| {
        let input = json!({ "instrumentId": account, "money": euros("1.00"), "idempotencyKey": format!("w{number}") });
        client.try_act("requestWithdrawal", "transaction { id }", input)
    };
    // One load of clients that go on while the database dies, and ask again with the same key.
    let load = join_all((0..150).map(|number| {
        let withdraw = &withdraw;
        async move { until(|| async { withdraw(number).await.ok() }).await }
    }));
    let crash = async {
        for _ in 0..3 {
            tokio::task::block_in_place(|| {
                postgres.kill();
                postgres.start();
            });
            tokio::task::yield_now().await;
        }
    };
    let (acknowledged, ()) = futures::join!(load, crash);
    let ids: std::collections::BTreeSet<_> =
        acknowledged.iter().map(|answer| text(&answer["transaction"]["id"]).to_owned()).collect();
    assert_eq!(ids.len(), 150);
    let unfinished = "SELECT count(*) FROM transactions WHERE kind = 'WITHDRAWAL' AND state <> 'SETTLED'";
    until(|| async { (deployment.sql(&postgres, unfinished).as_deref() == Ok("0")).then_some(()) }).await;
    let all = "SELECT count(*), sum(amount) FROM transactions WHERE kind = 'WITHDRAWAL'";
    assert_eq!(deployment.sql(&postgres, all).as_deref(), Ok("150|15000"));
    let told = "SELECT count(*) FROM sandbox_orders WHERE direction = 'PAY'";
    assert_eq!(deployment.sql(&postgres, told).as_deref(), Ok("150"));
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_holds_few_connections_and_makes_new_ones_where_the_database_ends_them() {
    let deployment = Deployment::start_on(servers::postgres()).await;
    let worker = deployment.worker();
    let (client, account) = deployment.rich().await;
    worker.signal("-KILL");
    let withdraw = async |number: u32| {
        let input = json!({ "instrumentId": account, "money": euros("1.00"), "idempotencyKey": format!("w{number}") });
        until(|| async {
            client.try_act("requestWithdrawal", "transaction { id }", input.clone()).await.ok()
        })
        .await
    };
    let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
        AND backend_type = 'client backend'";
    for number in 0..10 {
        assert_ne!(sql(&deployment, &format!("SELECT count(pg_terminate_backend(pid)) {others}")), "0");
        withdraw(number).await;
    }
    join_all((10..200).map(withdraw)).await;
    // The pool has 16, and each of the ledger's two lanes one that it keeps and one of its own pool.
    let held = sql(&deployment, &format!("SELECT count(*) {others}")).parse::<u32>().unwrap();
    assert!((1..=16 + 2 * 2).contains(&held), "{held} connections");
    assert_eq!(sql(&deployment, "SELECT count(*) FROM transactions WHERE kind = 'WITHDRAWAL'"), "200");
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_told_twice_on_each_setup() {
    let file = std::env::temp_dir().join(format!("demo-{}.db", uuid::Uuid::new_v4().simple()));
    let embedded = format!("sqlite://{}", file.display());
    for _ in 0..2 {
        let told = run("api", &["demo"], &[("DATABASE_URL", &embedded)]);
        check_story(&told);
        assert!(String::from_utf8_lossy(&told.stdout).contains("The audit is clean"));
    }
    for end in ["", "-wal", "-shm", ".key"] {
        let _gone = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    let deployment = Deployment::start_on(servers::postgres()).await;
    let _worker = deployment.worker();
    for _ in 0..2 {
        let settings = Deployment::pairs(&deployment.settings);
        check_story(&run("api", &["demo", "--url", &deployment.url], &settings));
    }
    deployment.verify();
}

fn check_story(told: &Output) {
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    for part in ["Alice, 70.00 EUR", "Bob, 20.00 EUR"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_survives_a_restart_and_is_used_once() {
    let mut deployment = Deployment::start_on(servers::postgres()).await;
    let _worker = deployment.worker();
    let (client, _) = deployment.rich().await;
    let asked = json!({ "amount": { "source": euros("100.00") }, "currency": "USD" });
    let quote = until(|| async {
        let quote = client.try_act("createQuote", "quote { id target { amount } }", asked.clone()).await;
        Some(quote.ok()?["quote"].clone())
    })
    .await;
    deployment.api.signal("-KILL");
    deployment.api.0.wait().unwrap();
    deployment.restart_api().await;
    let convert = |key: &str| {
        let input = json!({ "quoteId": quote["id"], "idempotencyKey": key });
        client.try_act("createConversion", "transaction { state quote { target { amount } } }", input)
    };
    let done = convert("once").await.unwrap();
    assert_eq!(done["transaction"]["quote"]["target"], quote["target"]);
    assert_eq!(convert("once").await.unwrap(), done, "the same act");
    assert_eq!(convert("twice").await.unwrap_err().code, "QUOTE_USED");
    assert_eq!(balance(&client).await, "900.00");
    deployment.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_process_finishes_and_says_so() {
    let deployment = Deployment::start_on(servers::postgres()).await;
    let mut worker = deployment.worker();
    deployment.rich().await;
    worker.signal("-TERM");
    assert!(worker.0.wait().unwrap().success());
    let Deployment { mut api, .. } = deployment;
    api.signal("-TERM");
    assert!(api.0.wait().unwrap().success());
}

#[test]
fn a_wrong_setting_is_refused_by_name_with_the_form_expected() {
    for (binary, setting, value, expected) in [
        ("api", "DATABASE_URL", "mysql://x", "expected postgres://"),
        ("api", "DATABASE_URL", "sqlite://x.db?mode=rwc", "expected postgres://"),
        ("worker", "DATABASE_URL", "sqlite://x%20.db", "expected postgres://"),
        ("api", "LISTEN", "8000", "--listen"),
        ("api", "REDIS_URL", "http://x", "expected redis://"),
        ("api", "MASTER_KEY", "short", "expected 64 hexadecimal digits"),
        ("api", "ALLOWED_ORIGINS", "example.com", "expected origins"),
        ("api", "PASSKEY_ORIGIN", "http://app.example.com", "expected the web origin"),
        ("api", "LOG", "entity=loud", "expected error, warn"),
        ("worker", "WORKER_CONCURRENCY", "0", "1..=1000"),
        ("worker", "REDIS_NAMESPACE", "a b", "expected 1 to 32"),
    ] {
        let mut settings = vec![(setting, value)];
        if binary == "worker" {
            settings.push(("REDIS_URL", "redis://127.0.0.1:1"));
        }
        let refused = run(binary, &[], &settings);
        let text = String::from_utf8_lossy(&refused.stderr).to_lowercase();
        let option = format!("--{}", setting.to_lowercase().replace("worker_", "").replace('_', "-"));
        assert!(!refused.status.success() && text.contains(&expected.to_lowercase()), "{setting}: {text}");
        assert!(text.contains(&option), "{setting}: {text}");
    }
    let refused = run("api", &[], &[("DATABASE_URL", "postgres://127.0.0.1:1/x")]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("MASTER_KEY is needed"));
    for binary in ["api", "worker"] {
        let help = String::from_utf8(run(binary, &["--help"], &[]).stdout).unwrap();
        for setting in ["DATABASE_URL", "REDIS_URL", "REDIS_NAMESPACE", "MASTER_KEY", "LOG"] {
            assert!(help.contains(&format!("[env: {setting}")), "{binary} --help does not name {setting}");
        }
    }
}
