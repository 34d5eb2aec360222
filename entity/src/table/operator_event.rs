//! One entry of what an operator did and saw.

use crate::chain::Link;
use crate::clock::Time;
use crate::id::OperatorId;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operator_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub operator_id: OperatorId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub kind: String,
    pub subject: Option<Uuid>,
    pub detail: Sealed,
    pub at: Time,
    pub hash: Vec<u8>,
}

impl Model {
    pub(crate) fn link(&self) -> Link<'_> {
        let detail = &self.detail.0;
        Link {
            owner: self.operator_id.0,
            seq: self.seq,
            kind: &self.kind,
            at: self.at,
            detail,
            subject: self.subject,
        }
    }
}

impl ActiveModelBehavior for ActiveModel {}
