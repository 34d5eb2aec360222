//! Withdrawals: paying out to a linked bank account.

use crate::authentication::{bank, caller};
use crate::error::{ApiError, ApiResult};
use crate::id::Named;
use crate::money::MoneyInput;
use crate::transaction::Transaction;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::InstrumentId;
use entity::transaction::IdempotencyKey;
use entity::{rail, withdrawal};

/// What to pay out.
#[derive(InputObject)]
pub(crate) struct RequestWithdrawalInput {
    /// The linked bank account that the money goes to.
    instrument_id: ID,
    /// How much.
    money: MoneyInput,
    /// The person's own name for this act: 1 to 64 visible ASCII characters. Asked again with it, the act is not done again.
    idempotency_key: String,
}

impl TryFrom<RequestWithdrawalInput> for rail::Order {
    type Error = ApiError;

    fn try_from(input: RequestWithdrawalInput) -> ApiResult<Self> {
        Ok(Self {
            instrument: InstrumentId::parse(&input.instrument_id, "instrumentId")?,
            amount: input.money.parse()?,
            key: IdempotencyKey::parse(&input.idempotency_key)?,
        })
    }
}

/// The withdrawal is on its way.
#[derive(SimpleObject)]
pub(crate) struct RequestWithdrawalPayload {
    /// The withdrawal. The money has left the wallet; if the bank refuses it, it comes back.
    transaction: Transaction,
}

#[derive(Default)]
pub(crate) struct WithdrawalMutation;

#[Object]
impl WithdrawalMutation {
    /// Pays money out to a linked bank account. Refuses `NOT_FOUND`, `INSUFFICIENT_FUNDS`, `USER_FROZEN`,
    /// `IDEMPOTENCY_KEY_REUSED`, and amounts that are none.
    async fn request_withdrawal(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to pay out, and where.")] input: RequestWithdrawalInput,
    ) -> ApiResult<RequestWithdrawalPayload> {
        let user = caller(context)?.user;
        let taken = withdrawal::request(bank(context)?, user, input.try_into()?).await?;
        Ok(RequestWithdrawalPayload { transaction: Transaction(taken) })
    }
}
