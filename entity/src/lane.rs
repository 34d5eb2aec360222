//! A lane of the ledger on PostgreSQL: the connections over which one batch at a time is written.
//!
//! Guarantees: whoever writes at once finds the connection that was written over before, with its statements
//! prepared and the server's caches warm, and no round trip but the statement's own. A pool asks a connection
//! whether it still lives each time that it is given back: of a batch of one statement that was the second round
//! trip, for which the next batch had to wait. Here it is asked only after an error or a rest.
//!
//! Costs: two connections at most: the one that is kept, and one of the pool, for what reads or locks first.

use crate::clock::Time;
use sea_orm::sea_query::Values;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Connection, Error as SqlxError, PgPool, Postgres, Row, query_with};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How the ledger's few statements are planned: once a connection, and with indexes only. Else
/// PostgreSQL plans what takes arrays anew each time, which costs more than a transfer, or remembers
/// for good that a table was empty once.
const PLANS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off")];
/// The one that is kept, and one for transactions.
const CONNECTIONS: u32 = 2;

/// The connections of one lane.
#[derive(Debug)]
pub(crate) struct Lane {
    pool: DatabaseConnection,
    kept: Mutex<Option<Kept>>,
    /// A connection that was used this recently is not asked whether it still lives.
    trust: Duration,
}

#[derive(Debug)]
struct Kept {
    connection: PoolConnection<Postgres>,
    used_at: Instant,
}

impl Lane {
    /// Connects when it is used.
    pub(crate) async fn connect_later(mut options: ConnectOptions, trust: Duration) -> Result<Self, DbErr> {
        options
            .max_connections(CONNECTIONS)
            .connect_lazy(true)
            .map_sqlx_postgres_opts(|options| options.options(PLANS));
        Ok(Self { pool: Database::connect(options).await?, kept: Mutex::default(), trust })
    }

    /// For what reads or locks first.
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Runs one statement, which is a database transaction of its own, and reads the time that stands second in its one row. The
    /// row may come before the COMMIT: sqlx reads on until the server is ready for the next.
    ///
    /// # Errors
    /// The database's, and then nothing was done; or another, and then that is unknown.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<Option<Time>, DbErr> {
        let mut connection = self.take().await.map_err(|error| DbErr::Conn(runtime(error)))?;
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let done = query_with(AssertSqlSafe(statement.sql), values).fetch_one(&mut *connection).await;
        if done.is_ok() || connection.ping().await.is_ok() {
            self.keep(connection).await;
        }
        done.and_then(|row| row.try_get(1)).map_err(|error| DbErr::Exec(runtime(error)))
    }

    async fn take(&self) -> Result<PoolConnection<Postgres>, SqlxError> {
        // By itself, so that nobody waits for the lock while the database is asked.
        let kept = self.kept.lock().await.take();
        if let Some(mut kept) = kept
            && (kept.used_at.elapsed() < self.trust || kept.connection.ping().await.is_ok())
        {
            return Ok(kept.connection);
        }
        self.sqlx_pool().acquire().await
    }

    async fn keep(&self, connection: PoolConnection<Postgres>) {
        let mut kept = self.kept.lock().await;
        if !self.sqlx_pool().is_closed() {
            *kept = Some(Kept { connection, used_at: Instant::now() });
        }
    }

    /// Closes both, once nobody uses them.
    pub(crate) async fn close(&self) {
        // First the pool, or what is used now would be kept afterwards, and the pool waited for it for ever.
        let closed = self.sqlx_pool().close();
        drop(self.kept.lock().await.take());
        closed.await;
    }

    fn sqlx_pool(&self) -> &PgPool {
        self.pool.get_postgres_connection_pool()
    }
}

fn runtime(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
