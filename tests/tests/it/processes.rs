//! The real binaries, as a user runs them: started, stopped, killed.

use futures::future::join_all;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tests::client::{Client, PASSWORD, euros, text};
use tests::servers::{self, Redis};

const KEY: &str = "5f0c1d2e3a4b59687786a5b4c3d2e1f05f0c1d2e3a4b59687786a5b4c3d2e1f0";
const OPERATOR: &str = "an-operator-token-of-forty-characters-xx";
const PATIENCE: Duration = Duration::from_secs(90);

/// The directory of the binaries, which are built once.
fn binaries() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // The same targets as this test, so that nothing is compiled a second time.
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--workspace", "--bins", "--tests"]).current_dir(root());
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        assert!(command.status().unwrap().success());
        std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned()
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn command(name: &str) -> Command {
    let mut command = Command::new(binaries().join(name));
    for setting in ["DATABASE_URL", "REDIS_URL", "MASTER_KEY", "OPERATOR_TOKEN", "LISTEN", "LOG"] {
        command.env_remove(setting);
    }
    command
}

fn run(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    command(name).args(arguments).envs(settings.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

/// A process that ends with the test.
struct Process(Child);

impl Process {
    fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        Self(
            command(name)
                .envs(settings.iter().copied())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// The wallet on PostgreSQL and Redis, as separate processes.
struct Deployment {
    settings: Vec<(&'static str, String)>,
    url: String,
    database: String,
    redis: Redis,
    _api: Process,
}

impl Deployment {
    async fn start() -> Self {
        let database = format!("processes_{}", tests::client::unique());
        servers::postgres().create_database(&database, None);
        let (redis, listen) = (Redis::start(), format!("{}:{}", Ipv4Addr::LOCALHOST, servers::free_port()));
        let settings = vec![
            ("DATABASE_URL", servers::postgres().url(&database)),
            ("REDIS_URL", redis.url()),
            ("MASTER_KEY", KEY.to_owned()),
            ("OPERATOR_TOKEN", OPERATOR.to_owned()),
            ("LISTEN", listen.clone()),
            ("LOG", "error".to_owned()),
        ];
        let url = format!("http://{listen}");
        let api = Process::start("api", &Self::pairs(&settings));
        let deployment = Self { settings, url, database, redis, _api: api };
        let ready = format!("{}/health/ready", deployment.url);
        until(|| async {
            reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 204).then_some(())
        })
        .await;
        deployment
    }

    fn pairs<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    fn worker(&self) -> Process {
        Process::start("worker", &Self::pairs(&self.settings))
    }

    fn client(&self) -> Client {
        Client::new(format!("{}/graphql", self.url))
    }

    fn operator(&self) -> Client {
        Client::new(format!("{}/operator/graphql", self.url)).with_token(OPERATOR)
    }

    fn sql(&self, statement: &str) -> String {
        servers::postgres().sql(&self.database, statement).unwrap()
    }
}

/// Looks until there is an answer: other processes have clocks of their own.
async fn until<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(started.elapsed() < PATIENCE, "nothing was seen within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody with 1,000 euros and a linked account.
async fn rich(deployment: &Deployment) -> (Client, String) {
    let client = deployment.client();
    let handle = json!({ "email": "rich@example.com" });
    let form =
        json!({ "handle": handle, "name": "R", "password": PASSWORD, "acceptedTermsVersion": "2026-11-01" });
    let registration = client.act("signUp", "registrationId", form).await["registrationId"].clone();
    let query = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject } }";
    let code = until(|| async {
        let answer = client.ask(query, json!({ "to": handle })).await;
        answer["sandboxMessages"][0]["subject"].as_str().map(|subject| subject[..6].to_owned())
    });
    let shown = json!({ "registrationId": registration, "code": code.await });
    let session = client.act("activateUser", "session { accessToken }", shown).await;
    let client = client.with_token(text(&session["session"]["accessToken"]));
    let account = json!({ "iban": tests::client::IBAN, "holder": "R" });
    let account = client.act("linkBankAccount", "instrument { id }", account).await;
    let account = text(&account["instrument"]["id"]).to_owned();
    let deposit = json!({ "instrumentId": account, "money": euros("1000.00"), "idempotencyKey": "d" });
    client.act("requestDeposit", "transaction { id }", deposit).await;
    until(|| async { (balance(&client).await == "1000.00").then_some(()) }).await;
    (client, account)
}

async fn balance(client: &Client) -> String {
    let answer = client.try_ask("{ account(currency: \"EUR\") { balance { amount } } }", Value::Null).await;
    answer.map(|answer| text(&answer["account"]["balance"]["amount"]).to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_and_a_flushed_redis_settle_200_withdrawals_once_each() {
    let deployment = Deployment::start().await;
    let first = deployment.worker();
    let (client, account) = rich(&deployment).await;
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
    until(|| async { (deployment.sql(unfinished) == "0").then_some(()) }).await;
    assert_eq!(deployment.sql("SELECT count(*) FROM transactions WHERE kind = 'WITHDRAWAL'"), "200");
    assert_eq!(
        deployment.sql("SELECT count(*), sum(amount) FROM sandbox_orders WHERE direction = 'PAY'"),
        "200|20000"
    );
    let legs = "SELECT count(*) FROM (SELECT 1 FROM postings p JOIN transactions t ON t.id = p.transaction_id \
        WHERE t.kind = 'WITHDRAWAL' GROUP BY t.id HAVING count(*) <> 4) AS wrong";
    assert_eq!(deployment.sql(legs), "0");
    assert_eq!(balance(&client).await, "800.00");
    until(|| async {
        let answer = deployment.operator().ask("{ waitingJobs audit { clean } }", Value::Null).await;
        assert_eq!(answer["audit"]["clean"], true);
        (answer["waitingJobs"] == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_told_twice_on_each_setup() {
    let file = std::env::temp_dir().join(format!("demo-{}.db", uuid::Uuid::new_v4().simple()));
    let embedded = format!("sqlite://{}", file.display());
    for _ in 0..2 {
        let told = run("api", &["demo"], &[("DATABASE_URL", &embedded)]);
        check_story(&told);
    }
    for end in ["", "-wal", "-shm", ".key"] {
        let _gone = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    let deployment = Deployment::start().await;
    let _worker = deployment.worker();
    for _ in 0..2 {
        let settings = Deployment::pairs(&deployment.settings);
        check_story(&run("api", &["demo", "--url", &deployment.url], &settings));
    }
}

fn check_story(told: &Output) {
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    for part in ["Alice, 70.00 EUR", "Bob, 20.00 EUR", "The audit is clean"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_process_finishes_and_says_so() {
    let deployment = Deployment::start().await;
    let mut worker = deployment.worker();
    rich(&deployment).await;
    worker.signal("-TERM");
    assert!(worker.0.wait().unwrap().success());
    let Deployment { _api: mut api, .. } = deployment;
    api.signal("-TERM");
    assert!(api.0.wait().unwrap().success());
}

#[test]
fn a_wrong_setting_is_refused_by_name_with_the_form_expected() {
    for (binary, setting, value, expected) in [
        ("api", "DATABASE_URL", "mysql://x", "expected postgres://"),
        ("api", "LISTEN", "8000", "--listen"),
        ("api", "REDIS_URL", "http://x", "expected redis://"),
        ("api", "MASTER_KEY", "short", "expected 64 hexadecimal digits"),
        ("api", "OPERATOR_TOKEN", "short", "expected at least 32"),
        ("api", "ALLOWED_ORIGINS", "example.com", "expected origins"),
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
