//! Standing: what decides whether a person may move money, besides its balance. An access token says it, so that
//! an ordinary payment asks for nothing.
//!
//! What gets better (new terms are accepted) is asked for in the person's row, where the token is not enough.
//! Whatever makes it worse has to end the person's sessions, and with them the tokens that don't know of it.

use crate::error::Result;
use crate::id::UserId;
use crate::refusal::Code;
use crate::table::user;
use crate::terms::Version;
use sea_orm::{ConnectionTrait, EntityTrait};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The terms that the person has accepted; none, if they are of no version that is known.
    pub terms: Option<Version>,
}

impl Standing {
    /// What a row says.
    pub(crate) fn of(row: &user::Model) -> Self {
        Self { terms: Version::parse(&row.terms_version) }
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
