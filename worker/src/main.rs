//! The worker as a process of its own.

use clap::Parser;
use entity::clock::Clock;
use entity::keys::Keys;
use entity::{Bank, Db};
use std::io::IsTerminal;
use std::process::ExitCode;
use worker::context::Context;
use worker::queue::Queues;
use worker::settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    tracing_subscriber::fmt()
        .with_env_filter(settings.log.as_str())
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!(reason, "the worker can't run");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), String> {
    let keys = Keys::load(settings.master_key.as_deref(), &settings.database_url)?;
    let db = Db::connect(&settings.database_url).await.map_err(|error| format!("DATABASE_URL: {error}"))?;
    migration::run(db.connection()).await.map_err(|error| format!("DATABASE_URL: {error}"))?;
    let bank = Bank::open(db, keys, Clock::system(), settings.outside.simulates_messages()).await;
    let bank = bank.map_err(|error| format!("DATABASE_URL, MASTER_KEY: {error}"))?;
    let bank = bank.with_links(settings.outside.links()).with_rate_jump(settings.outside.rate_jump());
    let bank = bank.with_security_questions(settings.outside.security_questions());
    let bank = settings.outside.guarding(bank);
    let queues = Queues::redis(&settings.redis_url, &settings.redis_namespace, worker::KINDS)
        .await
        .map_err(|fault| format!("REDIS_URL: {fault}"))?;
    let context = Context { gateways: settings.outside.gateways(&bank)?, bank };
    tracing::info!("the worker is ready");
    let redis = Some((settings.redis_url, settings.redis_namespace));
    worker::run(context, queues, usize::from(settings.concurrency), redis, terminated()).await;
    tracing::info!("the worker has finished");
    Ok(())
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
