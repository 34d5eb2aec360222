//! A time that a case was given to somebody, or to nobody.

use crate::clock::Time;
use crate::id::{AssignmentId, OperatorId, TransactionId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    pub transaction_id: TransactionId,
    pub assignee: Option<OperatorId>,
    pub assigned_by: OperatorId,
    pub at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
