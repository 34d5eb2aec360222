//! A price that the house stands by until it expires.

use crate::clock::Time;
use crate::id::{QuoteId, ScheduleId, UserId};
use crate::money::Currency;
use crate::quote::Side;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quotes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuoteId,
    pub user_id: UserId,
    pub side: Side,
    pub source_currency: Currency,
    pub source_amount: i64,
    pub target_currency: Currency,
    pub target_amount: i64,
    pub net: i64,
    pub spread: i64,
    pub fee: i64,
    pub rounding: i64,
    pub mid: String,
    pub rate: String,
    pub rate_source: String,
    pub rate_as_of: Time,
    pub others: String,
    pub schedule: Option<ScheduleId>,
    pub created_at: Time,
    pub expires_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
