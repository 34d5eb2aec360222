//! Conversions between one's own accounts.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::transaction::Transaction;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::conversion;
use entity::id::QuoteId;
use entity::transaction::IdempotencyKey;

/// What to convert.
#[derive(InputObject)]
pub(crate) struct CreateConversionInput {
    /// The quote, which says what is paid and received.
    quote_id: ID,
    /// The person's own name for this act: 1 to 64 visible ASCII characters. Asked again with it, the act is not done again.
    idempotency_key: String,
}

/// It is converted.
#[derive(SimpleObject)]
pub(crate) struct CreateConversionPayload {
    /// The conversion.
    transaction: Transaction,
}

#[derive(Default)]
pub(crate) struct ConversionMutation;

#[Object]
impl ConversionMutation {
    /// Converts between one's own accounts, as quoted; nobody is asked, for the money stays with its owner. API keys can't.
    /// Refuses `QUOTE_EXPIRED` with a fresh quote for the same in `quoteId`, `QUOTE_USED`, `NOT_FOUND`, `INSUFFICIENT_FUNDS`,
    /// `TERMS_NOT_ACCEPTED`, `USER_FROZEN`, `IDEMPOTENCY_KEY_REUSED`.
    async fn create_conversion(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to convert.")] input: CreateConversionInput,
    ) -> ApiResult<CreateConversionPayload> {
        let caller = caller(context)?;
        let quote = QuoteId::parse(&input.quote_id, "quoteId")?;
        let key = IdempotencyKey::parse(&input.idempotency_key)?;
        let done = conversion::create(bank(context)?, caller, quote, key).await?;
        Ok(CreateConversionPayload { transaction: Transaction(done) })
    }
}
