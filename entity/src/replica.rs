//! A replica of the database, which takes reading off the primary.
//!
//! Guarantees: what a request reads there holds everything that was committed, by anybody and
//! through any process, before the request was looked at. The primary says how far its log was
//! durable at that moment, and the replica is read only once it has replayed that far. One that lags
//! longer than [`PATIENCE`], or is away, is passed over, and the primary is read. Costs a question
//! to each, which all requests of a moment share.

use crate::db::Db;
use crate::error::{Fault, Result};
use crate::gather::{Answers, Gather};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a request waits for the replica.
const PATIENCE: Duration = Duration::from_millis(50);
/// How often the replica is asked meanwhile.
const GLANCE: Duration = Duration::from_millis(2);

/// A position in the write-ahead log, in bytes since its beginning.
type Position = i64;

const DURABLE: &str = "SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint AS position";
const REPLAYED: &str = "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint AS position";

/// See the module. Clones share it.
#[derive(Clone, Debug)]
pub struct Replica {
    db: Db,
    durable: Gather<(), Position>,
    replayed: Gather<(), Position>,
}

impl Replica {
    /// A replica of this primary. It may be away; then it is not read.
    ///
    /// # Errors
    /// Only if the address can't be read.
    pub async fn of(primary: &Db, url: &str) -> Result<Self, DbErr> {
        let db = Db::connect_later(url).await?;
        let (durable, replayed) = (primary.clone(), db.clone());
        Ok(Self {
            db,
            durable: Gather::start(0, move |_| Box::pin(position(durable.clone(), DURABLE))),
            replayed: Gather::start(0, move |_| Box::pin(position(replayed.clone(), REPLAYED))),
        })
    }

    /// The replica, once it has replayed all that is durable now; none, if it takes too long.
    pub(crate) async fn caught_up(&self) -> Option<&Db> {
        match tokio::time::timeout(PATIENCE, self.catch_up()).await {
            Ok(Ok(true)) => Some(&self.db),
            Ok(Ok(false)) | Err(_) => None,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the replica can't be read");
                None
            }
        }
    }

    async fn catch_up(&self) -> Result<bool> {
        let began = Instant::now();
        let Some(durable) = self.durable.ask(()).await? else {
            return Ok(false);
        };
        while began.elapsed() < PATIENCE {
            // A server that replays nothing is no replica.
            let Some(replayed) = self.replayed.ask(()).await? else {
                return Ok(false);
            };
            if replayed >= durable {
                return Ok(true);
            }
            sleep(GLANCE).await;
        }
        Ok(false)
    }
}

async fn position(db: Db, sql: &'static str) -> Answers<(), Position> {
    let db = db.connection();
    let asked = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(asked).await?.ok_or(Fault::Corrupt("a position without a row"))?;
    let position: Option<Position> = row.try_get("", "position")?;
    Ok(position.map(|position| ((), position)).into_iter().collect::<HashMap<_, _>>())
}
