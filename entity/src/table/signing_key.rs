//! What access tokens are signed with.

use crate::clock::Time;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    pub seed: Sealed,
    pub signs_from: Time,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
