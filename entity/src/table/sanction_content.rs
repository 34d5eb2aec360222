//! What stands in a list that is in force.

use crate::id::SanctionListId;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sanction_contents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub list_id: SanctionListId,
    pub entries: String,
}

impl ActiveModelBehavior for ActiveModel {}
