//! What the api is told from outside: by environment, or the same by option.

use clap::{Args, Subcommand};
use entity::limit::Limits;
use entity::operator::Role;
use entity::passkey::RelyingParty;
use entity::step_up::Rules;
use entity::terms::{Terms, Version};
use ipnet::IpNet;
use rust_decimal::Decimal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// See the module.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Where to listen
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8000", global = true)]
    pub listen: SocketAddr,

    /// The database: postgres://USER:PASSWORD@HOST/DATABASE, or sqlite://FILE
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://okpay.db", value_parser = entity::db::check_url, global = true)]
    pub database_url: String,

    /// A replica of the PostgreSQL, to take queries off it: postgres://… It is read only where it shows
    /// everything that was committed before the request came; else the primary is
    #[arg(long, env = "DATABASE_READ_URL", value_parser = check_replica, global = true)]
    pub database_read_url: Option<String>,

    /// The Redis or Valkey of the workers: redis://HOST:PORT. Without it the worker runs in this process
    #[arg(long, env = "REDIS_URL", value_parser = check_redis, global = true)]
    pub redis_url: Option<String>,

    /// What the keys in Redis begin with; the same for api and worker
    #[arg(long, env = "REDIS_NAMESPACE", default_value = "okpay", global = true)]
    pub redis_namespace: String,

    /// The secret of the house: 64 hexadecimal digits, the same for api and worker. To replace it, give
    /// the new one, a comma and the old one, until the worker says that the old one is needed no more.
    /// Without it, and only with SQLite, one is made and kept beside the database file
    #[arg(long, env = "MASTER_KEY", value_parser = entity::keys::check, hide_env_values = true, global = true)]
    pub master_key: Option<String>,

    /// Proxies whose X-Forwarded-For says where a request came from: addresses or networks, with commas,
    /// such as 10.0.0.0/8
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = check_network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// What may leave a wallet at once without asking its owner again, in EUR
    #[arg(long, env = "STEP_UP_SINGLE", default_value = "30", value_parser = check_euros, global = true)]
    pub step_up_single: Decimal,

    /// What may leave since its owner last answered, in EUR
    #[arg(long, env = "STEP_UP_TOTAL", default_value = "100", value_parser = check_euros, global = true)]
    pub step_up_total: Decimal,

    /// How many payments may be made since its owner last answered
    #[arg(long, env = "STEP_UP_COUNT", default_value_t = 5, value_parser = clap::value_parser!(i64).range(0..), global = true)]
    pub step_up_count: i64,

    /// What may leave a wallet in the day after its password was replaced without the old one, in EUR
    #[arg(long, env = "RESET_CAP", default_value = "150", value_parser = check_euros, global = true)]
    pub reset_cap: Decimal,

    /// What a person may send away in a day and in a month, at its worth in EUR: DAY/MONTH for each of the levels 0 to 3;
    /// ONCE/DAY/MONTH, where one payment may be worth less than a day allows
    #[arg(long, env = "LIMITS", default_value = "150/150,1000/2500,10000/25000,100000/250000", value_parser = check_limits, global = true)]
    pub limits: Limits,

    /// For how many seconds the house stands by a price: 30 to 1800
    #[arg(long, env = "QUOTE_TTL", default_value_t = 60, value_parser = clap::value_parser!(i64).range(30..=1_800), global = true)]
    pub quote_ttl: i64,

    /// A file of the SHA-1 of breached passwords, which are refused: lines HASH:COUNT sorted by hash, as the downloader of
    /// Have I Been Pwned writes them
    #[arg(long, env = "BREACHED_PASSWORDS", global = true)]
    pub breached_passwords: Option<PathBuf>,

    /// A file that says in which country an address is, in the MaxMind DB format, as MaxMind, DB-IP and IPinfo publish it.
    /// Without it rules know no countries
    #[arg(long, env = "COUNTRIES", global = true)]
    pub countries: Option<PathBuf>,

    /// The version of the terms of use in TERMS_FILE: the date from which they are in force, such as 2026-11-01. Who
    /// has accepted an older version moves no money until it accepts this one
    #[arg(long, env = "TERMS_VERSION", value_parser = check_version, requires = "terms_file", global = true)]
    pub terms_version: Option<Version>,

    /// The file with the terms of use. Without it there are terms of a wallet for trying out
    #[arg(long, env = "TERMS_FILE", requires = "terms_version", global = true)]
    pub terms_file: Option<PathBuf>,

    /// Web origins whose pages may use the API, with commas, such as https://app.example.com
    #[arg(long, env = "ALLOWED_ORIGINS", value_delimiter = ',', value_parser = check_origin, global = true)]
    pub allowed_origins: Vec<String>,

    /// The web origin of the app whose pages make and use passkeys, such as https://app.example.com. Its host is
    /// what passkeys are bound to: with another one they no longer work
    #[arg(long, env = "PASSKEY_ORIGIN", default_value = "http://localhost:8000", value_parser = RelyingParty::parse, global = true)]
    pub passkey_origin: RelyingParty,

    /// What is logged: error, warn, info, debug, trace, or a filter such as info,entity=debug
    #[arg(long, env = "LOG", default_value = "warn,api=info,apalis_core=off", value_parser = check_log, global = true)]
    pub log: String,

    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Tell the main job as a story: sign up, top up, send, withdraw, read the history
    Demo {
        /// The address of a wallet that runs already, such as http://127.0.0.1:8000; without it one is started
        #[arg(long, value_parser = check_address)]
        url: Option<String>,
    },
    /// Invite an operator, the first or any other, or anew who has lost password or app; prints the token once
    InviteOperator {
        /// The name to sign in with: 2 to 40 small letters, digits, points and hyphens
        name: String,
        /// What the operator may do, with commas: admin, auditor, engineer, reviewer, support, treasurer
        #[arg(long, value_delimiter = ',', value_parser = check_role, required = true)]
        roles: Vec<Role>,
    },
    /// Check every law of the ledger and the chain of every log; fails if one does not hold
    Verify,
    /// Judge the payments of the past by other rules too, and print what they would have changed; changes nothing
    Replay {
        /// The file of the other rules
        rules: PathBuf,
        /// How many of the last transactions: 1 to 1000000
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        last: u64,
    },
    /// Print the GraphQL schema, sorted; needs no database
    Schema {
        /// The schema of operators instead
        #[arg(long)]
        operator: bool,
    },
}

