//! A message of the simulated mail.

use crate::clock::Time;
use crate::id::MessageId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sandbox_messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    pub sent_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
