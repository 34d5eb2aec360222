//! From a ticket to the handler of its job, and from what the handler left to the outbox.
//!
//! A ticket is a doorbell: the job is read anew from the outbox, so that a lost, late or repeated
//! ticket does no harm. The queue is always told that all is well; attempts, backoff and dead
//! letters are the outbox's.

use crate::context::{Context, Left};
use crate::{message, password_reset, rail, rate, recovery, sanction};
use entity::Error;
use entity::id::JobId;
use entity::outbox::{self, Entry, Job};
use entity::review;

/// Answers one ticket.
pub async fn answer(context: &Context, id: JobId) {
    let done = match outbox::find(&context.bank, id).await {
        Ok(Some(entry)) => work(context, &entry).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        // The lease of the outbox brings the job back.
        tracing::error!(job = %id, %error, "a job could not be recorded");
    }
}

async fn work(context: &Context, entry: &Entry) -> Result<(), Error> {
    match handle(context, entry).await {
        Ok(()) => Ok(()),
        Err(Left::Pending(after)) => outbox::ask_again(&context.bank, entry, after).await,
        Err(Left::Failed(reason)) => outbox::failed(&context.bank, entry, &reason).await,
    }
}

async fn handle(context: &Context, entry: &Entry) -> Result<(), Left> {
    match entry.job {
        Job::SendReset { reset } => password_reset::send(context, entry, reset).await,
        Job::AnnounceRecovery { recovery } => recovery::announce(context, entry, recovery).await,
        Job::SendMessage { message } => message::send(context, entry, message).await,
        // Whichever rates it is about: those of now count.
        Job::FollowRates { .. } => rate::follow(context, entry).await,
        Job::ConfirmDeposit { transaction } | Job::SettleWithdrawal { transaction } => {
            rail::advance(context, entry, transaction).await
        }
        Job::ReleasePayment { transaction, .. } => {
            review::release(&context.bank, transaction, entry.id).await?;
            Ok(())
        }
        Job::AnnounceRejection { transaction } => {
            Ok(review::announce(&context.bank, transaction, entry.id).await?)
        }
        Job::ScreenPerson { user, .. } => sanction::screen(context, entry, user).await,
        Job::ScreenEverybody { list } => sanction::screen_everybody(context, entry, list).await,
    }
}