fn check_replica(text: &str) -> Result<String, String> {
    let expected = "expected postgres://USER:PASSWORD@HOST/DATABASE";
    entity::db::check_url(text).ok().filter(|url| url.starts_with("postgres")).ok_or(expected.to_owned())
}

fn check_redis(text: &str) -> Result<String, String> {
    let expected = "expected redis://HOST:PORT or redis://USER:PASSWORD@HOST:PORT";
    redis::Client::open(text).map(|_| text.to_owned()).map_err(|_| expected.to_owned())
}

fn check_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or("expected admin, auditor, engineer, reviewer, support or treasurer".to_owned())
}

fn check_network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| address())
        .map_err(|_| "expected addresses or networks such as 10.0.0.0/8".to_owned())
}

impl Settings {
    /// What may leave unasked.
    pub fn step_up(&self) -> Rules {
        Rules { single: self.step_up_single, total: self.step_up_total, count: self.step_up_count }
    }

    /// The terms of use.
    ///
    /// # Errors
    /// A text that names the setting, when the file can't be read or is empty.
    pub fn terms(&self) -> Result<Terms, String> {
        let (Some(version), Some(file)) = (self.terms_version, &self.terms_file) else {
            return Ok(Terms::default());
        };
        let text = std::fs::read_to_string(file).map_err(|error| format!("TERMS_FILE: {error}"))?;
        if text.trim().is_empty() {
            Err("TERMS_FILE: it is empty".to_owned())
        } else {
            Ok(Terms { version, text: text.into() })
        }
    }
}

fn check_version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or("expected a date such as 2026-11-01".to_owned())
}

fn check_euros(text: &str) -> Result<Decimal, String> {
    let euros = text.parse().ok().filter(|euros: &Decimal| !euros.is_sign_negative());
    euros.ok_or("expected an amount of euros, such as 30 or 12.50".to_owned())
}

fn check_limits(text: &str) -> Result<Limits, String> {
    let expected = "expected DAY/MONTH or ONCE/DAY/MONTH for four levels in whole EUR, none less than the one below, such as \
        150/150,1000/2500,10000/25000,100000/250000";
    Limits::parse(text).ok_or(expected.to_owned())
}

fn check_origin(text: &str) -> Result<String, String> {
    check_address(text)
        .map_err(|_| "expected origins such as https://app.example.com, with commas".to_owned())
}

fn check_address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => Ok(text.to_owned()),
        Some(_) | None => Err("expected http://HOST:PORT without a path".to_owned()),
    }
}

fn check_log(text: &str) -> Result<String, String> {
    let expected = "expected error, warn, info, debug, trace, or target=level pairs with commas";
    let parsed: Result<tracing_subscriber::EnvFilter, _> = text.parse();
    parsed.map(|_| text.to_owned()).map_err(|_| expected.to_owned())
}
