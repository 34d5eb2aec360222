//! By which channels a person wants to hear of a category.

use crate::id::UserId;
use crate::notification::Category;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_preferences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: Category,
    pub mail: bool,
    pub sms: bool,
}

impl ActiveModelBehavior for ActiveModel {}
