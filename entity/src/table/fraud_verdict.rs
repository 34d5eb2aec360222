//! What was found of a payment before it was made.

use crate::clock::Time;
use crate::fraud::Outcome;
use crate::id::UserId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fraud_verdicts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payer: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub idempotency_key: String,
    pub outcome: Outcome,
    pub fired: String,
    pub signals: String,
    pub decided_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
