//! The rules by which payments are screened.

use crate::clock::Time;
use crate::id::ProposalId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fraud_rule_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub rules: String,
    pub proposal_id: ProposalId,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
