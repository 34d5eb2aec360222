//! A verified e-mail address or phone number.

use crate::clock::Time;
use crate::handle::{Fingerprint, HandleKind};
use crate::id::UserId;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: Fingerprint,
    pub kind: HandleKind,
    pub user_id: UserId,
    pub value: Sealed,
    pub is_primary: bool,
    pub verified_at: Time,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
