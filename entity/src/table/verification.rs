//! A code that was sent to a handle.

use crate::clock::Time;
use crate::handle::{Fingerprint, HandleKind};
use crate::id::{UserId, VerificationId};
use crate::language::Language;
use crate::seal::Sealed;
use crate::verification::Purpose;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VerificationId,
    pub purpose: Purpose,
    pub user_id: Option<UserId>,
    pub fingerprint: Fingerprint,
    pub kind: HandleKind,
    pub handle: Sealed,
    pub language: Language,
    pub code: Option<Vec<u8>>,
    pub tries_left: i32,
    pub expires_at: Time,
    pub completed_at: Option<Time>,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
