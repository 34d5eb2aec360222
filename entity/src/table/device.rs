//! A device that somebody signed in with.

use crate::clock::Time;
use crate::id::{DeviceId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "devices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    pub user_id: UserId,
    pub token_hash: Vec<u8>,
    pub agent: Sealed,
    pub first_seen_at: Time,
    pub last_seen_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
