//! What a reviewer has noted on a case.

use crate::clock::Time;
use crate::id::{NoteId, OperatorId, TransactionId};
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_notes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoteId,
    pub transaction_id: TransactionId,
    pub author: OperatorId,
    pub text: Sealed,
    pub at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
