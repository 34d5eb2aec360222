//! The coalescing writer: whatever waits is the batch.
//!
//! One task owns the queue. It hands out a batch whenever a lane is free, of commands whose
//! accounts no other lane is working on; a command that must wait reserves its accounts, so that
//! no later one overtakes it for ever. There is no timer: under light load a batch is one command,
//! under heavy load it is hundreds.
//!
//! Refuses `OVERLOADED` when [`WAITING_MAX`] callers wait already.

use super::batch::{Answer, Press};
use super::{Command, Known};
use crate::bell::Bell;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Fault};
use crate::id::AccountId;
use crate::refusal::Code;
use crate::transaction::Transaction;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Commands in a batch at most: beyond it only latency grows.
const BATCH_MAX: usize = 512;
/// Batches at once: one is at work while the other waits for the disk or its callers. Before a statement has written
/// anything it costs what several transfers do, so that more and smaller ones take longer than they save.
const LANES: usize = 2;
/// Commands that are not divided between two batches.
const SHARE_MIN: usize = 16;
/// Commands that may wait at most.
const WAITING_MAX: usize = 8_192;
/// Pauses before a fault is given up on: a deadlock, a lost connection, a rival's same key.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(5), Duration::from_millis(100), Duration::from_millis(500)];

/// How commands are written. Everybody but a benchmark coalesces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Whatever waits is one database transaction.
    Coalescing,
    /// Each command is a database transaction of its own behind locks, on 16 connections at once: the
    /// way that is taken where nothing is gathered.
    OneByOne,
    /// Nothing is decided and nothing written: what everything else costs.
    Nothing,
}

impl Writing {
    /// Commands in a batch, and batches at once.
    fn size(self, db: &Db) -> (usize, usize) {
        match (self, db.is_postgres()) {
            (Self::OneByOne, true) => (1, 16),
            (Self::OneByOne, false) => (1, 1),
            (Self::Coalescing | Self::Nothing, true) => (BATCH_MAX, LANES),
            (Self::Coalescing | Self::Nothing, false) => (BATCH_MAX, 1),
        }
    }
}

/// The way in. Clones share one writer; it ends when all are gone and all callers are answered.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    inbox: mpsc::Sender<Waiting>,
    clock: Clock,
    writing: Writing,
}

#[derive(Debug)]
struct Waiting {
    command: Command,
    reply: oneshot::Sender<Result<Answer, Fault>>,
}

#[derive(Clone)]
struct Desk {
    press: Press,
    bell: Bell,
    /// Commands in a batch.
    batch: usize,
    /// Batches at once.
    lanes: usize,
}

impl Ledger {
    /// Starts the writer.
    pub(crate) fn start(db: Db, clock: Clock, bell: Bell, known: Known, writing: Writing) -> Self {
        let (sender, inbox) = mpsc::channel(WAITING_MAX);
        let (batch, lanes) = writing.size(&db);
        let desk = Desk {
            press: Press::new(db, clock.clone(), known, writing != Writing::OneByOne),
            bell,
            batch,
            lanes,
        };
        tokio::spawn(keep(desk, inbox));
        Self { inbox: sender, clock, writing }
    }

    /// Hands in a command and waits until it is durable, or refused.
    pub(crate) async fn submit(&self, command: Command) -> Result<Transaction, Error> {
        if self.writing == Writing::Nothing
            && let Some(draft) = command.draft()
        {
            return Ok(Transaction::settled(draft.clone(), self.clock.now()));
        }
        let (reply, answer) = oneshot::channel();
        self.inbox.try_send(Waiting { command, reply }).map_err(|error| match error {
            TrySendError::Full(_) => Error::from(Code::Overloaded),
            TrySendError::Closed(_) => Fault::Stopped("ledger").into(),
        })?;
        let answer = answer.await.map_err(|_| Fault::Stopped("ledger"))??;
        Ok(answer?)
    }
}

/// A batch that is under way.
struct Busy {
    lane: usize,
    accounts: Vec<AccountId>,
}

/// The first lane that is free: who is alone always takes the same one, which has everything at hand.
fn first_free(busy: &HashMap<tokio::task::Id, Busy>) -> usize {
    let taken: HashSet<usize> = busy.values().map(|busy| busy.lane).collect();
    (0..).find(|lane| !taken.contains(lane)).unwrap_or_default()
}

