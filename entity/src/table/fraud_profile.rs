//! How a person uses the wallet, as far as fraud is looked for.

use crate::clock::Time;
use crate::id::UserId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fraud_profiles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub profile: String,
    pub version: i64,
    pub updated_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
