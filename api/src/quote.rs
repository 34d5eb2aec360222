//! Quotes: prices that the house stands by for a while.

use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal, Money, MoneyInput};
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use entity::Bank;
use entity::api_key::Scope;
use entity::id::QuoteId;
use entity::money;
use entity::quote::{self, Ask};
use std::collections::HashMap;

/// Which amount is fixed.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "quote::Side")]
pub(crate) enum QuoteSide {
    /// What is paid.
    Source,
    /// What is received.
    Target,
}

/// A price, and where each minor unit of it goes: `source` is `net + spread + fee + rounding`.
pub(crate) struct Quote(pub(crate) quote::Quote);

impl Quote {
    fn part(&self, minor: i64) -> Money {
        Money(money::Money { minor, currency: self.0.price.source.currency() })
    }
}

/// A price that the house stands by until it expires. It is used once.
#[Object]
impl Quote {
    /// The global id.
    async fn id(&self) -> ID {
        self.0.id.to_global().to_id()
    }

    /// Which amount was fixed.
    async fn side(&self) -> QuoteSide {
        self.0.side.into()
    }

    /// What is paid, with all that is taken of it.
    async fn source(&self) -> Money {
        Money(self.0.price.source.money())
    }

    /// What is received.
    async fn target(&self) -> Money {
        Money(self.0.price.target.money())
    }

    /// The part of what is paid that is worth what is received, at `mid`.
    async fn net(&self) -> Money {
        self.part(self.0.price.parts.net)
    }

    /// What the house keeps of the rate.
    async fn spread(&self) -> Money {
        self.part(self.0.price.parts.spread)
    }

    /// What the house takes for its work.
    async fn fee(&self) -> Money {
        self.part(self.0.price.parts.fee)
    }

    /// What is too little to be a minor unit of the target.
    async fn rounding(&self) -> Money {
        self.part(self.0.price.parts.rounding)
    }

    /// What one unit of the source costs in the target, in the middle between buying and selling.
    async fn mid(&self) -> Decimal {
        Decimal(self.0.mid.to_string())
    }

    /// What is left of it after the spread.
    async fn rate(&self) -> Decimal {
        Decimal(self.0.rate.to_string())
    }

    /// Who says what the rate is.
    async fn rate_source(&self) -> &str {
        &self.0.rate_source
    }

    /// As of when.
    async fn rate_as_of(&self) -> DateTime<Utc> {
        self.0.rate_as_of
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until when it can be used.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// What is fixed: exactly one of the two.
#[derive(OneofObject)]
pub(crate) enum QuoteAmountInput {
    /// To pay exactly this.
    Source(MoneyInput),
    /// To receive exactly this.
    Target(MoneyInput),
}

/// What is to be priced.
#[derive(InputObject)]
pub(crate) struct CreateQuoteInput {
    /// What is fixed.
    amount: QuoteAmountInput,
    /// The currency of the other side.
    currency: Currency,
}

impl CreateQuoteInput {
    /// What is asked for.
    pub(crate) fn parse(self) -> ApiResult<Ask> {
        let other = self.currency.parse_currency()?;
        Ok(match self.amount {
            QuoteAmountInput::Source(money) => Ask::Paying(money.parse()?, other),
            QuoteAmountInput::Target(money) => Ask::Receiving(other, money.parse()?),
        })
    }
}

/// The price.
#[derive(SimpleObject)]
pub(crate) struct CreateQuotePayload {
    /// The quote.
    quote: Quote,
}

#[derive(Default)]
pub(crate) struct QuoteQuery;

#[Object]
impl QuoteQuery {
    /// A quote of one's own. Refuses `NOT_FOUND`.
    async fn quote(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> ApiResult<Quote> {
        let user = caller_with(context, Scope::ReadTransactions)?.user;
        let id = QuoteId::parse(&id, "id")?;
        Ok(Quote(quote::find(bank(context)?.db.connection(), user, id).await?))
    }
}

#[derive(Default)]
pub(crate) struct QuoteMutation;

#[Object]
impl QuoteMutation {
    /// Prices an exchange and stands by the price for a minute, or what the house has set. Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`,
    /// `RATE_STALE`, `AMOUNT_TOO_SMALL`, `AMOUNT_TOO_LARGE`, `TOO_MANY_TRIES`, and amounts that are none.
    async fn create_quote(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to be priced.")] input: CreateQuoteInput,
    ) -> ApiResult<CreateQuotePayload> {
        let user = caller_with(context, Scope::Transfer)?.user;
        let quote = quote::create(bank(context)?, user, input.parse()?).await?;
        Ok(CreateQuotePayload { quote: Quote(quote) })
    }
}

/// Prices at which something was exchanged.
pub(crate) struct Quotes(pub(crate) Bank);

#[async_trait::async_trait]
impl Loader<QuoteId> for Quotes {
    type Value = quote::Quote;
    type Error = entity::Error;

    async fn load(&self, ids: &[QuoteId]) -> Result<HashMap<QuoteId, quote::Quote>, entity::Error> {
        quote::find_many(self.0.db.connection(), ids).await
    }
}
