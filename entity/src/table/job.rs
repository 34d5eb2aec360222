//! The outbox.

use crate::clock::Time;
use crate::id::JobId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub kind: String,
    pub payload: String,
    pub due_at: Time,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub dead_at: Option<Time>,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
