//! What operators have to know.

use crate::alert::AlertKind;
use crate::clock::Time;
use crate::id::AlertId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operator_alerts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AlertId,
    pub kind: AlertKind,
    pub subject: String,
    pub detail: String,
    pub times: i32,
    pub raised_at: Time,
    pub last_at: Time,
    pub cleared_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
