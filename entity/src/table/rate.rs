//! One line of a sheet of rates.

use crate::id::SheetId;
use crate::money::Currency;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_id: SheetId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    pub per_base: String,
}

impl ActiveModelBehavior for ActiveModel {}
