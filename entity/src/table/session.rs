//! One sign-in.

use crate::clock::Time;
use crate::id::{DeviceId, SessionId, UserId};
use crate::seal::Sealed;
use crate::session::EndReason;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    pub device_id: Option<DeviceId>,
    pub address: Option<Sealed>,
    pub country: Option<String>,
    pub created_at: Time,
    pub refreshed_at: Time,
    pub expires_at: Time,
    pub confirmed_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub end_reason: Option<EndReason>,
    #[sea_orm(belongs_to, from = "device_id", to = "id")]
    pub device: HasOne<super::device::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
