//! Deposits: topping up from a linked bank account.

use crate::authentication::{bank, caller_with};
use crate::error::{ApiError, ApiResult};
use crate::id::Named;
use crate::money::MoneyInput;
use crate::transaction::Transaction;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::api_key::Scope;
use entity::id::InstrumentId;
use entity::transaction::IdempotencyKey;
use entity::{deposit, rail};

/// What to collect.
#[derive(InputObject)]
pub(crate) struct RequestDepositInput {
    /// The linked bank account that the money comes from.
    instrument_id: ID,
    /// How much.
    money: MoneyInput,
    /// The person's own name for this act: 1 to 64 visible ASCII characters. Asked again with it, the act is not done again.
    idempotency_key: String,
}

impl TryFrom<RequestDepositInput> for rail::Order {
    type Error = ApiError;

    fn try_from(input: RequestDepositInput) -> ApiResult<Self> {
        Ok(Self {
            instrument: InstrumentId::parse(&input.instrument_id, "instrumentId")?,
            amount: input.money.parse()?,
            key: IdempotencyKey::parse(&input.idempotency_key)?,
        })
    }
}

/// The deposit is on its way.
#[derive(SimpleObject)]
pub(crate) struct RequestDepositPayload {
    /// The deposit. Its state tells when the money has come.
    transaction: Transaction,
}

#[derive(Default)]
pub(crate) struct DepositMutation;

#[Object]
impl DepositMutation {
    /// Asks for money from a linked bank account. The wallet is credited when the bank has paid. Refuses `NOT_FOUND`,
    /// `TERMS_NOT_ACCEPTED`, `USER_CLOSED`, `IDEMPOTENCY_KEY_REUSED`, and amounts that are none.
    async fn request_deposit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to collect, and where.")] input: RequestDepositInput,
    ) -> ApiResult<RequestDepositPayload> {
        let taken =
            deposit::request(bank(context)?, caller_with(context, Scope::Deposit)?, input.try_into()?)
                .await?;
        Ok(RequestDepositPayload { transaction: Transaction(taken) })
    }
}
