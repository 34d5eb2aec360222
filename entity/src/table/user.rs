//! A person.

use crate::clock::Time;
use crate::freeze::FrozenBy;
use crate::id::UserId;
use crate::kyc::Level;
use crate::language::Language;
use crate::seal::Sealed;
use crate::user::UserState;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub data_key: Option<Sealed>,
    pub name: Option<Sealed>,
    pub phrase: Option<Sealed>,
    pub state: UserState,
    pub frozen_by: Option<FrozenBy>,
    pub frozen_at: Option<Time>,
    pub password_hash: String,
    pub password_set_at: Time,
    pub language: Language,
    pub time_zone: String,
    pub terms_version: String,
    pub terms_accepted_at: Time,
    pub kyc_level: Level,
    pub created_at: Time,
    pub guarded_until: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
