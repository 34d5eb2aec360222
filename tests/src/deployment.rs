//! A deployment: the real binaries as separate processes, on PostgreSQL and Redis.

use crate::client::{self, Client};
use crate::servers::{self, Postgres, Redis};
use serde_json::{Value, json};
use std::future::Future;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const KEY: &str = "5f0c1d2e3a4b59687786a5b4c3d2e1f05f0c1d2e3a4b59687786a5b4c3d2e1f0";
const PATIENCE: Duration = Duration::from_secs(90);

/// The directory of the binaries, which are built once.
fn binaries() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(root());
        // With the targets that this process is one of: else cargo unites other features, and compiles all a second time.
        command.args(if cfg!(debug_assertions) {
            &["--tests"][..]
        } else {
            &["--release", "--bench", "wallet"]
        });
        // Nor because of what cargo told this process about its own package: ring looks at that.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
            {
                command.env_remove(name);
            }
        }
        assert!(command.status().expect("a process of the deployment").success());
        std::env::current_exe()
            .expect("a process of the deployment")
            .parent()
            .expect("a process of the deployment")
            .parent()
            .expect("a process of the deployment")
            .to_owned()
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("a process of the deployment").to_owned()
}

fn command(name: &str) -> Command {
    let mut command = Command::new(binaries().join(name));
    for setting in ["DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL", "MASTER_KEY", "LISTEN", "LOG"] {
        command.env_remove(setting);
    }
    command
}

/// Runs a binary to its end, with these settings and no others.
pub fn run(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    command(name)
        .args(arguments)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("a process of the deployment")
}

/// A process that ends with the test.
pub struct Process(pub Child);

impl Process {
    /// Starts a binary.
    pub fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        Self(
            command(name)
                .envs(settings.iter().copied())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .expect("a process of the deployment"),
        )
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status()
            .expect("a process of the deployment");
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
pub struct Deployment {
    /// Its environment.
    pub settings: Vec<(&'static str, String)>,
    /// Where its api listens.
    pub url: String,
    /// Its Redis.
    pub redis: Redis,
    /// Its api.
    pub api: Process,
    database: String,
}

impl Deployment {
    /// An api on a database of its own; workers are started when they are needed.
    pub async fn start_on(postgres: &Postgres) -> Self {
        let database = format!("deployment_{}", client::unique());
        postgres.create_database(&database, None);
        let (redis, listen) = (Redis::start(), format!("{}:{}", Ipv4Addr::LOCALHOST, servers::free_port()));
        let settings = vec![
            ("DATABASE_URL", postgres.url(&database)),
            ("REDIS_URL", redis.url()),
            ("MASTER_KEY", KEY.to_owned()),
            ("STEP_UP_SINGLE", "1000000".to_owned()),
            ("STEP_UP_TOTAL", "1000000".to_owned()),
            ("STEP_UP_COUNT", "1000000".to_owned()),
            ("SCREENING", "off".to_owned()),
            ("LIMITS", "1000000/1000000,1000000/1000000,1000000/1000000,1000000/1000000".to_owned()),
            ("LISTEN", listen.clone()),
            ("LOG", "error".to_owned()),
        ];
        let url = format!("http://{listen}");
        let api = Process::start("api", &Self::pairs(&settings));
        let deployment = Self { settings, url, redis, api, database };
        deployment.ready().await;
        deployment
    }

    /// Starts the api anew, after it has ended.
    pub async fn restart_api(&mut self) {
        self.api = Process::start("api", &Self::pairs(&self.settings));
        self.ready().await;
    }

    async fn ready(&self) {
        let ready = format!("{}/health/ready", self.url);
        until(|| async {
            reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 204).then_some(())
        })
        .await;
    }

    /// The settings as `run` takes them.
    pub fn pairs<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Starts one more worker.
    pub fn worker(&self) -> Process {
        Process::start("worker", &Self::pairs(&self.settings))
    }

    /// An app.
    pub fn client(&self) -> Client {
        Client::new(format!("{}/graphql", self.url))
    }

    /// Asserts by the command that the books balance and the logs are whole.
    pub fn verify(&self) {
        let output = run("api", &["verify"], &Self::pairs(&self.settings));
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("The audit is clean"), "{said}{wrong}");
    }

    /// The name of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Somebody who has signed up by this e-mail address.
    pub async fn join(&self, email: &str) -> Client {
        let client = self.client();
        let handle = json!({ "email": email });
        let registration = client::sign_up(&client, &handle).await;
        let query = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject } }";
        let code = until(|| async {
            let answer = client.ask(query, json!({ "to": handle })).await;
            answer["sandboxMessages"][0]["subject"].as_str().map(|subject| subject[..6].to_owned())
        });
        let shown = json!({ "verificationId": registration, "code": code.await });
        let session = client.act("activateUser", "session { accessToken }", shown).await;
        client.with_token(client::text(&session["session"]["accessToken"]))
    }

    /// Somebody with 1,000 euros, and the id of a linked account.
    pub async fn rich(&self) -> (Client, String) {
        let client = self.join("rich@example.com").await;
        let account = json!({ "iban": client::IBAN, "holder": "R" });
        let account = client.act("linkBankAccount", "instrument { id }", account).await;
        let account = client::text(&account["instrument"]["id"]).to_owned();
        let deposit =
            json!({ "instrumentId": account, "money": client::euros("1000.00"), "idempotencyKey": "d" });
        client.act("requestDeposit", "transaction { id }", deposit).await;
        let query = "{ account(currency: \"EUR\") { balance { amount } } }";
        until(|| async {
            let answer = client.try_ask(query, Value::Null).await.ok()?;
            (answer["account"]["balance"]["amount"] == "1000.00").then_some(())
        })
        .await;
        (client, account)
    }

    /// Runs a statement on its database.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn sql(&self, postgres: &Postgres, statement: &str) -> Result<String, String> {
        postgres.sql(&self.database, statement)
    }
}

/// Looks until there is an answer: other processes have clocks of their own.
pub async fn until<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(started.elapsed() < PATIENCE, "nothing was seen within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
