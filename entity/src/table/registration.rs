//! What somebody who signs up has said.

use crate::id::VerificationId;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registrations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VerificationId,
    pub form: Sealed,
    pub password_hash: String,
    #[sea_orm(belongs_to, from = "id", to = "id")]
    pub verification: HasOne<super::verification::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
