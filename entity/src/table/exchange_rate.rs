//! The last rate of each pair of currencies.

use crate::clock::Time;
use crate::money::Currency;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub base: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub quote: Currency,
    pub rate: String,
    pub source: String,
    pub as_of: Time,
}

impl ActiveModelBehavior for ActiveModel {}
