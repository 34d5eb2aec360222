//! One act that moves money.

use crate::clock::Time;
use crate::id::{AccountId, InstrumentId, QuoteId, TransactionId, UserId};
use crate::money::Currency;
use crate::transaction::{Kind, State};
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransactionId,
    pub kind: Kind,
    pub state: State,
    pub actor: UserId,
    pub idempotency_key: String,
    pub currency: Currency,
    pub amount: i64,
    pub debit_account: AccountId,
    pub credit_account: AccountId,
    pub payer: Option<UserId>,
    pub payee: Option<UserId>,
    pub instrument: Option<InstrumentId>,
    pub note: Option<String>,
    pub failure: Option<String>,
    pub quote_id: Option<QuoteId>,
    pub target_currency: Option<Currency>,
    pub target_amount: Option<i64>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl ActiveModelBehavior for ActiveModel {}
