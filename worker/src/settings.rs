//! What the worker is told from outside: by environment, or the same by option.

use crate::outside::Outside;
use clap::Parser;

/// Does what happens later: confirms deposits, settles withdrawals, sends codes, refreshes rates.
///
/// Run as many as you like on one database and one Redis. SIGTERM lets what is under way finish.
#[derive(Clone, Debug, Parser)]
#[command(name = "worker", version)]
pub struct Settings {
    /// The database: postgres://USER:PASSWORD@HOST/DATABASE, or sqlite://FILE
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://okpay.db", value_parser = entity::db::check_url)]
    pub database_url: String,

    /// The queues: redis://HOST:PORT or redis://USER:PASSWORD@HOST:PORT (Redis or Valkey)
    #[arg(long, env = "REDIS_URL", value_parser = check_redis)]
    pub redis_url: String,

    /// What the keys in Redis begin with; the same for api and worker
    #[arg(long, env = "REDIS_NAMESPACE", default_value = "okpay", value_parser = check_namespace)]
    pub redis_namespace: String,

    /// The secret of the house: 64 hexadecimal digits, the same for api and worker. To replace it, give
    /// the new one, a comma and the old one, until the worker says that the old one is needed no more.
    /// Without it, and only with SQLite, one is made and kept beside the database file
    #[arg(long, env = "MASTER_KEY", value_parser = entity::keys::check, hide_env_values = true)]
    pub master_key: Option<String>,

    /// What is real of the world outside
    #[command(flatten)]
    pub outside: Outside,

    /// Jobs of one kind that run at once: 1 to 1000
    #[arg(long, env = "WORKER_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,

    /// What is logged: error, warn, info, debug, trace, or a filter such as info,entity=debug
    #[arg(long, env = "LOG", default_value = "warn,worker=info,apalis_core=off", value_parser = check_log)]
    pub log: String,
}

/// Refuses what is no address of a Redis.
///
/// # Errors
/// The form expected.
pub fn check_redis(text: &str) -> Result<String, String> {
    let expected = "expected redis://HOST:PORT or redis://USER:PASSWORD@HOST:PORT";
    redis::Client::open(text).map(|_| text.to_owned()).map_err(|_| expected.to_owned())
}

/// Refuses a namespace that Redis keys can't begin with.
///
/// # Errors
/// The form expected.
pub fn check_namespace(text: &str) -> Result<String, String> {
    let fits = (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(text.to_owned()) } else { Err("expected 1 to 32 letters, digits or hyphens".to_owned()) }
}

/// Refuses a filter that can't be read.
///
/// # Errors
/// The form expected.
pub fn check_log(text: &str) -> Result<String, String> {
    let expected = "expected error, warn, info, debug, trace, or target=level pairs with commas";
    let parsed: Result<tracing_subscriber::EnvFilter, _> = text.parse();
    parsed.map(|_| text.to_owned()).map_err(|_| expected.to_owned())
}
