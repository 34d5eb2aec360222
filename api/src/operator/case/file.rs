//! The file of a case, as reviewers read it.

use crate::dispute::Dispute;
use crate::id::Named;
use crate::kyc::Level;
use crate::money::Money;
use crate::operator::proposal::Proposal;
use crate::operator::rate::Alert;
use crate::operator::review::{FiredRule, SignalValue, signals};
use crate::transaction::{TransactionFailure, TransactionKind, TransactionState};
use crate::user::UserState;
use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use entity::case;
use entity::transaction::Transaction;

/// Somebody who pays or is paid, as reviewers see it.
#[derive(SimpleObject)]
pub(crate) struct CaseParty {
    /// The global id of the person.
    id: ID,
    /// What the person calls itself; none for one who has left and was forgotten.
    name: Option<String>,
    /// How it is reached, with only the ends readable.
    masked_handles: Vec<String>,
    /// Whether the person may act.
    state: UserState,
    /// How well the person is known.
    kyc_level: Level,
    /// When the person signed up.
    created_at: DateTime<Utc>,
}

impl From<case::Party> for CaseParty {
    fn from(party: case::Party) -> Self {
        Self {
            id: party.user.id.to_global().to_id(),
            name: party.user.name,
            masked_handles: party.handles,
            state: party.user.state.into(),
            kyc_level: party.user.level.into(),
            created_at: party.user.created_at,
        }
    }
}

/// A payment, as reviewers see it.
#[derive(SimpleObject)]
pub(crate) struct CasePayment {
    /// The global id of the transaction.
    id: ID,
    /// What kind of act.
    kind: TransactionKind,
    /// How far it has come.
    state: TransactionState,
    /// Why it failed, if it did.
    failure: Option<TransactionFailure>,
    /// How much has left.
    money: Money,
    /// What that becomes on its way, where it is exchanged.
    target: Option<Money>,
    /// The payer's words to the payee.
    note: Option<String>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When its state last changed.
    updated_at: DateTime<Utc>,
}

impl From<Transaction> for CasePayment {
    fn from(payment: Transaction) -> Self {
        let terms = payment.terms;
        Self {
            id: terms.id.to_global().to_id(),
            kind: terms.kind.into(),
            state: payment.state.into(),
            failure: payment.failure.map(Into::into),
            money: Money(terms.amount.money()),
            target: terms.exchanged.map(|exchanged| Money(exchanged.target.money())),
            note: terms.note,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A time that a case was given to somebody, or to nobody.
#[derive(SimpleObject)]
pub(crate) struct CaseAssignment {
    /// The global id of the reviewer who had it from then on; none, where it was let go.
    assignee_id: Option<ID>,
    /// The global id of the reviewer who did so.
    by_id: ID,
    /// When.
    at: DateTime<Utc>,
}

impl From<case::Assignment> for CaseAssignment {
    fn from(assignment: case::Assignment) -> Self {
        Self {
            assignee_id: assignment.assignee.map(|id| id.to_global().to_id()),
            by_id: assignment.by.to_global().to_id(),
            at: assignment.at,
        }
    }
}

/// What a reviewer has noted on a case. It is never changed or removed.
#[derive(SimpleObject)]
pub(crate) struct CaseNote {
    /// The global id of the reviewer.
    author_id: ID,
    /// What was noted.
    text: String,
    /// When.
    at: DateTime<Utc>,
}

impl From<case::Note> for CaseNote {
    fn from(note: case::Note) -> Self {
        Self { author_id: note.author.to_global().to_id(), text: note.text, at: note.at }
    }
}

/// All that a reviewer decides from about a payment.
#[derive(SimpleObject)]
pub(crate) struct CaseFile {
    /// The payment.
    payment: CasePayment,
    /// By when it is to be decided: a payment in review goes back then, a dispute is overdue; none, where neither waits.
    due_at: Option<DateTime<Utc>>,
    /// The rules that fired before it was made.
    rules: Vec<FiredRule>,
    /// What they were asked about.
    signals: Vec<SignalValue>,
    /// The open alert about it, if there is one.
    alert: Option<Alert>,
    /// Who pays.
    payer: Option<CaseParty>,
    /// Who is paid, if it is a person.
    payee: Option<CaseParty>,
    /// The bank account at the other end, if it is one, with only the ends of its IBAN readable.
    masked_iban: Option<String>,
    /// The payer's last payments before it to the same payee or bank account, newest first: at most ten.
    earlier_payments: Vec<CasePayment>,
    /// The proposal to let it go on that waits for another reviewer, if there is one.
    proposal: Option<Proposal>,
    /// Its payer's report that it was not its own, if there is one.
    dispute: Option<Dispute>,
    /// The global id of the reviewer who has the case, if one does.
    assignee_id: Option<ID>,
    /// The last hundred times that it was given to somebody, oldest first.
    assignments: Vec<CaseAssignment>,
    /// The last hundred notes on it, oldest first.
    notes: Vec<CaseNote>,
}

impl From<case::CaseFile> for CaseFile {
    fn from(file: case::CaseFile) -> Self {
        Self {
            payment: file.payment.into(),
            due_at: file.due_at,
            rules: file.fired.into_iter().map(FiredRule::from).collect(),
            signals: signals(&file.signals),
            alert: file.alert.map(Alert::from),
            payer: file.payer.map(CaseParty::from),
            payee: file.payee.map(CaseParty::from),
            masked_iban: file.iban,
            earlier_payments: file.earlier.into_iter().map(CasePayment::from).collect(),
            proposal: file.proposal.map(Proposal::from),
            dispute: file.dispute.map(Dispute::from),
            assignee_id: file.assignee.map(|id| id.to_global().to_id()),
            assignments: file.assignments.into_iter().map(CaseAssignment::from).collect(),
            notes: file.notes.into_iter().map(CaseNote::from).collect(),
        }
    }
}
