//! A payment of which its payer says that it was not its own.

use crate::clock::Time;
use crate::dispute::DisputeState;
use crate::id::{DisputeId, OperatorId, TransactionId, UserId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disputes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisputeId,
    pub transaction_id: TransactionId,
    pub user_id: UserId,
    pub state: DisputeState,
    pub opened_at: Time,
    pub due_at: Time,
    pub decided_at: Option<Time>,
    pub decided_by: Option<OperatorId>,
}

impl ActiveModelBehavior for ActiveModel {}
