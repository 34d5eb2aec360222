//! The database connection, opened the same way everywhere.
//!
//! Guarantees: on SQLite, write-ahead logging with full sync, foreign keys on, and every writing
//! transaction takes the write lock at its start (two that upgrade later would deadlock). On
//! PostgreSQL, the server's settings rule. An answer that was committed survives a power cut.

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::time::Duration;

/// How many connections a process holds at most.
const CONNECTIONS: u32 = 16;
/// How long a writer waits for SQLite's one write lock, and anybody for a free connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// A connection that was used this recently is not asked whether it still lives: that would be a
/// round trip for every statement.
const TRUST: Duration = Duration::from_secs(1);

/// Refuses what is no address of a database that the wallet runs on.
///
/// # Errors
/// The form expected.
pub fn check_url(text: &str) -> Result<String, String> {
    let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    let sqlite = text.strip_prefix("sqlite://").is_some_and(|file| !file.is_empty());
    if (postgres && text.parse::<sea_orm::sqlx::postgres::PgConnectOptions>().is_ok()) || sqlite {
        Ok(text.to_owned())
    } else {
        Err("expected postgres://USER:PASSWORD@HOST/DATABASE or sqlite://FILE".to_owned())
    }
}

/// The database, for reading; [`Db::begin`] is for writing.
#[derive(Clone, Debug)]
pub struct Db(DatabaseConnection);

impl Db {
    /// Connects to `postgres://…` or `sqlite://FILE`; makes the file if there is none.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire_if_idle_for(TRUST)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|options| {
                options
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
            });
        Database::connect(options).await.map(Self)
    }

    /// The plain connection, for the migrations.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.0
    }

    /// Closes every connection.
    pub async fn close(&self) {
        if let Err(error) = self.0.close_by_ref().await {
            tracing::warn!(%error, "the database could not be closed");
        }
    }

    /// Whether the database can be asked now.
    pub async fn answers(&self) -> bool {
        self.0.ping().await.is_ok()
    }

    /// Whether this is PostgreSQL (else it is SQLite).
    pub(crate) fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// Starts a writing transaction; dropped without commit it never was.
    #[expect(clippy::disallowed_methods, reason = "the one place that begins transactions")]
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.0
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Starts a reading transaction that sees one moment, whatever is written meanwhile.
    #[expect(clippy::disallowed_methods, reason = "the one place that begins transactions")]
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let isolation_level = self.is_postgres().then_some(IsolationLevel::RepeatableRead);
        self.0
            .begin_with_options(TransactionOptions { isolation_level, ..TransactionOptions::default() })
            .await
    }
}
