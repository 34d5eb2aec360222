//! What one operator proposes and another decides.

use crate::clock::Time;
use crate::id::{OperatorId, ProposalId};
use crate::proposal::ProposalState;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProposalId,
    pub kind: String,
    pub subject: Uuid,
    pub content: Sealed,
    pub reason: Sealed,
    pub state: ProposalState,
    pub proposed_by: OperatorId,
    pub decided_by: Option<OperatorId>,
    pub created_at: Time,
    pub decided_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
