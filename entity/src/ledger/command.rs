//! Everything that moves money, by name. A new kind of movement is a new line in each match.

use super::claim::Claim;
use super::{Books, Effects};
use crate::exchange::Exchange;
use crate::id::{AccountId, TransactionId};
use crate::refusal::Refusal;
use crate::transaction::Draft;
use crate::{conversion, deposit, review, transfer, withdrawal};

/// An act, complete enough to be decided without asking anybody.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// A person pays another.
    Transfer(transfer::Create),
    /// A person changes its own money.
    Convert(conversion::Create),
    /// A person wants money from the bank.
    RequestDeposit(deposit::Request),
    /// The bank has said something about a deposit.
    ConcludeDeposit(deposit::Conclude),
    /// A person wants money at the bank.
    RequestWithdrawal(withdrawal::Request),
    /// The bank has said something about a withdrawal.
    ConcludeWithdrawal(withdrawal::Conclude),
    /// A payment has waited for an operator long enough.
    ConcludeReview(review::Conclude),
}

impl Command {
    /// The accounts that the decision may look at and change. They exist.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        match self {
            Self::Transfer(command) => {
                let own = [command.draft.debit, command.draft.credit, command.permit.measure.home];
                let exchange = command.exchange.iter().flat_map(Exchange::accounts);
                own.into_iter().chain(command.permit.review).chain(exchange).collect()
            }
            Self::Convert(command) => {
                let own = [command.draft.debit, command.draft.credit];
                own.into_iter().chain(command.exchange.accounts()).collect()
            }
            Self::RequestDeposit(command) => vec![command.draft.credit],
            Self::ConcludeDeposit(command) => vec![command.wallet, command.clearing],
            Self::RequestWithdrawal(command) => {
                let own = [command.draft.debit, command.in_transit, command.permit.measure.home];
                own.into_iter().chain(command.permit.review).collect()
            }
            Self::ConcludeWithdrawal(command) => {
                vec![command.wallet, command.in_transit, command.clearing]
            }
            Self::ConcludeReview(command) => command.accounts(),
        }
    }

    /// The new act that it asks for, if it does.
    pub(crate) fn draft(&self) -> Option<&Draft> {
        match self {
            Self::Transfer(command) => Some(&command.draft),
            Self::Convert(command) => Some(&command.draft),
            Self::RequestDeposit(command) => Some(&command.draft),
            Self::RequestWithdrawal(command) => Some(&command.draft),
            Self::ConcludeDeposit(_) | Self::ConcludeWithdrawal(_) | Self::ConcludeReview(_) => None,
        }
    }

    /// The act that it continues, if it does.
    pub(crate) fn continues(&self) -> Option<TransactionId> {
        match self {
            Self::ConcludeDeposit(command) => Some(command.transaction),
            Self::ConcludeWithdrawal(command) => Some(command.transaction),
            Self::ConcludeReview(command) => Some(command.transaction),
            Self::Transfer(_) | Self::Convert(_) | Self::RequestDeposit(_) | Self::RequestWithdrawal(_) => {
                None
            }
        }
    }

    /// What it was built on, and has to be true still.
    pub(crate) fn claims(&self) -> &[Claim] {
        match self {
            Self::Transfer(command) => &command.claims,
            Self::Convert(command) => &command.claims,
            Self::RequestDeposit(_)
            | Self::ConcludeDeposit(_)
            | Self::RequestWithdrawal(_)
            | Self::ConcludeWithdrawal(_)
            | Self::ConcludeReview(_) => &[],
        }
    }

    /// Decides it: pure, no I/O, no clock of its own.
    pub(crate) fn decide(&self, books: &Books) -> Result<Effects, Refusal> {
        match self {
            Self::Transfer(command) => transfer::decide(books, command),
            Self::Convert(command) => conversion::decide(books, command),
            Self::RequestDeposit(command) => deposit::decide_request(books, command),
            Self::ConcludeDeposit(command) => deposit::decide_conclusion(books, command),
            Self::RequestWithdrawal(command) => withdrawal::decide_request(books, command),
            Self::ConcludeWithdrawal(command) => withdrawal::decide_conclusion(books, command),
            Self::ConcludeReview(command) => review::decide(books, command),
        }
    }
}
