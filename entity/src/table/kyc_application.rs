//! An application for a level.

use crate::clock::Time;
use crate::id::{ApplicationId, UserId};
use crate::kyc::{ApplicationState, Level};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kyc_applications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApplicationId,
    pub user_id: UserId,
    pub level: Level,
    pub form: Sealed,
    pub state: ApplicationState,
    pub reason: Option<Sealed>,
    pub created_at: Time,
    pub decided_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
