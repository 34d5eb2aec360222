//! Transactions: acts that move money. Here is what they are; how each kind is decided stands in
//! the file of its noun (`transfer`, `deposit`, `withdrawal`).
//!
//! Guarantees: the terms of a transaction never change; only its state does, and only forward:
//!
//! ```text
//! IN_REVIEW                                   an operator looks into it
//!     ├──► REQUESTED ──► SUBMITTED ◄──► UNKNOWN        a rail has it · a rail has not answered
//!     └────────┴──────────────┴───────────┴──► SETTLED or FAILED, which are final
//! ```

use crate::clock::Time;
use crate::error::{Error, Fault, Result};
use crate::exchange::Exchanged;
use crate::id::{AccountId, InstrumentId, QuoteId, TransactionId, UserId};
use crate::money::{Amount, Currency};
use crate::refusal::{Code, Refusal};
use crate::table::transaction;
use crate::user::is_printable;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter, Iterable, PaginatorTrait,
    QueryFilter, Select,
};

/// What kind of act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// From one person to another.
    Transfer,
    /// From a bank into the wallet.
    Deposit,
    /// From the wallet to a bank.
    Withdrawal,
    /// From one of a person's accounts to another.
    Conversion,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It looks like fraud; the money waits until an operator has looked into it.
    InReview,
    /// Asked for; the rail has not been told yet.
    Requested,
    /// The rail has accepted it and will answer later.
    Submitted,
    /// The rail was told and has not answered; it is being asked, and never told twice.
    Unknown,
    /// Done, and final.
    Settled,
    /// Not done, and final; the money is back where it was.
    Failed,
}

impl State {
    /// Whether nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Settled | Self::Failed => true,
            Self::InReview | Self::Requested | Self::Submitted | Self::Unknown => false,
        }
    }
}

/// Why it was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Failure {
    /// The other bank refused.
    Declined,
    /// The account at the other bank is closed or unknown there.
    AccountClosed,
    /// The house has looked into it, or could not in time, and does not let it go on.
    Rejected,
}

/// The person's own name for one act: asked twice with it, the act is done once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 64 visible ASCII characters.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_INVALID`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(Code::IdempotencyKeyInvalid.at("idempotencyKey")) }
    }

    /// A name that the house gives.
    pub(crate) fn of_house(name: String) -> Self {
        Self(name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The terms of an act, before it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id, chosen by whoever hands it in.
    pub id: TransactionId,
    /// What kind of act.
    pub kind: Kind,
    /// Who asks for it.
    pub actor: UserId,
    /// The actor's name for it.
    pub key: IdempotencyKey,
    /// How much.
    pub amount: Amount,
    /// What it becomes on its way, where that is another currency.
    pub exchanged: Option<Exchanged>,
    /// Where the money comes from.
    pub debit: AccountId,
    /// Where the money goes.
    pub credit: AccountId,
    /// Whose wallet the money leaves, if one's.
    pub payer: Option<UserId>,
    /// Whose wallet the money reaches, if one's.
    pub payee: Option<UserId>,
    /// The bank account at the other end.
    pub instrument: Option<InstrumentId>,
    /// The payer's words to the payee.
    pub note: Option<String>,
}

/// An act and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its terms.
    pub terms: Draft,
    /// How far it has come.
    pub state: State,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created_at: Time,
    /// When its state last changed.
    pub updated_at: Time,
}

impl Transaction {
    /// An act that is done at once.
    pub(crate) fn settled(terms: Draft, now: Time) -> Self {
        Self { terms, state: State::Settled, failure: None, created_at: now, updated_at: now }
    }

    /// Whether the draft asks for the very same act, so that this is its answer already.
    pub(crate) fn answers(&self, draft: &Draft) -> bool {
        Draft { id: self.terms.id, ..draft.clone() } == self.terms
    }

    /// How much it is for one of its parties: what has left, for who pays, and what has come, for who is paid.
    pub fn amount_for(&self, user: UserId) -> Amount {
        let arrived = self.terms.exchanged.filter(|_| self.terms.payer != Some(user));
        arrived.map_or(self.terms.amount, |exchanged| exchanged.target)
    }

    /// The person at the other end, for one of its parties.
    pub fn counterparty(&self, me: UserId) -> Option<UserId> {
        [self.terms.payer, self.terms.payee].into_iter().flatten().find(|party| *party != me)
    }

