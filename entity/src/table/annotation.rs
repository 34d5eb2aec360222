//! What one party of a transaction noted for itself.

use crate::clock::Time;
use crate::id::{TransactionId, UserId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "annotations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_id: TransactionId,
    pub note: Option<String>,
    pub tags: String,
    pub updated_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
