//! Terms of use that a person has accepted.

use crate::clock::Time;
use crate::id::{AcceptanceId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "term_acceptances")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AcceptanceId,
    pub user_id: UserId,
    pub version: String,
    pub digest: Vec<u8>,
    pub address: Sealed,
    pub accepted_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
