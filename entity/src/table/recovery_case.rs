//! A wallet whose handle is lost.

use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::{RecoveryId, UserId};
use crate::recovery::RecoveryState;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecoveryId,
    pub token_hash: Vec<u8>,
    pub lost: Fingerprint,
    pub found: Fingerprint,
    pub claim: Option<Sealed>,
    pub user_id: Option<UserId>,
    pub state: RecoveryState,
    pub opened_at: Time,
    pub effective_at: Option<Time>,
    pub closed_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
