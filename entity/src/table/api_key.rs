//! A key with which a program acts for a person.

use crate::api_key::Interval;
use crate::clock::Time;
use crate::id::{ApiKeyId, UserId};
use crate::money::Currency;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    pub user_id: UserId,
    pub secret_hash: Vec<u8>,
    pub hint: String,
    pub name: Sealed,
    pub scopes: String,
    pub networks: Sealed,
    pub spend_currency: Option<Currency>,
    pub spend_limit: Option<i64>,
    pub spend_interval: Option<Interval>,
    pub window_start: Option<Time>,
    pub spent: i64,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
    #[sea_orm(belongs_to, from = "id", to = "id")]
    pub session: HasOne<super::session::Entity>,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
