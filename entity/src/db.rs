//! The database connection, opened the same way everywhere.
//!
//! Guarantees: on SQLite, write-ahead logging with full sync, foreign keys on, and every writing
//! transaction takes the write lock at its start (two that upgrade later would deadlock). On
//! PostgreSQL, the server's settings rule. An answer that was committed survives a power cut.

use crate::clock::Time;
use crate::lane::Lane;
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr, Value};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many connections a process holds at most, but for the ledger's.
const CONNECTIONS: u32 = 16;
/// How long a writer waits for SQLite's one write lock, and anybody for a free connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// A connection that was used this recently is not asked whether it still lives: that would be a
/// round trip for every statement.
const TRUST: Duration = Duration::from_secs(1);

/// The ledger's own, so that no reader keeps it waiting: one for each batch that may be under way, and for a
/// benchmark that writes one by one.
const LANES: usize = 16;

/// Refuses what is no address of a database that the wallet runs on. A file is to go by the very name that is given, with
/// no `?mode=` behind it and nothing escaped: else the one that is made private, and the key beside it, would be others.
///
/// # Errors
/// The form expected.
pub fn check_url(text: &str) -> Result<String, String> {
    let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    let sqlite = text.strip_prefix("sqlite://").filter(|file| !file.is_empty()).is_some_and(|file| {
        text.parse().is_ok_and(|options: SqliteConnectOptions| options.get_filename() == Path::new(file))
    });
    if (postgres && text.parse::<PgConnectOptions>().is_ok()) || sqlite {
        Ok(text.to_owned())
    } else {
        Err("expected postgres://USER:PASSWORD@HOST/DATABASE or sqlite://FILE".to_owned())
    }
}

/// Makes a database file, if there is none, that its owner alone can read; SQLite gives the files beside
/// it the same mode.
fn keep_private(file: &str) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether a column has one of these values: on PostgreSQL as one array, so that the statement is
/// the same however many there are.
pub(crate) fn one_of<C, V>(
    db: &impl ConnectionTrait,
    column: C,
    values: impl Iterator<Item = V>,
) -> SimpleExpr
where
    C: ColumnTrait,
    V: Into<Value>,
    Vec<V>: Into<Value>,
{
    if db.get_database_backend() == DbBackend::Postgres {
        Expr::col(column.as_column_ref()).eq(PgFunc::any(values.collect::<Vec<V>>()))
    } else {
        column.is_in(values)
    }
}

/// The database, for reading; [`Db::begin`] is for writing.
#[derive(Clone, Debug)]
pub struct Db {
    connection: DatabaseConnection,
    /// Each with connections of its own: a pool hands them out in turn, and a server process that comes to its turn has
    /// lost its caches meanwhile. So the ledger's statement took twice as long where one caller is alone.
    lanes: Arc<[Lane]>,
    lane: usize,
}

impl Db {
    /// Connects to `postgres://…` or `sqlite://FILE`; makes the file if there is none.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            keep_private(file).map_err(|error| DbErr::Custom(format!("{file}: {error}")))?;
        }
        let connection = Database::connect(Self::options(url)).await?;
        let mut lanes = Vec::new();
        if connection.get_database_backend() == DbBackend::Postgres {
            for _ in 0..LANES {
                lanes.push(Lane::connect_later(Self::options(url), TRUST).await?);
            }
        }
        Ok(Self { connection, lanes: lanes.into(), lane: 0 })
    }

    /// A database that is only read, and connected to when it is asked.
    pub(crate) async fn connect_later(url: &str) -> Result<Self, DbErr> {
        let mut options = Self::options(url);
        options.connect_lazy(true);
        let connection = Database::connect(options).await?;
        Ok(Self { connection, lanes: Arc::default(), lane: 0 })
    }

    fn options(url: &str) -> ConnectOptions {
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
        options
    }

    /// The plain connection, for the migrations.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The same, where the ledger writes over the connections of this lane.
    pub(crate) fn on_lane(&self, lane: usize) -> Self {
        Self { lane, ..self.clone() }
    }

    /// The connections over which the ledger reads or locks first: SQLite has one writer, and no lanes.
    pub(crate) fn ledger(&self) -> &DatabaseConnection {
        self.lanes.get(self.lane).map_or(&self.connection, Lane::pool)
    }

    /// Runs one statement of the ledger's, which is a database transaction of its own, and reads the time that stands second in
    /// its one row (PostgreSQL only).
    pub(crate) async fn execute_ledger(&self, statement: Statement) -> Result<Option<Time>, DbErr> {
        match self.lanes.get(self.lane) {
            Some(lane) => lane.execute(statement).await,
            None => Err(DbErr::Custom("only PostgreSQL has lanes".to_owned())),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        for lane in self.lanes.iter() {
            lane.close().await;
        }
        if let Err(error) = self.connection.close_by_ref().await {
            tracing::warn!(%error, "the database could not be closed");
        }
    }

    /// Whether the database can be asked now.
    pub async fn answers(&self) -> bool {
        self.connection.ping().await.is_ok()
    }

    /// Whether this is PostgreSQL (else it is SQLite).
    pub(crate) fn is_postgres(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Postgres
    }

    /// Starts a writing transaction; dropped without commit it never was.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        Self::begin_on(&self.connection).await
    }

    /// The same for the ledger.
    pub(crate) async fn begin_ledger(&self) -> Result<DatabaseTransaction, DbErr> {
        Self::begin_on(self.ledger()).await
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that begins transactions")]
    async fn begin_on(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
        connection
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
        self.connection
            .begin_with_options(TransactionOptions { isolation_level, ..TransactionOptions::default() })
            .await
    }
}
