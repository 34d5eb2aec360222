//! A payee that a person trusts.

use crate::clock::Time;
use crate::id::UserId;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_payees")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub payee: Uuid,
    pub name: Sealed,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
