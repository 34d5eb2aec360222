//! One sign-in.

use crate::clock::Time;
use crate::id::{SessionId, UserId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
