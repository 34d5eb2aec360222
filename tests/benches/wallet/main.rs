//! Measures the wallet against the raw database, in one run on one machine, everything durable.
//!
//! `cargo bench --bench wallet` prints the table of the README; `-- --short` the same in two
//! minutes, for a look. Guarantees: the database runs with `fsync` and `synchronous_commit` on; every
//! figure is acts acknowledged after COMMIT, each with a key of its own; after every round each
//! acknowledged act is looked up and the books are audited. It asserts no time: machines differ.

mod baseline;
mod checker;
mod http;
mod load;
mod machine;
mod people;
mod plan;
mod stage;
mod table;

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
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// What to do instead of printing the table
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an api whose ledger writes "one-by-one" or "nothing", to compare with
    #[command(hide = true)]
    Serve {
        /// The way to write
        writing: String,
        /// The address of the database
        database: String,
        /// Where to listen
        listen: SocketAddr,
    },
}

fn main() -> Result<(), String> {
    let arguments = Arguments::parse();
    let mut runtime = match arguments.command {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        // Load that runs on one thread takes less of the machine that it measures.
        None => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().map_err(|error| error.to_string())?;
    match arguments.command {
        Some(Command::Serve { writing, database, listen }) => {
            runtime.block_on(stage::serve(&writing, &database, listen))
        }
        None => {
            let plan = if arguments.short {
                plan::Plan::short()
            } else {
                plan::Plan::long(arguments.rounds, arguments.seconds)
            };
            runtime.block_on(plan.run())
        }
    }
}
