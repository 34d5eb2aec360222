//! The wallet as a process: the api alone, or with the worker inside where there is no Redis.
//!
//! This is the one place that knows both the api and the worker.

use api::server::{Api, Bound};
use api::settings::{Command, Settings};
use api::{demo, doorbell, operator, replay, schema, throttle, verify};
use chrono::TimeDelta;
use clap::Parser;
use entity::breach::Breaches;
use entity::clock::Clock;
use entity::country::Countries;
use entity::fraud::RuleSet;
use entity::keys::Keys;
use entity::operator::Role;
use entity::replica::Replica;
use entity::{Bank, Db};
use ipnet::IpNet;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use worker::context::Context;
use worker::outside::Outside;
use worker::queue::Queues;

/// Jobs of one kind that run at once inside the api.
const CONCURRENCY: usize = 16;

/// The OKPay wallet: a GraphQL API at /graphql, operators' at /operator/graphql, the IDE at /.
///
/// Without REDIS_URL it is the whole wallet in one process: jobs run in memory, and the bank and
/// exchange rates are simulated. SIGTERM lets what is under way finish.
#[derive(Clone, Debug, Parser)]
#[command(name = "api", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    outside: Outside,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { settings, outside } = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(settings.log.as_str())
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let done = match settings.command.clone() {
        Some(Command::Schema { operator: false }) => print(&schema::sdl()),
        Some(Command::Schema { operator: true }) => print(&operator::sdl()),
        Some(Command::InviteOperator { ref name, ref roles }) => {
            invite(&settings, outside, name, roles).await
        }
        Some(Command::Verify) => match Wallet::open(&settings, outside).await {
            Ok(wallet) => verify::print(&wallet.bank).await,
            Err(reason) => Err(reason),
        },
        Some(Command::Replay { ref rules, last }) => replayed(&settings, outside, rules, last).await,
        Some(Command::Demo { url }) => tell(settings, outside, url).await,
        None => serve(settings, outside).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    print!("{text}");
    Ok(())
}

/// Serves until SIGTERM or SIGINT.
async fn serve(settings: Settings, outside: Outside) -> Result<(), String> {
    let wallet = Wallet::open(&settings, outside).await?;
    let bound = wallet.bind(settings.listen).await?;
    println!("The wallet is open at http://{}/ with example operations to play.", bound.address());
    if settings.redis_url.is_none() {
        println!("Jobs run in this process. {}", wallet.outside.simulated());
    }
    wallet.run(&settings, bound, terminated()).await
}

/// Invites an operator.
async fn invite(settings: &Settings, outside: Outside, name: &str, roles: &[Role]) -> Result<(), String> {
    let wallet = Wallet::open(settings, outside).await?;
    let token = entity::operator::invite(&wallet.bank, name, roles).await;
    let token = token.map_err(|error| format!("{name}: {error}"))?;
    println!("Give this to acceptInvitation at /operator/graphql within a day: {}", token.reveal());
    Ok(())
}

/// Prints what other rules would have made of the past.
async fn replayed(settings: &Settings, outside: Outside, rules: &Path, last: u64) -> Result<(), String> {
    let rules = RuleSet::open(&rules.to_string_lossy())?;
    let wallet = Wallet::open(settings, outside).await?;
    print(&replay::report(&wallet.bank, &rules, last).await.map_err(|error| error.to_string())?)
}

/// Tells the story of the main job, on a running wallet or on one that is started for it.
async fn tell(settings: Settings, outside: Outside, url: Option<String>) -> Result<(), String> {
    if let Some(url) = url {
        return demo::tell(&url).await;
    }
    let wallet = Wallet::open(&settings, outside).await?;
    let bound = wallet.bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let (url, bank) = (format!("http://{}", bound.address()), wallet.bank.clone());
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { wallet.run(&settings, bound, ended(stopped)).await });
    let told = demo::tell(&url).await;
    let _running = stop.send(true);
    running.await.map_err(|error| error.to_string())??;
    told?;
    println!();
    verify::print(&bank).await
}

