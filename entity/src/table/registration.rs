//! One attempt to sign up.

use crate::clock::Time;
use crate::handle::{Fingerprint, HandleKind};
use crate::id::{RegistrationId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registrations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegistrationId,
    pub fingerprint: Fingerprint,
    pub kind: HandleKind,
    pub handle: Sealed,
    pub user_id: Option<UserId>,
    pub tries_left: i32,
    pub expires_at: Time,
    pub completed_at: Option<Time>,
    pub created_at: Time,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
