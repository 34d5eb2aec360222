//! What was still on its way to somebody with rules when the watch passed it.

use crate::id::TransactionId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_rule_waits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_id: TransactionId,
}

impl ActiveModelBehavior for ActiveModel {}
