//! One batch, from the first look to the commit.
//!
//! Guarantees: the commands are decided in order, and what follows is durable as a whole before
//! anybody is answered. Done again after a fault it gives the same answers, whether or not the first
//! time was committed: that is how an outcome whose acknowledgement was lost is read back.
//!
//! On PostgreSQL a batch is first tried *at once*: decided on the balances that this process
//! remembers, and written by one statement that has no effect unless all that it was decided on
//! still holds. Where it does not, the balances are read; and where they show that another process moves
//! money, they are read first for a while. Where that fails too, and for every command that would be refused, the batch is decided
//! *behind locks*: everything is read anew with the rows held. Costs one round trip from memory, two
//! with a look, seven behind locks. SQLite has one writer, and always goes behind its lock.

use super::Command;
use super::books::{Balance, Books};
use super::claim::Claim;
use super::known::Known;
use super::store::{self, Written};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Fault;
use crate::id::{AccountId, TransactionId, UserId};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The answer to one command.
pub(crate) type Answer = Result<Transaction, Refusal>;

/// What a committed batch leaves behind: the answers in order, and whether there is a job to do.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) answers: Vec<Answer>,
    pub(crate) jobs_put: bool,
}

/// After a batch has found money moved by a rival, so many do not trust what is remembered: where one rival is, there
/// are more, and what is decided from memory would be decided in vain.
const WARY: u32 = 64;

/// What batches are run with. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Press {
    db: Db,
    /// Whether a batch is tried at once.
    bold: bool,
    clock: Clock,
    known: Known,
    wariness: Arc<AtomicU32>,
}

/// What a batch names.
struct Named {
    accounts: BTreeSet<AccountId>,
    keys: Vec<(UserId, String)>,
    continued: Vec<TransactionId>,
    claims: HashSet<Claim>,
}

impl Named {
    fn by(commands: &[&Command]) -> Self {
        let drafts = commands.iter().filter_map(|command| command.draft());
        Self {
            accounts: commands.iter().flat_map(|command| command.accounts()).collect(),
            keys: drafts.map(|draft| (draft.actor, draft.key.as_str().to_owned())).collect(),
            continued: commands.iter().filter_map(|command| command.continues()).collect(),
            claims: commands.iter().flat_map(|command| command.claims()).cloned().collect(),
        }
    }
}

impl Press {
    /// With the balances that this process remembers. Batches are tried at once where they are to be, and PostgreSQL
    /// can refuse those that were decided on what is no longer so.
    pub(crate) fn new(db: Db, clock: Clock, known: Known, bold: bool) -> Self {
        let bold = bold && db.is_postgres();
        Self { db, bold, clock, known, wariness: Arc::default() }
    }

    /// The same over the connection of this lane.
    pub(crate) fn on_lane(&self, lane: usize) -> Self {
        Self { db: self.db.on_lane(lane), ..self.clone() }
    }

    /// Decides the commands in order and makes what follows durable, or changes nothing.
    pub(crate) async fn run(&self, commands: &[&Command]) -> Result<Done, Fault> {
        let named = Named::by(commands);
        let done = self.run_named(commands, &named).await;
        if done.is_err() {
            // Whether it was committed is unknown, and so are the balances.
            self.known.forget(&named.accounts);
        }
        done
    }

    async fn run_named(&self, commands: &[&Command], named: &Named) -> Result<Done, Fault> {
        if !self.bold {
            return self.behind_locks(commands, named).await;
        }
        let mut written = Written::Rival;
        let mut done = Done::default();
        if !self.is_wary() {
            (written, done) = self.at_once(commands, named, self.known.of(&named.accounts)).await?;
        }
        if written == Written::Rival {
            (written, done) = self.at_once(commands, named, BTreeMap::new()).await?;
        }
        if !matches!(written, Written::All(_)) {
            return self.behind_locks(commands, named).await;
        }
        let (places, refused): (Vec<_>, Vec<_>) =
            commands.iter().enumerate().filter(|(at, _)| done.answers[*at].is_err()).unzip();
        if !refused.is_empty() {
            let again = self.behind_locks(&refused, &Named::by(&refused)).await?;
            done.jobs_put |= again.jobs_put;
            places.into_iter().zip(again.answers).for_each(|(at, answer)| done.answers[at] = answer);
        }
        Ok(done)
    }

    fn is_wary(&self) -> bool {
        self.wariness.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Decides on these balances and on those that it has to read, and writes if all of it still
    /// holds. Refusals are only guesses.
    async fn at_once(
        &self,
        commands: &[&Command],
        named: &Named,
        mut balances: BTreeMap<AccountId, Balance>,
    ) -> Result<(Written, Done), Fault> {
        let missing: BTreeSet<_> =
            named.accounts.iter().filter(|id| !balances.contains_key(id)).copied().collect();
        let mut before = Vec::new();
        if !missing.is_empty() || !named.continued.is_empty() {
            let (mut read, continued) = store::look(&self.db, &missing, &named.continued).await?;
            if self.known.is_behind(&read) {
                self.wariness.store(WARY, Ordering::Relaxed);
            }
            self.known.prove(&mut read);
            balances.extend(read);
            before = continued;
        }
        let mut books = Books::open(self.clock.now(), balances);
        before.into_iter().for_each(|transaction| books.remember(transaction));
        let answers = commands.iter().map(|command| books.decide(command)).collect();
        let unproven = books.unproven(&named.claims);
        let written = store::write_at_once(&self.db, &books, &unproven).await?;
        match written {
            Written::All(until) => {
                books.prove(&unproven, until);
                self.known.keep(&books.accounts);
            }
            Written::KeyUsed | Written::Rival => {}
        }
        Ok((written, Done { answers, jobs_put: !books.pages.jobs_put.is_empty() }))
    }

    /// Reads everything anew with the balances locked, so that rivals have to wait.
    async fn behind_locks(&self, commands: &[&Command], named: &Named) -> Result<Done, Fault> {
        let tx = self.db.begin_ledger().await?;
        let mut balances = store::lock(&tx, &named.accounts).await?;
        self.known.prove(&mut balances);
        // Only now, behind the lock, are the keys of a rival visible.
        let mut books = Books::open(self.clock.now(), balances);
        for transaction in store::answered(&tx, &named.keys).await? {
            books.remember(transaction);
        }
        for transaction in store::continued(&tx, &named.continued).await? {
            books.remember(transaction);
        }
        books.broken = store::broken(&tx, books.now, &named.claims).await?;
        let answers = commands.iter().map(|command| books.decide(command)).collect();
        store::write(&tx, &books).await?;
        tx.commit().await?;
        self.known.keep(&books.accounts);
        Ok(Done { answers, jobs_put: !books.pages.jobs_put.is_empty() })
    }
}
