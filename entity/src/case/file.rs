//! The file of a case: all that a reviewer decides from, in one place.
//!
//! Guarantees: every list in it is bounded; handles and IBANs are masked. What can't be read of somebody who was forgotten is
//! not there. Costs a dozen questions by keys, and one for the newest [`MOVEMENTS`] movements of the payer's accounts.

use super::{Assignment, Note, assignments, notes};
use crate::account::Purpose;
use crate::alert::{self, Alert, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::dispute::{self, Dispute, DisputeState};
use crate::error::{Error, Fault, Result};
use crate::fraud::Fired;
use crate::id::{OperatorId, TransactionId, UserId};
use crate::instrument;
use crate::proposal::{self, Change, Proposal};
use crate::refusal::Code;
use crate::review;
use crate::table::{account, posting, transaction};
use crate::transaction::{State, Transaction};
use crate::user::{self, User};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Earlier payments to the same payee that are shown.
const EARLIER: u64 = 10;
/// Movements of each of the payer's accounts among which they are looked for: the newest.
const MOVEMENTS: i64 = 300;

/// Somebody who pays or is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub user: User,
    /// How it is reached, masked.
    pub handles: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    /// The payment.
    pub payment: Transaction,
    /// By when it is to be decided, if it is: else it goes back, or its dispute is overdue.
    pub due_at: Option<Time>,
    /// The rules that fired before it was made.
    pub fired: Vec<Fired>,
    /// What they were asked about: each signal with its value.
    pub signals: Map<String, Value>,
    /// What operators were told of it, while that is open.
    pub alert: Option<Alert>,
    /// Who pays.
    pub payer: Option<Party>,
    /// Who is paid.
    pub payee: Option<Party>,
    /// The bank account at the other end, masked.
    pub iban: Option<String>,
    /// The payer's last payments before it to the same payee or bank account, newest first.
    pub earlier: Vec<Transaction>,
    /// The proposal to let it go on that another has to decide.
    pub proposal: Option<Proposal>,
    /// What its payer says of it.
    pub dispute: Option<Dispute>,
    /// Who has the case.
    pub assignee: Option<OperatorId>,
    /// The last times that it was given to somebody, oldest first.
    pub assignments: Vec<Assignment>,
    /// The last notes on it, oldest first.
    pub notes: Vec<Note>,
}

/// The file of a payment.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn file(bank: &Bank, id: TransactionId) -> Result<CaseFile> {
    let db = bank.db.connection();
    let rows = transaction::Entity::find_by_id(id).all(db).await?;
    let case = review::cases(db, rows).await?.pop().ok_or(Code::NotFound.at("transactionId"))?;
    let review::Case { payment, fired, signals, until, assignee } = case;
    let dispute = dispute::about(db, id).await?;
    let open = dispute.as_ref().filter(|dispute| dispute.state == DisputeState::Open);
    let is_held = payment.state == State::InReview;
    let due_at = if is_held { Some(until) } else { open.map(|dispute| dispute.due_at) };
    Ok(CaseFile {
        due_at,
        fired,
        signals,
        alert: alert::open_about(db, AlertKind::PaymentSuspicious, &id.to_string()).await?,
        payer: party(bank, payment.terms.payer).await?,
        payee: party(bank, payment.terms.payee).await?,
        iban: iban(bank, &payment).await?,
        earlier: earlier(bank, &payment).await?,
        proposal: proposal::open_like(bank, &Change::ReleasePayment { transaction: id }).await?,
        dispute,
        assignee,
        assignments: assignments(db, id).await?,
        notes: notes(bank, id).await?,
        payment,
    })
}

async fn party(bank: &Bank, id: Option<UserId>) -> Result<Option<Party>> {
    let Some(id) = id else { return Ok(None) };
    let user =
        user::find_many(bank, &[id]).await?.remove(&id).ok_or(Fault::Corrupt("a person is missing"))?;
    let handles = match user::handles(bank, id).await {
        Ok(handles) => handles.iter().map(|own| own.handle.masked()).collect(),
        // Who was forgotten has none.
        Err(Error::Refused(_)) => Vec::new(),
        Err(Error::Fault(fault)) => return Err(fault.into()),
    };
    Ok(Some(Party { user, handles }))
}

async fn iban(bank: &Bank, payment: &Transaction) -> Result<Option<String>> {
    let Some(id) = payment.terms.instrument else { return Ok(None) };
    let found = instrument::find_many(&bank.db, &bank.vault, &[id]).await?;
    Ok(found.get(&id).map(instrument::Instrument::masked_iban))
}

/// The payer's last payments before this one to where it goes. There is no index of who pays whom, and none is needed: what
/// an account has paid is along its chain.
async fn earlier(bank: &Bank, payment: &Transaction) -> Result<Vec<Transaction>> {
    let terms = &payment.terms;
    let same = match (terms.payee, terms.instrument) {
        (Some(payee), _) => transaction::COLUMN.payee.eq(payee),
        (None, Some(instrument)) => transaction::COLUMN.instrument.eq(instrument),
        (None, None) => return Ok(Vec::new()),
    };
    let Some(payer) = terms.payer else { return Ok(Vec::new()) };
    let db = bank.db.connection();
    let moved: HashSet<TransactionId> = posting::Entity::find()
        .select_only()
        .column(posting::Column::TransactionId)
        .filter(posting::COLUMN.amount.lt(0))
        .filter(newest(bank, payer).await?)
        .into_tuple()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let rows = transaction::Entity::find()
        .filter(one_of(db, transaction::Column::Id, moved.iter().map(|id| id.0)))
        .filter(transaction::COLUMN.id.lt(terms.id))
        .filter(transaction::COLUMN.kind.eq(terms.kind))
        .filter(same)
        .order_by_desc(transaction::Column::Id)
        .limit(EARLIER)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Transaction::try_from).collect::<Result<_, _>>()?)
}

/// The newest movements of each account of a person.
async fn newest(bank: &Bank, owner: UserId) -> Result<Condition> {
    let own = account::COLUMN.owner.eq(owner).and(account::COLUMN.purpose.eq(Purpose::Wallet));
    let accounts = account::Entity::find().filter(own).all(bank.db.connection()).await?;
    // A condition of nothing would be met by all.
    let none = Condition::any().add(posting::COLUMN.seq.lt(0));
    Ok(accounts.into_iter().fold(none, |any, account| {
        let own = posting::COLUMN.account_id.eq(account.id);
        any.add(own.and(posting::COLUMN.seq.gt(account.seq.saturating_sub(MOVEMENTS))))
    }))
}
