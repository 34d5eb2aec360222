//! A question before an act.

use crate::challenge::Act;
use crate::clock::Time;
use crate::id::{ChallengeId, SessionId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChallengeId,
    pub user_id: UserId,
    pub session_id: Option<SessionId>,
    pub act: Act,
    pub digest: Vec<u8>,
    pub code: Option<Vec<u8>>,
    pub tries_left: i32,
    pub expires_at: Time,
    pub passed_at: Option<Time>,
    pub spent_at: Option<Time>,
    pub created_at: Time,
    pub passkey: Option<Sealed>,
}

impl ActiveModelBehavior for ActiveModel {}
