//! A payment that reviewers look into.

use crate::clock::Time;
use crate::id::{OperatorId, TransactionId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub transaction_id: TransactionId,
    pub assignee: Option<OperatorId>,
    pub assigned_at: Option<Time>,
    pub opened_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
