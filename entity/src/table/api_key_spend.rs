//! What an act has used up of the limit of a key.

use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::ApiKeyId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key_spends")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: ApiKeyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub act: Fingerprint,
    pub amount: i64,
    pub window_start: Time,
    pub attempts: i32,
}

impl ActiveModelBehavior for ActiveModel {}
