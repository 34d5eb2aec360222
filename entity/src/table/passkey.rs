//! A passkey of a person.

use crate::clock::Time;
use crate::id::{PasskeyId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkeys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PasskeyId,
    pub user_id: UserId,
    pub credential_hash: Vec<u8>,
    pub credential: Sealed,
    pub name: Sealed,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
