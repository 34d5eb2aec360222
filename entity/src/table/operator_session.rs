//! A session of an operator.

use crate::clock::Time;
use crate::id::{OperatorId, SessionId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "operator_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub operator_id: OperatorId,
    pub token_hash: Vec<u8>,
    pub created_at: Time,
    pub used_at: Time,
    pub ended_at: Option<Time>,
    #[sea_orm(belongs_to, from = "operator_id", to = "id")]
    pub operator: HasOne<super::operator::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
