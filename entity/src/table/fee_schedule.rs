//! What exchanging costs.

use crate::clock::Time;
use crate::id::ScheduleId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduleId,
    pub rules: String,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
