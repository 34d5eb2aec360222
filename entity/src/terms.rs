//! Terms of use: which are in force, and who has accepted which.
//!
//! Guarantees: who has not accepted the version in force, or a later one, moves no money; everything else goes
//! on. What was accepted is kept as evidence, a row for each person and version: the version, the SHA-256 of its
//! text, when, and from which address. An act that was done before is answered again all the same, for its key
//! is its name. Accepting works at once, whatever an older access token says.
//!
//! Refuses `TERMS_NOT_ACCEPTED`. Costs a comparison: the access token says what was accepted, and only where that
//! is not enough is the person's row asked.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::{AcceptanceId, UserId};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::session::Caller;
use crate::table::{term_acceptance, user};
use crate::transaction::{self, IdempotencyKey};
use crate::user as people;
use crate::vault::DataKey;
use crate::{keys, standing};
use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// A version of the terms: the date from which it is in force. A new version is a later date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(NaiveDate);

impl Version {
    /// The date as `2026-11-01`, and in no other spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.parse().ok().map(Self)?;
        (date.to_string() == text).then_some(date)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The terms in force. Clones share the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Which version.
    pub version: Version,
    /// What they say.
    pub text: Arc<str>,
}

impl Default for Terms {
    /// Those of a wallet for trying out.
    fn default() -> Self {
        Self { version: Version(VERSION), text: include_str!("terms.txt").into() }
    }
}

/// The version of the terms that are built in. Other words are another date.
const VERSION: NaiveDate = match NaiveDate::from_ymd_opt(2026, 11, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

impl Terms {
    /// The SHA-256 of the text.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.text.as_bytes()).to_vec()
    }

    /// Whether this is all that has to be accepted. An api that still has older terms does not ask for them again.
    pub(crate) fn are_met_by(&self, accepted: Option<Version>) -> bool {
        accepted.is_some_and(|accepted| accepted >= self.version)
    }

    /// What has to be accepted by who has accepted this; none, if that is nothing.
    pub fn pending(&self, accepted: &str) -> Option<Version> {
        (!self.are_met_by(Version::parse(accepted))).then_some(self.version)
    }

    /// Refuses every version but the one in force.
    pub(crate) fn refuse_other(&self, version: &str, field: &'static str) -> Result<()> {
        let same = Version::parse(version) == Some(self.version);
        if same { Ok(()) } else { Err(Code::TermsNotAccepted.at(field).into()) }
    }
}

/// An acceptance, as the person may take it along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// What was accepted.
    pub version: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub digest: String,
    /// From which address.
    pub address: String,
    /// When.
    pub at: Time,
}

const ADDRESS: &str = "term_acceptances.address";

/// Accepts the terms in force. Doing it twice is doing it once.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED` for any other version.
pub async fn accept(bank: &Bank, caller: Caller, version: &str, origin: &Origin) -> Result<()> {
    bank.terms.refuse_other(version, "version")?;
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (row, key) = people::lock(bank, &tx, caller.user).await?;
    if bank.terms.are_met_by(Version::parse(&row.terms_version)) {
        return Ok(());
    }
    record(bank, &tx, &key, version, bank.terms.digest(), origin).await?;
    let set = user::ActiveModel {
        terms_version: Set(bank.terms.version.to_string()),
        terms_accepted_at: Set(now),
        ..Default::default()
    };
    user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(caller.user)).exec(&tx).await?;
    Ok(tx.commit().await?)
}

/// Keeps the evidence of an acceptance.
pub(crate) async fn record(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    version: &str,
    digest: Vec<u8>,
    origin: &Origin,
) -> Result<()> {
    let now = bank.clock.now();
    let id = AcceptanceId(bank.ids.next(now));
    let row = term_acceptance::Model {
        id,
        user_id: key.user(),
        version: version.to_owned(),
        digest,
        address: key.seal(ADDRESS, id.0, &origin.shown())?,
        accepted_at: now,
    };
    term_acceptance::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Refuses an act that moves money for who has not accepted the terms in force; not one that was done before.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`.
pub(crate) async fn require(bank: &Bank, caller: Caller, key: &IdempotencyKey) -> Result<()> {
    if caller.standing.is_some_and(|standing| bank.terms.are_met_by(standing.terms)) {
        return Ok(());
    }
    let db = bank.db.connection();
    let standing = Box::pin(standing::read(db, caller.user)).await?;
    if bank.terms.are_met_by(standing.terms) || Box::pin(transaction::is_done(db, caller.user, key)).await? {
        Ok(())
    } else {
        Err(Code::TermsNotAccepted.into())
    }
}

/// All that a person has accepted, oldest first.
///
/// # Errors
/// Only faults.
pub async fn acceptances(bank: &Bank, user: UserId) -> Result<Vec<Acceptance>> {
    let db = bank.db.connection();
    let key = people::data_key(bank, db, user).await?;
    let own = term_acceptance::Entity::find().filter(term_acceptance::COLUMN.user_id.eq(user));
    let rows = own.order_by_asc(term_acceptance::Column::Id).all(db).await?;
    let read = |row: term_acceptance::Model| {
        Ok(Acceptance {
            version: row.version,
            digest: keys::hex(&row.digest),
            address: key.open(ADDRESS, row.id.0, &row.address)?,
            at: row.accepted_at,
        })
    };
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_is_enough_and_no_other_spelling_is_one() {
        let terms = Terms::default();
        assert_eq!(terms.version.to_string(), "2026-11-01");
        for (accepted, pending) in [
            ("2026-11-01", false),
            ("2027-01-01", false),
            ("2026-10-31", true),
            ("2026-11-1", true),
            ("bench", true),
            ("", true),
        ] {
            assert_eq!(terms.pending(accepted), pending.then_some(terms.version), "{accepted}");
        }
    }
}
