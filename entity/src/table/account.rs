//! One balance in one currency.

use crate::account::{AccountState, Purpose};
use crate::clock::Time;
use crate::id::{AccountId, UserId};
use crate::money::Currency;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: AccountId,
    pub owner: UserId,
    pub purpose: Purpose,
    pub currency: Currency,
    pub state: AccountState,
    pub balance: i64,
    pub seq: i64,
    pub unasked: i64,
    pub unasked_count: i64,
    pub spent_on: i32,
    pub spent_day: i64,
    pub spent_month: i64,
    pub revocations: i64,
    pub opened_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
