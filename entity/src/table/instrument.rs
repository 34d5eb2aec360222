//! A linked bank account.

use crate::clock::Time;
use crate::id::{InstrumentId, UserId};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instruments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InstrumentId,
    pub user_id: UserId,
    pub kind: String,
    pub iban: String,
    pub holder: String,
    pub nickname: Option<String>,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
