//! A list of who may not be dealt with, and how far everybody was screened against it.

use crate::clock::Time;
use crate::id::{SanctionListId, UserId};
use crate::sanction::Source;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sanction_lists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SanctionListId,
    pub source: Source,
    pub version: String,
    pub size: i64,
    pub loaded_at: Time,
    pub replaced_at: Option<Time>,
    pub screened_to: Option<UserId>,
    pub screened_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
