//! A secret of the house, sealed with the master key.

use crate::clock::Time;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "house_secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub sealed: Sealed,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
