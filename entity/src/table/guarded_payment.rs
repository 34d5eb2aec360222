//! A payment of somebody who is guarded.

use crate::clock::Time;
use crate::id::UserId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guarded_payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub idempotency_key: String,
    pub cents: i64,
    pub reserved_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
