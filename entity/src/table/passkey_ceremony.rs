//! A registration of a passkey, or a sign-in with one, that is under way.

use crate::clock::Time;
use crate::id::{CeremonyId, SessionId, UserId};
use crate::passkey::CeremonyKind;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey_ceremonies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CeremonyId,
    pub kind: CeremonyKind,
    pub user_id: Option<UserId>,
    pub session_id: Option<SessionId>,
    pub state: Sealed,
    pub expires_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
