//! Previews: what a transfer would cost and do.

use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::limit::{Limit, LimitPeriod};
use crate::money::{Currency, Money};
use crate::quote::{Quote, QuoteAmountInput};
use crate::user::HandleInput;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::api_key::Scope;
use entity::preview::{self, Wish};
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
    /// Whether the payer will be asked a question first.
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
        let [day, month] = preview.limits;
        Self {
            source: Money(preview.source.money()),
            target: Money(preview.target.money()),
            quote: preview.quote.map(Quote),
            balance_after: Money(preview.balance_after),
            limits: vec![Limit::new(LimitPeriod::Day, day), Limit::new(LimitPeriod::Month, month)],
            step_up_required: preview.asks,
            arrives_at: preview.arrives_at,
            preview_token: preview.token,
            expires_at: preview.expires_at,
        }
    }
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
    /// Refuses `RECIPIENT_UNKNOWN`, `SELF_TRANSFER`, `PAIR_UNKNOWN`, `RATE_STALE`, `AMOUNT_TOO_SMALL`, `AMOUNT_TOO_LARGE`,
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
}
