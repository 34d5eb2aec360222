//! A rate that somebody waits for.

use crate::clock::Time;
use crate::id::{RateAlertId, UserId};
use crate::money::Currency;
use crate::rate_alert::{AlertState, Direction};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_alerts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RateAlertId,
    pub user_id: UserId,
    pub base: Currency,
    pub quote: Currency,
    pub direction: Direction,
    pub rate: String,
    pub state: AlertState,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
