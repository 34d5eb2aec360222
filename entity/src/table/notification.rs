//! One entry of a person's inbox.

use crate::clock::Time;
use crate::id::{EventId, NotificationId, UserId};
use crate::notification::Category;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    pub user_id: UserId,
    pub event: EventId,
    pub category: Category,
    pub content: Sealed,
    pub created_at: Time,
    pub read_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
