//! Transfers: sending money to an e-mail address or phone number.

use crate::authentication::{bank, caller_with};
use crate::challenge::{Challenge, challenge_id, split};
use crate::error::{ApiError, ApiResult};
use crate::id::Named;
use crate::money::MoneyInput;
use crate::transaction::Transaction;
use crate::user::HandleInput;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::api_key::Scope;
use entity::id::QuoteId;
use entity::step_up::Paid;
use entity::transaction::{IdempotencyKey, parse_note};
use entity::transfer;

/// What the payer says.
#[derive(InputObject)]
pub(crate) struct CreateTransferInput {
    /// Who is paid. The payee's account in the currency opens by itself.
    to: HandleInput,
    /// How much.
    money: MoneyInput,
    /// The price at which it becomes another currency on its way; `money` is what is paid.
    quote_id: Option<ID>,
    /// What `previewTransfer` has answered: its price is binding, and its quote is used.
    preview_token: Option<String>,
    /// Words to the payee, at most 140 characters.
    note: Option<String>,
    /// The payer's own name for this act: 1 to 64 visible ASCII characters. Asked again with it, the act is not done again.
    idempotency_key: String,
    /// The question that this act led to before, once it was answered.
    challenge_id: Option<ID>,
}

impl TryFrom<CreateTransferInput> for transfer::Order {
    type Error = ApiError;

    fn try_from(input: CreateTransferInput) -> ApiResult<Self> {
        Ok(Self {
            to: input.to.parse()?,
            amount: input.money.parse()?,
            quote: input.quote_id.map(|id| QuoteId::parse(&id, "quoteId")).transpose()?,
            preview: input.preview_token,
            note: parse_note(input.note.as_deref())?,
            key: IdempotencyKey::parse(&input.idempotency_key)?,
            challenge: challenge_id(input.challenge_id.as_ref())?,
        })
    }
}

/// The money has moved, or the payer is asked first.
#[derive(SimpleObject)]
pub(crate) struct CreateTransferPayload {
    /// The transfer, if it is done; for a key that was used before, the first one.
    transaction: Option<Transaction>,
    /// The question to be answered first, with `answerChallenge`. Then the transfer is asked for again, with the same key
    /// and the id of the question.
    challenge: Option<Challenge>,
}

impl From<Paid> for CreateTransferPayload {
    fn from(paid: Paid) -> Self {
        let (transaction, challenge) = split(paid);
        Self { transaction, challenge }
    }
}

#[derive(Default)]
pub(crate) struct TransferMutation;

#[Object]
impl TransferMutation {
    /// Sends money to a person, at once, or asks the payer first: small payments, and those to trusted payees, are made
    /// unasked, and those by an API key within its limit. Refuses `TERMS_NOT_ACCEPTED`, `RECENTLY_RESET`,
    /// `PAYMENT_TOO_LARGE`, `LIMIT_EXCEEDED`, `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`, `PAYMENTS_AT_ONCE`,
    /// `PAIR_UNKNOWN` for a currency without a rate, `SPEND_LIMIT_EXCEEDED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `RECIPIENT_UNKNOWN`,
    /// `RECIPIENT_UNAVAILABLE`, `SELF_TRANSFER`, `QUOTE_EXPIRED` with a fresh quote for the same in `quoteId`, `QUOTE_USED`,
    /// `QUOTE_MISMATCH`, `PREVIEW_INVALID`, `PREVIEW_EXPIRED`, `INSUFFICIENT_FUNDS`, `USER_FROZEN`, `IDEMPOTENCY_KEY_REUSED`, and amounts that are none.
    async fn create_transfer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who is paid, how much.")] input: CreateTransferInput,
    ) -> ApiResult<CreateTransferPayload> {
        let payer = caller_with(context, Scope::Transfer)?;
        Ok(transfer::create(bank(context)?, payer, input.try_into()?).await?.into())
    }
}
