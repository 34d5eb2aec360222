//! An operator.

use crate::clock::Time;
use crate::id::OperatorId;
use crate::operator::OperatorState;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operators")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OperatorId,
    pub name: String,
    pub roles: String,
    pub state: OperatorState,
    pub invitation_hash: Option<Vec<u8>>,
    pub invited_until: Option<Time>,
    pub password_hash: Option<String>,
    pub totp_secret: Option<Sealed>,
    pub totp_step: i64,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
