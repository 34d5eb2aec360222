//! Ceremonies: a registration of a passkey, or a sign-in with one, between what a device is asked and its answer.
//!
//! Guarantees: a ceremony is answered once, right or wrong, within five minutes; a registration by the session that
//! began it. What it is checked with is sealed with the key of the house.

use super::relying_party::Question;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::CeremonyId;
use crate::seal::Place;
use crate::session::Caller;
use crate::table::passkey_ceremony;
use chrono::Duration;
use sea_orm::{ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel, QueryFilter};

/// How long an answer is waited for.
pub(super) const VALID_FOR: Duration = Duration::minutes(5);

const STATE: &str = "passkey_ceremonies.state";

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CeremonyKind {
    /// A passkey is registered.
    Register,
    /// Somebody signs in.
    SignIn,
}

/// A ceremony that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id, to be shown with the answer.
    pub id: CeremonyId,
    /// What the device is asked, as JSON for the browser.
    pub options: String,
    /// Until when the answer is taken.
    pub expires_at: Time,
}

/// Whose a ceremony is.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// Of who registers a passkey, in this session.
    Registers(Caller),
    /// Of somebody who is not known yet.
    SignsIn,
}

impl Whose {
    fn kind(self) -> CeremonyKind {
        match self {
            Self::Registers(_) => CeremonyKind::Register,
            Self::SignsIn => CeremonyKind::SignIn,
        }
    }

    fn caller(self) -> Option<Caller> {
        match self {
            Self::Registers(caller) => Some(caller),
            Self::SignsIn => None,
        }
    }
}

/// Writes down what a device is asked.
pub(super) async fn begin(bank: &Bank, whose: Whose, question: Question) -> Result<Begun> {
    let now = bank.clock.now();
    let (id, expires_at) = (CeremonyId(bank.ids.next(now)), now + VALID_FOR);
    let caller = whose.caller();
    let row = passkey_ceremony::Model {
        id,
        kind: whose.kind(),
        user_id: caller.map(|caller| caller.user),
        session_id: caller.map(|caller| caller.session),
        state: bank.vault.house().seal_text(Place(STATE, id.0), &question.state)?,
        expires_at,
    };
    let insert = passkey_ceremony::Entity::insert(row.into_active_model());
    insert.exec_without_returning(bank.db.connection()).await?;
    Ok(Begun { id, options: question.options, expires_at })
}

/// Uses a ceremony up; gives what its answer is checked with. Of several who try at once one gets it. None, where
/// it is not theirs, was used or is over.
pub(super) async fn spend(bank: &Bank, whose: Whose, id: CeremonyId) -> Result<Option<String>> {
    let db = bank.db.connection();
    let found = passkey_ceremony::Entity::find_by_id(id).one(db).await?;
    let own = found.filter(|row| {
        row.kind == whose.kind()
            && row.user_id == whose.caller().map(|caller| caller.user)
            && row.session_id == whose.caller().map(|caller| caller.session)
    });
    let Some(row) = own else {
        return Ok(None);
    };
    let spent = passkey_ceremony::Entity::delete_by_id(id).exec(db).await?;
    if spent.rows_affected == 0 || row.expires_at <= bank.clock.now() {
        return Ok(None);
    }
    Ok(Some(bank.vault.house().open_text(Place(STATE, id.0), &row.state)?))
}

/// Forgets ceremonies that nobody has answered.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let old = passkey_ceremony::Entity::delete_many()
        .filter(passkey_ceremony::Column::ExpiresAt.lt(bank.clock.now()));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
