//! A person whose name is like one on a list.

use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::{OperatorId, ProposalId, SanctionHitId, SanctionListId, UserId};
use crate::sanction::{BirthMatch, Field, HitState, Source};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sanction_hits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SanctionHitId,
    pub user_id: UserId,
    pub list_id: SanctionListId,
    pub source: Source,
    pub reference: String,
    pub entry: String,
    pub name: Fingerprint,
    pub field: Field,
    pub birth: BirthMatch,
    pub score: i32,
    pub strong: bool,
    pub explanation: Sealed,
    pub state: HitState,
    pub reason: Option<Sealed>,
    pub raised_at: Time,
    pub decided_at: Option<Time>,
    pub decided_by: Option<OperatorId>,
    pub overturned_by: Option<ProposalId>,
}

impl ActiveModelBehavior for ActiveModel {}
