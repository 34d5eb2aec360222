//! Measures the wallet against the raw database, in one run on one machine, everything durable.
//!
//! `cargo bench --bench wallet` prints the table of the README; `-- --short` the same in two
//! minutes, for a look; `-- --growth --two-by-two` adds the scenes that take long. `-- grow URL`
//! fills a database of one's own. Guarantees: the database runs with `fsync` and `synchronous_commit` on; every
//! figure is acts acknowledged after COMMIT, each with a key of its own; after every round each
//! acknowledged act is looked up and the books are audited. It asserts no time: machines differ.

mod baseline;
mod checker;
mod flood;
mod goals;
mod grow;
mod growth;
mod history;
mod http;
mod jobs;
mod load;
mod machine;
mod measure;
mod pair;
mod people;
mod plan;
mod sqlite;
mod stage;
mod table;
mod transfers;
mod witness;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;

/// Measures the wallet against the raw database.
#[derive(Parser)]
#[command(name = "wallet")]
struct Arguments {
    /// One short round, in less than two minutes
    #[arg(long)]
    short: bool,
    /// Rounds of which the median is taken
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds that each figure is measured
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only figures whose name begins so; several with semicolons
    #[arg(long, value_delimiter = ';')]
    only: Vec<String>,
    /// Only with so many clients; several with commas
    #[arg(long, value_delimiter = ',')]
    clients: Vec<usize>,
    /// Also on a database that has grown, which takes minutes to make
    #[arg(long)]
    growth: bool,
    /// How large it is
    #[command(flatten)]
    size: grow::Size,
    /// Also with two apis and two workers on one Redis
    #[arg(long)]
    two_by_two: bool,
    /// PostgreSQL's setting of this name, to see what it is worth
    #[arg(long, default_value = "8GB")]
    max_wal_size: String,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// What to do instead of printing the table
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an api whose ledger writes "one-by-one" or "nothing", or an "unscreened" one, to compare with
    #[command(hide = true)]
    Serve {
        /// The way to write
        writing: String,
        /// The address of the database
        database: String,
        /// Where to listen
        listen: SocketAddr,
    },
    /// Run a worker that says when the jobs of deposits start
    #[command(hide = true)]
    Work {
        /// The address of the database
        database: String,
        /// The address of Redis
        redis: String,
    },
    /// Fill a new PostgreSQL database with many accounts and a long past, and audit it
    Grow {
        /// How large it is to be
        #[command(flatten)]
        size: grow::Size,
        /// The address of the database
        database: String,
        /// Given by cargo
        #[arg(long, hide = true)]
        bench: bool,
    },
}

fn main() -> Result<(), String> {
    let arguments = Arguments::parse();
    let mut runtime = match arguments.command {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        None => load::runtime(),
    };
    let runtime = runtime.enable_all().build().map_err(|error| error.to_string())?;
    match arguments.command {
        Some(Command::Serve { writing, database, listen }) => {
            runtime.block_on(stage::serve(&writing, &database, listen))
        }
        Some(Command::Work { database, redis }) => runtime.block_on(witness::work(&database, &redis)),
        Some(Command::Grow { size, database, bench: _ }) => runtime.block_on(fill(&database, size)),
        None => {
            let plan = if arguments.short {
                plan::Plan::short()
            } else {
                plan::Plan::long(arguments.rounds, arguments.seconds)
            };
            let growth = arguments.growth.then_some(arguments.size);
            let plan = plan.only(arguments.only, &arguments.clients);
            let plan = plan.with(growth, arguments.two_by_two, arguments.max_wal_size);
            runtime.block_on(plan.run())
        }
    }
}

async fn fill(database: &str, size: grow::Size) -> Result<(), String> {
    grow::fill(database, size).await?;
    eprintln!("auditing …");
    let db = entity::Db::connect(database).await.map_err(|error| error.to_string())?;
    checker::audit(&db).await
}