/// Keeps the lanes busy until the way in is closed and nothing waits.
async fn keep(desk: Desk, mut inbox: mpsc::Receiver<Waiting>) {
    let mut waiting = VecDeque::new();
    let mut arrived = Vec::new();
    let mut lanes = JoinSet::new();
    let mut busy: HashMap<tokio::task::Id, Busy> = HashMap::new();
    let mut open = true;
    while open || !waiting.is_empty() || !lanes.is_empty() {
        while let Some(most) = desk.share(waiting.len(), &busy) {
            let batch = gather(
                &mut waiting,
                most..=desk.batch,
                busy.values().flat_map(|busy| &busy.accounts).copied().collect(),
            );
            if batch.is_empty() {
                break;
            }
            let accounts = batch.iter().flat_map(|waiting| waiting.command.accounts()).collect();
            let lane = first_free(&busy);
            let task = lanes.spawn(serve(Desk { press: desk.press.on_lane(lane), ..desk.clone() }, batch));
            busy.insert(task.id(), Busy { lane, accounts });
        }
        tokio::select! {
            count = inbox.recv_many(&mut arrived, BATCH_MAX), if open && waiting.len() < WAITING_MAX => {
                open = count > 0;
                waiting.extend(arrived.drain(..));
            }
            Some(ended) = lanes.join_next_with_id(), if !lanes.is_empty() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "a batch of the ledger crashed");
                        error.id()
                    }
                };
                busy.remove(&id);
            }
        }
    }
}

impl Desk {
    /// How many of those who wait the next batch takes, where one is to be begun.
    fn share(&self, waiting: usize, busy: &HashMap<tokio::task::Id, Busy>) -> Option<usize> {
        if self.batch == 1 {
            return (busy.len() < self.lanes && waiting > 0).then_some(1);
        }
        // A command names two accounts, or three.
        let sizes: Vec<usize> = busy.values().map(|busy| busy.accounts.len() / 2).collect();
        Some(share(waiting, &sizes, self.lanes)?.min(self.batch))
    }
}

/// An even part of all who wait or are served: in one batch of all, the database would stand still whenever callers
/// think, and callers whenever it works. It would stay so, since callers who are answered together come back together.
/// Nobody, where they are few beside the smallest batch that runs: with those who arrive until its end they are one.
fn share(waiting: usize, running: &[usize], lanes: usize) -> Option<usize> {
    let worth = running.iter().min().map_or(1, |smallest| smallest.div_ceil(2).max(1));
    let all = waiting + running.iter().sum::<usize>();
    (running.len() < lanes && waiting >= worth).then(|| all.div_ceil(lanes).max(SHARE_MIN))
}

/// Takes what can be decided now, in order of arrival: so many, and whatever else would only wait for
/// them. Where all pay one, that is everybody.
fn gather(
    waiting: &mut VecDeque<Waiting>,
    size: RangeInclusive<usize>,
    mut busy: HashSet<AccountId>,
) -> Vec<Waiting> {
    let (mut batch, mut held, mut own) = (Vec::new(), VecDeque::new(), HashSet::new());
    while let Some(next) = waiting.pop_front() {
        let accounts = next.command.accounts();
        let names = |some: &HashSet<AccountId>| accounts.iter().any(|account| some.contains(account));
        let fits = batch.len() < *size.start() || (batch.len() < *size.end() && names(&own));
        if fits && !names(&busy) {
            own.extend(accounts);
            batch.push(next);
        } else {
            busy.extend(accounts);
            held.push_back(next);
        }
    }
    *waiting = held;
    batch
}

/// Serves a batch; halves it where the database refuses it, so that one can't fail its neighbours.
async fn serve(desk: Desk, batch: Vec<Waiting>) {
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        match try_part(&desk, &part).await {
            Ok(answers) => {
                for (waiting, answer) in part.into_iter().zip(answers) {
                    // A caller that has gone away does not undo its act.
                    let _gone = waiting.reply.send(Ok(answer));
                }
            }
            Err(fault) if part.len() > 1 && !fault.is_connection() => {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            }
            Err(fault) => {
                for waiting in part {
                    let _gone = waiting.reply.send(Err(fault.clone()));
                }
            }
        }
    }
}

/// Tries one part until it is done, it has to be halved, or patience ends.
async fn try_part(desk: &Desk, part: &[Waiting]) -> Result<Vec<Answer>, Fault> {
    let commands: Vec<_> = part.iter().map(|waiting| &waiting.command).collect();
    let mut pauses = PAUSES.into_iter();
    loop {
        let fault = match desk.press.run(&commands).await {
            Ok(done) => {
                if done.jobs_put {
                    desk.bell.ring();
                }
                return Ok(done.answers);
            }
            Err(fault) => fault,
        };
        if part.len() > 1 && !fault.is_connection() {
            return Err(fault);
        }
        let Some(pause) = pauses.next() else {
            return Err(fault);
        };
        tracing::warn!(%fault, "the ledger tries a batch again");
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_batches_share_what_waits() {
        assert_eq!(share(0, &[], LANES), None);
        assert_eq!(share(10, &[], LANES), Some(SHARE_MIN), "few are one batch");
        assert_eq!(share(64, &[], LANES), Some(32), "many are two");
        assert_eq!(share(9, &[20], LANES), None, "half of the other is awaited");
        assert_eq!(share(10, &[20], LANES), Some(SHARE_MIN));
        assert_eq!(share(252, &[4], LANES), Some(128), "not all that wait, because few came before them");
        assert_eq!(share(500, &[100; LANES], LANES), None);
        assert_eq!(share(500, &[], 1), Some(500), "SQLite has one writer");
        assert_eq!(share(500, &[100], 1), None);
    }
}
