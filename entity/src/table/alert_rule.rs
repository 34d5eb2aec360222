//! What a person wants to be told of.

use crate::alert_rule::RuleKind;
use crate::clock::Time;
use crate::id::{AlertRuleId, UserId};
use crate::money::Currency;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AlertRuleId,
    pub user_id: UserId,
    pub kind: RuleKind,
    pub currency: Currency,
    pub amount: i64,
    pub created_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
