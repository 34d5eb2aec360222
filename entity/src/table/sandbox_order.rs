//! An order that the simulated bank was given.

use crate::clock::Time;
use crate::id::TransactionId;
use crate::money::Currency;
use crate::sandbox::Direction;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sandbox_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: TransactionId,
    pub direction: Direction,
    pub iban: String,
    pub currency: Currency,
    pub amount: i64,
    pub times_asked: i32,
    pub received_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
