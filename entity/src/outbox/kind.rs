//! The kinds of jobs. A job is named by the id of what it is about.

use crate::id::{
    JobId, MessageId, ProposalId, RecoveryId, ResetId, SanctionListId, SheetId, TransactionId, UserId,
};
use serde::{Deserialize, Serialize};

/// What is to be done later. It carries ids only; a new version of a job is a new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Send a message to a handle.
    SendMessage {
        /// Which.
        message: MessageId,
    },
    /// Send what a password is replaced with.
    SendReset {
        /// Which.
        reset: ResetId,
    },
    /// Tell whose handle is said to be lost.
    AnnounceRecovery {
        /// Which case.
        recovery: RecoveryId,
    },
    /// Tell who waits for a rate, and convert for who has ordered it.
    FollowRates {
        /// The rates.
        sheet: SheetId,
    },
    /// Collect a deposit from the person's bank.
    ConfirmDeposit {
        /// Which.
        transaction: TransactionId,
    },
    /// Pay a withdrawal out to the person's bank.
    SettleWithdrawal {
        /// Which.
        transaction: TransactionId,
    },
    /// Tell a payer that a payment has gone back.
    AnnounceRejection {
        /// Which.
        transaction: TransactionId,
    },
    /// Let a payment go on that has waited for operators.
    ReleasePayment {
        /// Which.
        transaction: TransactionId,
        /// What has let it.
        proposal: ProposalId,
    },
    /// Look for the names of a person on sanctions lists.
    ScreenPerson {
        /// Whose.
        user: UserId,
        /// What it has said: itself, an application or a bank account.
        cause: JobId,
    },
    /// Look for everybody on a list that has come into force.
    ScreenEverybody {
        /// Which.
        list: SanctionListId,
    },
}

impl Job {
    /// The queues, one a kind of job.
    pub const KINDS: &'static [&'static str] = &[
        "send-message",
        "send-reset",
        "announce-recovery",
        "follow-rates",
        "confirm-deposit",
        "settle-withdrawal",
        "release-payment",
        "announce-rejection",
        "screen-person",
        "screen-everybody",
    ];

    /// Its queue.
    pub fn kind(self) -> &'static str {
        match self {
            Self::SendMessage { .. } => "send-message",
            Self::SendReset { .. } => "send-reset",
            Self::AnnounceRecovery { .. } => "announce-recovery",
            Self::FollowRates { .. } => "follow-rates",
            Self::ConfirmDeposit { .. } => "confirm-deposit",
            Self::SettleWithdrawal { .. } => "settle-withdrawal",
            Self::ReleasePayment { .. } => "release-payment",
            Self::AnnounceRejection { .. } => "announce-rejection",
            Self::ScreenPerson { .. } => "screen-person",
            Self::ScreenEverybody { .. } => "screen-everybody",
        }
    }

    /// Its name: that of what it is about.
    pub fn id(self) -> JobId {
        match self {
            Self::SendMessage { message } => JobId(message.0),
            Self::SendReset { reset } => JobId(reset.0),
            Self::AnnounceRecovery { recovery } => JobId(recovery.0),
            Self::FollowRates { sheet } => JobId(sheet.0),
            Self::ConfirmDeposit { transaction }
            | Self::SettleWithdrawal { transaction }
            | Self::AnnounceRejection { transaction } => JobId(transaction.0),
            // The payment's own name is that of its settlement.
            Self::ReleasePayment { proposal, .. } => JobId(proposal.0),
            Self::ScreenPerson { cause, .. } => cause,
            Self::ScreenEverybody { list } => JobId(list.0),
        }
    }
}
