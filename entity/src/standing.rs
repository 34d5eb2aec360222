//! Standing: what decides whether a person may move money, besides its balance. An access token says it, so that
//! an ordinary payment asks for nothing.
//!
//! What gets better (new terms are accepted) is asked for in the person's row, where the token is not enough.
//! Whatever makes it worse has to end the person's sessions, and with them the tokens that don't know of it.

use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::kyc::Level;
use crate::refusal::Code;
use crate::table::user;
use crate::terms::Version;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The terms that the person has accepted; none, if they are of no version that is known.
    pub terms: Option<Version>,
    /// Until when little may leave its wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded_until: Option<Time>,
    /// How well it is known. A token from before this was said is one of who is hardly known.
    #[serde(default)]
    pub level: Level,
}

impl Standing {
    /// What a row says.
    pub(crate) fn of(row: &user::Model) -> Self {
        Self {
            terms: Version::parse(&row.terms_version),
            guarded_until: row.guarded_until,
            level: row.kyc_level,
        }
    }

    /// Whether little may leave its wallet.
    pub(crate) fn is_guarded(self, now: Time) -> bool {
        self.guarded_until.is_some_and(|until| until > now)
    }
}

/// How a person stands now.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn read(db: &impl ConnectionTrait, id: UserId) -> Result<Standing> {
    let row = user::Entity::find_by_id(id).one(db).await?.ok_or(Code::NotFound)?;
    Ok(Standing::of(&row))
}