    /// Whether this person is the one who pays or is paid.
    pub fn concerns(&self, user: UserId) -> bool {
        self.terms.payer == Some(user) || self.terms.payee == Some(user)
    }
}

impl TryFrom<transaction::Model> for Transaction {
    type Error = Fault;

    fn try_from(row: transaction::Model) -> Result<Self, Fault> {
        let failure = row.failure.as_deref().map(failure).transpose()?;
        Ok(Self {
            terms: Draft {
                id: row.id,
                kind: row.kind,
                actor: row.actor,
                key: IdempotencyKey(row.idempotency_key),
                amount: amount(row.amount, row.currency)?,
                exchanged: exchanged(row.quote_id, row.target_amount, row.target_currency)?,
                debit: row.debit_account,
                credit: row.credit_account,
                payer: row.payer,
                payee: row.payee,
                instrument: row.instrument,
                note: row.note,
            },
            state: row.state,
            failure,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl From<&Transaction> for transaction::Model {
    fn from(transaction: &Transaction) -> Self {
        use sea_orm::ActiveEnum;
        let terms = transaction.terms.clone();
        Self {
            id: terms.id,
            kind: terms.kind,
            state: transaction.state,
            actor: terms.actor,
            idempotency_key: terms.key.0,
            currency: terms.amount.currency(),
            amount: terms.amount.minor(),
            quote_id: terms.exchanged.map(|exchanged| exchanged.quote),
            target_currency: terms.exchanged.map(|exchanged| exchanged.target.currency()),
            target_amount: terms.exchanged.map(|exchanged| exchanged.target.minor()),
            debit_account: terms.debit,
            credit_account: terms.credit,
            payer: terms.payer,
            payee: terms.payee,
            instrument: terms.instrument,
            note: terms.note,
            failure: transaction.failure.map(|failure| failure.to_value()),
            created_at: transaction.created_at,
            updated_at: transaction.updated_at,
        }
    }
}

fn amount(minor: i64, currency: Currency) -> Result<Amount, Fault> {
    Amount::try_new(minor, currency).map_err(|_| Fault::Corrupt("a transaction's amount is not positive"))
}

fn exchanged(
    quote: Option<QuoteId>,
    minor: Option<i64>,
    currency: Option<Currency>,
) -> Result<Option<Exchanged>, Fault> {
    match (quote, minor, currency) {
        (None, None, None) => Ok(None),
        (Some(quote), Some(minor), Some(currency)) => {
            Ok(Some(Exchanged { quote, target: amount(minor, currency)? }))
        }
        _ => Err(Fault::Corrupt("a transaction says half of what it exchanges")),
    }
}

fn failure(text: &str) -> Result<Failure, Fault> {
    use sea_orm::ActiveEnum;
    Failure::iter().find(|failure| failure.to_value() == text).ok_or(Fault::Corrupt("an unknown failure"))
}

/// Whether a person has done an act of this name.
pub(crate) async fn is_done(
    db: &impl ConnectionTrait,
    actor: UserId,
    key: &IdempotencyKey,
) -> Result<bool, Error> {
    Ok(named(actor, key).count(db).await? > 0)
}

/// Whom a person has paid in an act of this name.
pub(crate) async fn paid(
    db: &impl ConnectionTrait,
    actor: UserId,
    key: &IdempotencyKey,
) -> Result<Option<UserId>, Error> {
    Ok(named(actor, key).one(db).await?.and_then(|done| done.payee))
}

/// The act of this name.
fn named(actor: UserId, key: &IdempotencyKey) -> Select<transaction::Entity> {
    let own = transaction::Entity::find().filter(transaction::COLUMN.actor.eq(actor));
    own.filter(transaction::COLUMN.idempotency_key.eq(key.as_str()))
}

/// A note to the other side: at most 140 characters, as much as a bank transfer carries
/// (remittance information of ISO 20022 `pain.001`), on one line. Blank is none.
///
/// # Errors
/// `NOTE_INVALID`.
pub fn parse_note(text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) if text.chars().count() <= 140 && is_printable(text) => Ok(Some(text.to_owned())),
        Some(_) => Err(Code::NoteInvalid.at("note")),
    }
}
