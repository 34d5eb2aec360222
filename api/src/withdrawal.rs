//! Withdrawals: paying out to a linked bank account.

use crate::authentication::{bank, caller_with};
use crate::challenge::{Challenge, challenge_id, split};
use crate::error::{ApiError, ApiResult};
use crate::id::Named;
use crate::money::MoneyInput;
use crate::transaction::Transaction;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::api_key::Scope;
use entity::id::InstrumentId;
use entity::step_up::Paid;
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
    /// The question that this act led to before, once it was answered.
    challenge_id: Option<ID>,
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

/// The withdrawal is on its way, or the person is asked first.
#[derive(SimpleObject)]
pub(crate) struct RequestWithdrawalPayload {
    /// The withdrawal, if it is on its way. The money has left the wallet; if the bank refuses it, it comes back.
    transaction: Option<Transaction>,
    /// The question to be answered first, with `answerChallenge`. Then the withdrawal is asked for again, with the same
    /// key and the id of the question.
    challenge: Option<Challenge>,
}

impl From<Paid> for RequestWithdrawalPayload {
    fn from(paid: Paid) -> Self {
        let (transaction, challenge) = split(paid);
        Self { transaction, challenge }
    }
}

#[derive(Default)]
pub(crate) struct WithdrawalMutation;

#[Object]
impl WithdrawalMutation {
    /// Pays money out to a linked bank account, or asks the person first. Refuses `TERMS_NOT_ACCEPTED`, `RECENTLY_RESET`,
    /// `PAYMENT_TOO_LARGE`, `LIMIT_EXCEEDED`, `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`, `PAYMENTS_AT_ONCE`,
    /// `PAIR_UNKNOWN` for a currency without a rate, `SPEND_LIMIT_EXCEEDED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `NOT_FOUND`, `INSUFFICIENT_FUNDS`,
    /// `USER_FROZEN`, `IDEMPOTENCY_KEY_REUSED`, and amounts that are none.
    async fn request_withdrawal(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to pay out, and where.")] input: RequestWithdrawalInput,
    ) -> ApiResult<RequestWithdrawalPayload> {
        let payer = caller_with(context, Scope::Withdraw)?;
        let challenge = challenge_id(input.challenge_id.as_ref())?;
        Ok(withdrawal::request(bank(context)?, payer, input.try_into()?, challenge).await?.into())
    }
}
