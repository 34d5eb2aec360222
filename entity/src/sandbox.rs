//! The sandbox: what the simulated mail delivered and what the simulated bank was told.
//!
//! It stands in for the world outside, so it is kept apart from the bank: nothing in the ledger
//! reads it. The simulated bank remembers in it what it was told, as a real bank would, so that an
//! order survives the end of the process that gave it and is known when it is given again.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::handle::Handle;
use crate::id::{MessageId, TransactionId};
use crate::instrument::Instrument;
use crate::message::Outgoing;
use crate::money::Currency;
use crate::refusal::Code;
use crate::table::{sandbox_message, sandbox_order};
use crate::transaction::{Kind, Transaction};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

/// Which way the simulated bank moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the person to the house.
    Collect,
    /// From the house to the person.
    Pay,
}

/// A delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxMessage {
    /// Its id.
    pub id: MessageId,
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// When.
    pub sent_at: Time,
}

/// An order as the simulated bank has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxOrder {
    /// The key that it was given under: the id of our transaction.
    pub key: TransactionId,
    /// Which way.
    pub direction: Direction,
    /// The account at the other end.
    pub iban: String,
    /// In what.
    pub currency: Currency,
    /// How many minor units.
    pub amount: i64,
    /// How often it was given or asked about.
    pub times_asked: i32,
    /// When it was given first.
    pub received_at: Time,
}

/// Delivers a message, once, however often it is sent.
///
/// # Errors
/// Only faults.
pub async fn deliver(bank: &Bank, message: &Outgoing) -> Result<()> {
    let row = sandbox_message::Model {
        id: message.id,
        recipient: message.to.as_str().to_owned(),
        subject: message.text.subject.clone(),
        body: message.text.body.clone(),
        sent_at: bank.clock.now(),
    };
    sandbox_message::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(bank.db.connection())
        .await?;
    Ok(())
}

/// The last messages to a handle, newest first.
///
/// # Errors
/// `SANDBOX_ONLY` where mail is real.
pub async fn messages(bank: &Bank, to: &Handle) -> Result<Vec<SandboxMessage>> {
    if !bank.sandbox {
        return Err(Code::SandboxOnly.into());
    }
    let rows = sandbox_message::Entity::find()
        .filter(sandbox_message::COLUMN.recipient.eq(to.as_str()))
        .order_by_desc(sandbox_message::Column::Id)
        .limit(20)
        .all(bank.db.connection())
        .await?;
    let message = |row: sandbox_message::Model| SandboxMessage {
        id: row.id,
        to: row.recipient,
        subject: row.subject,
        body: row.body,
        sent_at: row.sent_at,
    };
    Ok(rows.into_iter().map(message).collect())
}

/// The simulated bank takes an order, or finds that it has it already.
///
/// # Errors
/// Only faults.
pub async fn take_order(
    bank: &Bank,
    transaction: &Transaction,
    instrument: &Instrument,
) -> Result<SandboxOrder> {
    let terms = &transaction.terms;
    let direction = match terms.kind {
        Kind::Deposit => Direction::Collect,
        Kind::Withdrawal => Direction::Pay,
        Kind::Transfer | Kind::Conversion => {
            return Err(Fault::Corrupt("what stays in the house was sent to a rail").into());
        }
    };
    let row = sandbox_order::Model {
        key: terms.id,
        direction,
        iban: instrument.iban.clone(),
        currency: terms.amount.currency(),
        amount: terms.amount.minor(),
        times_asked: 1,
        received_at: bank.clock.now(),
    };
    let asked = sandbox_order::Column::TimesAsked;
    let known = OnConflict::column(sandbox_order::Column::Key)
        .value(asked, Expr::col((sandbox_order::Entity, asked)).add(1))
        .to_owned();
    sandbox_order::Entity::insert(row.into_active_model())
        .on_conflict(known)
        .exec_without_returning(bank.db.connection())
        .await?;
    find_order(bank, terms.id).await?.ok_or(Fault::Corrupt("a sandbox order is missing").into())
}

/// The order of this key, if the simulated bank has it.
///
/// # Errors
/// Only faults.
pub async fn find_order(bank: &Bank, key: TransactionId) -> Result<Option<SandboxOrder>> {
    let row = sandbox_order::Entity::find_by_id(key).one(bank.db.connection()).await?;
    Ok(row.map(|row| SandboxOrder {
        key: row.key,
        direction: row.direction,
        iban: row.iban,
        currency: row.currency,
        amount: row.amount,
        times_asked: row.times_asked,
        received_at: row.received_at,
    }))
}
