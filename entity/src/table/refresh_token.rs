//! The hash of a refresh token.

use crate::clock::Time;
use crate::id::SessionId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub session_id: SessionId,
    pub issued_at: Time,
    pub used_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
