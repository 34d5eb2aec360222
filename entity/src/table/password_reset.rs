//! A password that is to be replaced.

use crate::clock::Time;
use crate::handle::{Fingerprint, HandleKind};
use crate::id::{ResetId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResetId,
    pub fingerprint: Fingerprint,
    pub kind: HandleKind,
    pub handle: Sealed,
    pub user_id: Option<UserId>,
    pub token_hash: Option<Vec<u8>>,
    pub tries_left: i32,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    pub created_at: Time,
    pub passkey: Option<Sealed>,
}

impl ActiveModelBehavior for ActiveModel {}
