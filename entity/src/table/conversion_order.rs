//! A conversion that waits for a rate.

use crate::clock::Time;
use crate::conversion_order::OrderState;
use crate::id::{OrderId, TransactionId, UserId};
use crate::money::Currency;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversion_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    pub user_id: UserId,
    pub source_currency: Currency,
    pub source_amount: i64,
    pub target_currency: Currency,
    pub limit_rate: String,
    pub state: OrderState,
    pub failure: Option<String>,
    pub transaction_id: Option<TransactionId>,
    pub created_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
