//! How far the watch has come: one row.

use crate::id::TransactionId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fraud_watch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub place: TransactionId,
}

impl ActiveModelBehavior for ActiveModel {}
