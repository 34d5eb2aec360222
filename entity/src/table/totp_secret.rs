//! The secret of an authenticator app.

use crate::clock::Time;
use crate::id::UserId;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp_secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub secret: Sealed,
    pub last_step: i64,
    pub confirmed_at: Option<Time>,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