/// The bank with the rules of the house.
fn rules(bank: Bank, settings: &Settings, outside: &Outside) -> Result<Bank, String> {
    let asks = outside.security_questions();
    if asks {
        tracing::warn!(
            "SECURITY_QUESTIONS=on deviates from OWASP ASVS 5.0, 6.4.2: others can find answers out"
        );
    }
    let bank = bank
        .with_step_up(settings.step_up())
        .with_limits(settings.limits)
        .with_terms(settings.terms()?)
        .with_reset_cap(settings.reset_cap)
        .with_security_questions(asks)
        .with_links(outside.links())
        .with_rate_jump(outside.rate_jump())
        .with_quote_ttl(TimeDelta::seconds(settings.quote_ttl))
        .with_relying_party(settings.passkey_origin.clone());
    let bank = outside.guarding(bank);
    let bank = match &settings.countries {
        Some(file) => {
            let countries = Countries::open(file).map_err(|error| format!("COUNTRIES: {error}"))?;
            bank.with_countries(countries)
        }
        None => bank,
    };
    Ok(match &settings.breached_passwords {
        Some(file) => {
            let breaches = Breaches::open(file).map_err(|error| format!("BREACHED_PASSWORDS: {error}"))?;
            bank.with_breaches(breaches)
        }
        None => bank,
    })
}

/// An open bank and the secrets around it.
struct Wallet {
    bank: Bank,
    allowed_origins: Vec<String>,
    trusted_proxies: Vec<IpNet>,
    outside: Outside,
}

impl Wallet {
    async fn open(settings: &Settings, outside: Outside) -> Result<Self, String> {
        let keys = Keys::load(settings.master_key.as_deref(), &settings.database_url)?;
        let db =
            Db::connect(&settings.database_url).await.map_err(|error| format!("DATABASE_URL: {error}"))?;
        migration::run(db.connection()).await.map_err(|error| format!("DATABASE_URL: {error}"))?;
        let bank = Bank::open(db, keys, Clock::system(), outside.simulates_messages()).await;
        let bank = bank.map_err(|error| format!("DATABASE_URL, MASTER_KEY: {error}"))?;
        let bank = match &settings.database_read_url {
            Some(url) if settings.database_url.starts_with("postgres") => {
                let replica = Replica::of(&bank.db, url).await;
                bank.with_replica(replica.map_err(|error| format!("DATABASE_READ_URL: {error}"))?)
            }
            Some(_) => return Err("DATABASE_READ_URL: only PostgreSQL has replicas".to_owned()),
            None => bank,
        };
        let bank = rules(bank, settings, &outside)?;
        let bank = match &settings.redis_url {
            Some(url) => bank.with_gate(Arc::new(throttle::Shared::new(url, &settings.redis_namespace)?)),
            None => bank,
        };
        Ok(Self {
            bank,
            allowed_origins: settings.allowed_origins.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            outside,
        })
    }

    async fn bind(&self, listen: SocketAddr) -> Result<Bound, String> {
        let api = Api {
            bank: self.bank.clone(),
            allowed_origins: self.allowed_origins.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
        };
        api.bind(listen).await
    }

    /// Serves, with the worker inside or with a bell to the workers outside.
    async fn run(
        self,
        settings: &Settings,
        bound: Bound,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), String> {
        let afterwards = self.bank.afterwards.clone();
        let (stop, stopped) = watch::channel(false);
        let later = match settings.redis_url.clone() {
            Some(url) => self.ring(url, settings.redis_namespace.clone(), stopped),
            None => self.work(stopped)?,
        };
        let served = bound.serve(shutdown).await.map_err(|error| format!("LISTEN: {error}"));
        let _worker = stop.send(true);
        later.await.map_err(|error| error.to_string())?;
        afterwards.finish().await;
        served
    }

    fn ring(&self, url: String, namespace: String, stopped: watch::Receiver<bool>) -> JoinHandle<()> {
        let bell = self.bank.bell.listen();
        tokio::spawn(async move {
            tokio::select! {
                result = doorbell::publish(&url, &namespace, bell) => {
                    if let Err(error) = result {
                        tracing::error!(%error, "REDIS_URL can't be used; workers will only scan");
                    }
                }
                () = ended(stopped) => {}
            }
        })
    }

    fn work(&self, stopped: watch::Receiver<bool>) -> Result<JoinHandle<()>, String> {
        let context = Context { gateways: self.outside.gateways(&self.bank)?, bank: self.bank.clone() };
        let queues = Queues::memory(worker::KINDS);
        Ok(tokio::spawn(worker::run(context, queues, CONCURRENCY, None, ended(stopped))))
    }
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    let _either = stopped.wait_for(|stopped| *stopped).await;
}

/// SIGTERM or SIGINT.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut term) => term.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _term = term => {}
        _int = tokio::signal::ctrl_c() => {}
    }
}
