//! One batch, from the lock to the commit.

use super::books::Books;
use super::{Command, store};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Fault;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use std::collections::BTreeSet;

/// The answer to one command.
pub(crate) type Answer = Result<Transaction, Refusal>;

/// The answers of a batch, and whether it left something to do later.
pub(crate) struct Done {
    pub(crate) answers: Vec<Answer>,
    pub(crate) jobs_put: bool,
}

/// Decides the commands in order and makes what follows durable, or changes nothing.
///
/// Done again after a fault it gives the same answers, whether or not the first time was
/// committed: that is how an outcome whose acknowledgement was lost is read back.
pub(crate) async fn run(db: &Db, clock: &Clock, commands: &[&Command]) -> Result<Done, Fault> {
    let accounts: BTreeSet<_> = commands.iter().flat_map(|command| command.accounts()).collect();
    let keys: Vec<_> = commands
        .iter()
        .filter_map(|command| command.draft())
        .map(|draft| (draft.actor, draft.key.as_str().to_owned()))
        .collect();
    let continued: Vec<_> = commands.iter().filter_map(|command| command.continues()).collect();

    let tx = db.begin().await?;
    let balances = store::lock(&tx, &accounts).await?;
    // Only now, behind the lock, are the keys of a rival visible.
    let mut books = Books::open(clock.now(), balances);
    for transaction in store::answered(&tx, keys).await? {
        books.remember(transaction);
    }
    for transaction in store::continued(&tx, continued).await? {
        books.remember(transaction);
    }
    let answers = commands.iter().map(|command| books.decide(command)).collect();
    store::write(&tx, &books).await?;
    tx.commit().await?;
    Ok(Done { answers, jobs_put: !books.pages.jobs_put.is_empty() })
}
