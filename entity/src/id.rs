//! The names of things: one type for each, so that a session's id is never taken for a person's.
//!
//! Public ids are UUIDv7 (RFC 9562): unique without asking anybody, and ordered by time, so that
//! a history is read in the order of its primary key. They come from [`Ids`], never from random
//! calls scattered over the code.

use crate::clock::Time;
use chrono::Timelike;
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::{ContextV7, Timestamp, Uuid};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        // sea-orm asks it of every key type; a UUID never comes from a row counter.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A person.
    UserId,
    /// A code that was sent to a handle; for who signs up, the attempt.
    VerificationId,
    /// A question before an act.
    ChallengeId,
    /// A passkey.
    PasskeyId,
    /// A registration of a passkey, or a sign-in with one, that is under way.
    CeremonyId,
    /// A password that is to be replaced.
    ResetId,
    /// A device that somebody signed in with.
    DeviceId,
    /// Terms that somebody has accepted.
    AcceptanceId,
    /// A security question.
    QuestionId,
    /// Something that people are told of.
    EventId,
    /// An entry of somebody's inbox.
    NotificationId,
    /// What is sent to a handle.
    MessageId,
    /// One sign-in on one device.
    SessionId,
    /// A key with which a program acts for a person; also the id of its session.
    ApiKeyId,
    /// One act that moves money.
    TransactionId,
    /// A linked bank account.
    InstrumentId,
    /// A row of the outbox.
    JobId,
    /// Somebody who runs the wallet.
    OperatorId,
    /// What one operator proposes and another decides.
    ProposalId,
    /// What a person has shown to be known better.
    ApplicationId,
    /// A wallet whose handles are lost.
    RecoveryId,
    /// What a source of rates said at one time.
    SheetId,
    /// What exchanging costs.
    ScheduleId,
    /// A price that the house stands by.
    QuoteId,
    /// A rate that somebody waits for.
    RateAlertId,
    /// What a person wants to be told of.
    AlertRuleId,
    /// A conversion that waits for a rate.
    OrderId,
    /// What operators have to know.
    AlertId,
    /// A payment of which its payer says that it was not its own.
    DisputeId,
    /// A list of who may not be dealt with.
    SanctionListId,
    /// A person whose name is like one on such a list.
    SanctionHitId,
    /// A time that a case was given to a reviewer.
    AssignmentId,
    /// What a reviewer has noted on a case.
    NoteId,
}

/// An account, inside the house. Outside it is named by its owner and its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
pub struct AccountId(pub i64);

/// Where new ids come from: rising within a process even inside one millisecond.
#[derive(Clone, Default)]
pub struct Ids(Arc<Mutex<ContextV7>>);

impl Ids {
    /// The next id at the given time.
    pub fn next(&self, now: Time) -> Uuid {
        let context = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.nanosecond()))
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
