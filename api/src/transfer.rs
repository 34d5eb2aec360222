//! Transfers: sending money to an e-mail address or phone number.

use crate::authentication::{bank, caller};
use crate::error::{ApiError, ApiResult};
use crate::money::MoneyInput;
use crate::transaction::Transaction;
use crate::user::HandleInput;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::transaction::{IdempotencyKey, parse_note};
use entity::transfer;

/// What the payer says.
#[derive(InputObject)]
pub(crate) struct CreateTransferInput {
    /// Who is paid. The payee's account in the currency opens by itself.
    to: HandleInput,
    /// How much.
    money: MoneyInput,
    /// Words to the payee, at most 140 characters.
    note: Option<String>,
    /// The payer's own name for this act: 1 to 64 visible ASCII characters. Asked again with it, the act is not done again.
    idempotency_key: String,
}

impl TryFrom<CreateTransferInput> for transfer::Order {
    type Error = ApiError;

    fn try_from(input: CreateTransferInput) -> ApiResult<Self> {
        Ok(Self {
            to: input.to.parse()?,
            amount: input.money.parse()?,
            note: parse_note(input.note.as_deref())?,
            key: IdempotencyKey::parse(&input.idempotency_key)?,
        })
    }
}

/// The money has moved.
#[derive(SimpleObject)]
pub(crate) struct CreateTransferPayload {
    /// The transfer; for a key that was used before, the first one.
    transaction: Transaction,
}

#[derive(Default)]
pub(crate) struct TransferMutation;

#[Object]
impl TransferMutation {
    /// Sends money to a person, at once. Refuses `RECIPIENT_UNKNOWN`, `RECIPIENT_UNAVAILABLE`, `SELF_TRANSFER`,
    /// `INSUFFICIENT_FUNDS`, `USER_FROZEN`, `IDEMPOTENCY_KEY_REUSED`, and amounts that are none.
    async fn create_transfer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who is paid, how much.")] input: CreateTransferInput,
    ) -> ApiResult<CreateTransferPayload> {
        let payer = caller(context)?;
        let done = transfer::create(bank(context)?, payer, input.try_into()?).await?;
        Ok(CreateTransferPayload { transaction: Transaction(done) })
    }
}
