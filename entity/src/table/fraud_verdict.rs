//! What was found of a payment: before the money moved, and after.

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
    /// Whether it had been made by then.
    #[sea_orm(primary_key, auto_increment = false)]
    pub moved: bool,
    /// The version of the rules.
    pub version: i32,
    pub outcome: Outcome,
    pub fired: String,
    pub signals: String,
    pub decided_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
