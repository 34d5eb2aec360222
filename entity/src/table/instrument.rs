//! A linked bank account.

use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::{InstrumentId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instruments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InstrumentId,
    pub user_id: UserId,
    pub kind: String,
    pub fingerprint: Fingerprint,
    pub iban: Sealed,
    pub holder: Sealed,
    pub nickname: Option<Sealed>,
    pub created_at: Time,
    #[sea_orm(belongs_to, from = "user_id", to = "id")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
