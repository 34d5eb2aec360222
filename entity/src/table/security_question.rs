//! A question that a person has chosen, and the hash of its answer.

use crate::clock::Time;
use crate::id::{QuestionId, UserId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "security_questions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuestionId,
    pub user_id: UserId,
    pub question: Sealed,
    pub answer: Sealed,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
