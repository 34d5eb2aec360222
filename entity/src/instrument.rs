//! Instruments: the bank accounts that a person has linked.
//!
//! Guarantees: an IBAN is checked (ISO 13616: country, length, check digits) and kept in one
//! spelling; linking it twice is linking it once. Others never see it. Its holder is [screened](crate::sanction) a moment
//! after it was linked.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::id::{InstrumentId, JobId, UserId};
use crate::outbox::{self, Job};
use crate::refusal::{Code, Refusal};
use crate::seal::Sealed;
use crate::table::{self, instrument};
use crate::user::{self, parse_text};
use crate::vault::{DataKey, Vault};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, TryInsertResult};
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

const IBAN: &str = "instruments.iban";
const HOLDER: &str = "instruments.holder";
const NICKNAME: &str = "instruments.nickname";

impl Instrument {
    /// What a row says to who has the data key of its owner.
    pub(crate) fn read(key: &DataKey, row: &instrument::Model) -> Result<Self, Fault> {
        let open = |column, sealed: &Sealed| key.open(column, row.id.0, sealed);
        Ok(Self {
            id: row.id,
            iban: open(IBAN, &row.iban)?,
            holder: open(HOLDER, &row.holder)?,
            nickname: row.nickname.as_ref().map(|sealed| open(NICKNAME, sealed)).transpose()?,
            created_at: row.created_at,
        })
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
    let key = user::data_key(bank, bank.db.connection(), user).await?;
    let id = InstrumentId(bank.ids.next(now));
    let fingerprint = bank.vault.digest(&[b"IBAN", account.iban.as_bytes()]);
    let nickname = account.nickname.map(|text| key.seal(NICKNAME, id.0, &text)).transpose()?;
    let row = instrument::Model {
        id,
        user_id: user,
        kind: BANK_ACCOUNT.to_owned(),
        fingerprint,
        iban: key.seal(IBAN, id.0, &account.iban)?,
        holder: key.seal(HOLDER, id.0, &account.holder)?,
        nickname,
        created_at: now,
    };
    let tx = bank.db.begin().await?;
    let insert = instrument::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert();
    if let TryInsertResult::Inserted(_) = insert.exec_without_returning(&tx).await? {
        outbox::put(&tx, Job::ScreenPerson { user, cause: JobId(id.0) }, now).await?;
    }
    let linked = instrument::Entity::find()
        .filter(instrument::COLUMN.user_id.eq(user))
        .filter(instrument::COLUMN.fingerprint.eq(fingerprint))
        .one(&tx)
        .await?
        .ok_or(Fault::Corrupt("an instrument that was just linked is missing"))?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(Instrument::read(&key, &linked)?)
}

/// A person's own instrument.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(bank: &Bank, user: UserId, id: InstrumentId) -> Result<Instrument> {
    let own = instrument::Entity::find_by_id(id).filter(instrument::COLUMN.user_id.eq(user));
    let db = bank.db.connection();
    let row = own.one(db).await?.ok_or(Code::NotFound.at("instrumentId"))?;
    Ok(Instrument::read(&user::data_key(bank, db, user).await?, &row)?)
}

/// The instruments of these ids, whoever's they are, but for people who were forgotten.
///
/// # Errors
/// Only faults.
pub async fn find_many(
    db: &Db,
    vault: &Vault,
    ids: &[InstrumentId],
) -> Result<HashMap<InstrumentId, Instrument>, Fault> {
    let these = one_of(db.connection(), instrument::Column::Id, ids.iter().map(|id| id.0));
    let linked = instrument::Entity::find().filter(these).find_also_related(table::user::Entity);
    let mut found = HashMap::new();
    for (row, owner) in linked.all(db.connection()).await? {
        if let Some(sealed) = owner.and_then(|owner| owner.data_key) {
            let key = vault.data_key(row.user_id, &sealed)?;
            found.insert(row.id, Instrument::read(&key, &row)?);
        }
    }
    Ok(found)
}

/// All instruments of a person, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<Instrument>> {
    let db = bank.db.connection();
    let rows = instrument::Entity::find()
        .filter(instrument::COLUMN.user_id.eq(user))
        .order_by_asc(instrument::Column::Id)
        .all(db)
        .await?;
    let key = user::data_key(bank, db, user).await?;
    rows.into_iter().map(|row| Ok(Instrument::read(&key, &row)?)).collect()
}
