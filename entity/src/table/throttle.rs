//! How often something was tried.

use crate::clock::Time;
use crate::handle::Fingerprint;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "throttles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Fingerprint,
    pub used: i32,
    pub strikes: i32,
    pub ends_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
