//! What one source of rates said at one time.

use crate::clock::Time;
use crate::id::SheetId;
use crate::money::Currency;
use crate::rate::SheetState;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_sheets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SheetId,
    pub source: String,
    pub base: Currency,
    pub as_of: Time,
    pub good_until: Time,
    pub received_at: Time,
    pub state: SheetState,
}

impl ActiveModelBehavior for ActiveModel {}
