//! Half a leg, in its account's gapless chain.

use crate::id::{AccountId, TransactionId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "postings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub transaction_id: TransactionId,
    pub amount: i64,
    pub balance_after: i64,
}

impl ActiveModelBehavior for ActiveModel {}
