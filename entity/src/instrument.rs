//! Instruments: the bank accounts that a person has linked.
//!
//! Guarantees: an IBAN is checked (ISO 13616: country, length, check digits) and kept in one
//! spelling; linking it twice is linking it once. Others never see it.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::id::{InstrumentId, UserId};
use crate::refusal::{Code, Refusal};
use crate::table::instrument;
use crate::user::parse_text;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// The only kind so far.
const BANK_ACCOUNT: &str = "BANK_ACCOUNT";

/// A linked bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its id.
    pub id: InstrumentId,
    /// Its IBAN, without spaces.
    pub iban: String,
    /// Whose name it is in.
    pub holder: String,
    /// What the person calls it.
    pub nickname: Option<String>,
    /// When it was linked.
    pub created_at: Time,
}

impl Instrument {
    /// The IBAN with only its ends readable.
    pub fn masked_iban(&self) -> String {
        let tail = self.iban.len().saturating_sub(4);
        format!("{}…{}", &self.iban[..4.min(self.iban.len())], &self.iban[tail..])
    }
}

impl From<instrument::Model> for Instrument {
    fn from(row: instrument::Model) -> Self {
        Self {
            id: row.id,
            iban: row.iban,
            holder: row.holder,
            nickname: row.nickname,
            created_at: row.created_at,
        }
    }
}

/// A checked bank account, not yet linked.
#[derive(Clone, Debug)]
pub struct BankAccount {
    iban: String,
    holder: String,
    nickname: Option<String>,
}

impl BankAccount {
    /// Checks the three texts.
    ///
    /// # Errors
    /// `IBAN_INVALID`, `HOLDER_INVALID`, `NICKNAME_INVALID`.
    pub fn parse(iban: &str, holder: &str, nickname: Option<&str>) -> Result<Self, Refusal> {
        let spelling: String = iban.chars().filter(|letter| !letter.is_whitespace()).collect();
        let checked =
            sepa::validate_iban(&spelling.to_uppercase()).map_err(|_| Code::IbanInvalid.at("iban"))?;
        Ok(Self {
            iban: checked.as_str().to_owned(),
            holder: parse_text(holder, Code::HolderInvalid.at("holder"))?,
            nickname: nickname
                .map(|text| parse_text(text, Code::NicknameInvalid.at("nickname")))
                .transpose()?,
        })
    }
}

/// Links a bank account.
///
/// # Errors
/// Only faults.
pub async fn link(bank: &Bank, user: UserId, account: BankAccount) -> Result<Instrument> {
    let now = bank.clock.now();
    let row = instrument::Model {
        id: InstrumentId(bank.ids.next(now)),
        user_id: user,
        kind: BANK_ACCOUNT.to_owned(),
        iban: account.iban.clone(),
        holder: account.holder,
        nickname: account.nickname,
        created_at: now,
    };
    instrument::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(bank.db.connection())
        .await?;
    let linked = instrument::Entity::find()
        .filter(instrument::COLUMN.user_id.eq(user))
        .filter(instrument::COLUMN.iban.eq(account.iban))
        .one(bank.db.connection())
        .await?;
    linked.map(Instrument::from).ok_or(Fault::Corrupt("an instrument that was just linked is missing").into())
}

/// A person's own instrument.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(db: &Db, user: UserId, id: InstrumentId) -> Result<Instrument> {
    let own = instrument::Entity::find_by_id(id).filter(instrument::COLUMN.user_id.eq(user));
    let row = own.one(db.connection()).await?.ok_or(Code::NotFound.at("instrumentId"))?;
    Ok(row.into())
}

/// The instruments of these ids, whoever's they are.
///
/// # Errors
/// Only faults.
pub async fn find_many(db: &Db, ids: &[InstrumentId]) -> Result<HashMap<InstrumentId, Instrument>, Fault> {
    let these = one_of(db.connection(), instrument::Column::Id, ids.iter().map(|id| id.0));
    let rows = instrument::Entity::find().filter(these).all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// All instruments of a person, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(db: &Db, user: UserId) -> Result<Vec<Instrument>> {
    let rows = instrument::Entity::find()
        .filter(instrument::COLUMN.user_id.eq(user))
        .order_by_asc(instrument::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(Instrument::from).collect())
}
