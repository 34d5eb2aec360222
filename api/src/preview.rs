//! Previews: what a transfer or a withdrawal would cost and do.

use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::id::Named;
use crate::limit::{Limit, LimitPeriod};
use crate::money::{Currency, Money, MoneyInput};
use crate::quote::{Quote, QuoteAmountInput};
use crate::user::HandleInput;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::api_key::Scope;
use entity::id::InstrumentId;
use entity::limit::Left;
use entity::money::Amount;
use entity::preview::{self, Outlook, Wish};
use entity::quote::Ask;

/// What a transfer would cost and do. Nothing has moved.
#[derive(SimpleObject)]
pub(crate) struct TransferPreview {
    /// What leaves the wallet, with all that is taken of it.
    source: Money,
    /// What the payee gets.
    target: Money,
    /// The price, where it becomes another currency; else nothing is taken of it.
    quote: Option<Quote>,
    /// What is left in the account then; below zero, if there is not enough.
    balance_after: Money,
    /// What may leave at present, before it.
    limits: Vec<Limit>,
    /// Whether the payer will be asked a question first, if it is not refused.
    step_up_required: bool,
    /// When the payee has it.
    arrives_at: DateTime<Utc>,
    /// For `createTransfer`: makes this price binding.
    preview_token: String,
    /// Until when.
    expires_at: DateTime<Utc>,
}

impl From<preview::Preview> for TransferPreview {
    fn from(preview: preview::Preview) -> Self {
        Self {
            source: Money(preview.source.money()),
            target: Money(preview.target.money()),
            quote: preview.quote.map(Quote),
            balance_after: Money(preview.outlook.balance_after),
            limits: limits(preview.outlook.limits),
            step_up_required: preview.outlook.asks,
            arrives_at: preview.outlook.arrives_at,
            preview_token: preview.token,
            expires_at: preview.expires_at,
        }
    }
}

fn limits([day, month]: [Left; 2]) -> Vec<Limit> {
    vec![Limit::new(LimitPeriod::Day, day), Limit::new(LimitPeriod::Month, month)]
}

/// What a withdrawal would do. Nothing has moved, and nothing would be taken of it.
#[derive(SimpleObject)]
pub(crate) struct WithdrawalPreview {
    /// What leaves the wallet, and arrives.
    money: Money,
    /// What is left in the account then; below zero, if there is not enough.
    balance_after: Money,
    /// What may leave at present, before it.
    limits: Vec<Limit>,
    /// Whether the person will be asked a question first, if it is not refused.
    step_up_required: bool,
    /// When the bank has credited it at the latest, holidays aside.
    arrives_by: DateTime<Utc>,
}

impl WithdrawalPreview {
    fn new(amount: Amount, outlook: &Outlook) -> Self {
        Self {
            money: Money(amount.money()),
            balance_after: Money(outlook.balance_after),
            limits: limits(outlook.limits),
            step_up_required: outlook.asks,
            arrives_by: outlook.arrives_at,
        }
    }
}

/// What would be paid out, and where.
#[derive(InputObject)]
pub(crate) struct PreviewWithdrawalInput {
    /// The linked bank account that the money would go to.
    instrument_id: ID,
    /// How much.
    money: MoneyInput,
}

/// What it would do.
#[derive(SimpleObject)]
pub(crate) struct PreviewWithdrawalPayload {
    /// The preview.
    preview: WithdrawalPreview,
}

/// What would be sent.
#[derive(InputObject)]
pub(crate) struct PreviewTransferInput {
    /// Who would be paid.
    to: HandleInput,
    /// What is fixed: what leaves, or what arrives.
    amount: QuoteAmountInput,
    /// The currency of the other side; the same, if nothing is said.
    currency: Option<Currency>,
}

impl PreviewTransferInput {
    fn wish(&self) -> ApiResult<Wish> {
        let (QuoteAmountInput::Source(money) | QuoteAmountInput::Target(money)) = &self.amount;
        let fixed = money.parse()?;
        let other = self.currency.as_ref().map(Currency::parse_currency).transpose()?;
        Ok(match (&self.amount, other.filter(|other| *other != fixed.currency())) {
            (_, None) => Wish::Plain(fixed),
            (QuoteAmountInput::Source(_), Some(other)) => Wish::Exchanged(Ask::Paying(fixed, other)),
            (QuoteAmountInput::Target(_), Some(other)) => Wish::Exchanged(Ask::Receiving(other, fixed)),
        })
    }
}

/// What it would cost and do.
#[derive(SimpleObject)]
pub(crate) struct PreviewTransferPayload {
    /// The preview.
    preview: TransferPreview,
}

#[derive(Default)]
pub(crate) struct PreviewMutation;

#[Object]
impl PreviewMutation {
    /// Shows what a transfer would cost and do; nothing moves. With its token the price is binding for two minutes at most.
    /// Refuses `RECIPIENT_UNKNOWN`, `SELF_TRANSFER`, `USER_FROZEN`, `PAIR_UNKNOWN`, `RATE_STALE`, `AMOUNT_TOO_SMALL`, `AMOUNT_TOO_LARGE`,
    /// `TOO_MANY_TRIES`, and amounts that are none.
    async fn preview_transfer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What would be sent.")] input: PreviewTransferInput,
    ) -> ApiResult<PreviewTransferPayload> {
        let payer = caller_with(context, Scope::Transfer)?;
        let (to, wish) = (input.to.parse()?, input.wish()?);
        let preview = preview::transfer(bank(context)?, payer, &to, wish).await?;
        Ok(PreviewTransferPayload { preview: preview.into() })
    }

    /// Shows what a withdrawal would do; nothing moves. Refuses `NOT_FOUND`, `USER_FROZEN`, `PAIR_UNKNOWN` for a currency without a
    /// rate, and amounts that are none.
    async fn preview_withdrawal(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What would be paid out, and where.")] input: PreviewWithdrawalInput,
    ) -> ApiResult<PreviewWithdrawalPayload> {
        let payer = caller_with(context, Scope::Withdraw)?;
        let instrument = InstrumentId::parse(&input.instrument_id, "instrumentId")?;
        let amount = input.money.parse()?;
        let outlook = preview::withdrawal(bank(context)?, payer, instrument, amount).await?;
        Ok(PreviewWithdrawalPayload { preview: WithdrawalPreview::new(amount, &outlook) })
    }
}
