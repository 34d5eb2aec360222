//! Conversions that wait for a rate.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal, Money, MoneyInput};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::conversion_order::{self, Terms};
use entity::id::OrderId;
use entity::rate_alert::parse_rate;
use entity::transaction::IdempotencyKey;

/// What has become of an order.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "conversion_order::OrderState")]
pub(crate) enum ConversionOrderState {
    /// It waits.
    Open,
    /// Its rate is reached, and it is being executed.
    Executing,
    /// It was executed.
    Done,
    /// It could not be executed when its rate was reached.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Its rate was not reached in time.
    Expired,
}

/// A conversion that is made as soon as it brings at least so much.
#[derive(SimpleObject)]
pub(crate) struct ConversionOrder {
    /// The global id.
    id: ID,
    /// What is paid.
    source: Money,
    /// Into which currency.
    target: Currency,
    /// What one unit has to bring at least, after spread and fee.
    rate: Decimal,
    /// What has become of it.
    state: ConversionOrderState,
    /// The code of the refusal that it failed with.
    failure: Option<String>,
    /// The global id of the conversion that executed it.
    transaction_id: Option<ID>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it waits.
    expires_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
}

impl From<conversion_order::ConversionOrder> for ConversionOrder {
    fn from(order: conversion_order::ConversionOrder) -> Self {
        Self {
            id: order.id.to_global().to_id(),
            source: Money(order.terms.source.money()),
            target: order.terms.target.into(),
            rate: Decimal(order.terms.rate.to_string()),
            state: order.state.into(),
            failure: order.failure,
            transaction_id: order.transaction.map(|id| id.to_global().to_id()),
            created_at: order.created_at,
            expires_at: order.terms.expires_at,
            ended_at: order.ended_at,
        }
    }
}

/// What to convert, and from which rate on.
#[derive(InputObject)]
pub(crate) struct CreateConversionOrderInput {
    /// What is paid. It is not held back: if it is not there when the rate is reached, the order fails.
    source: MoneyInput,
    /// Into which currency.
    target: Currency,
    /// What one unit has to bring at least, after spread and fee: at most twelve decimal digits.
    rate: Decimal,
    /// Until when to wait: at most a year.
    expires_at: DateTime<Utc>,
    /// The person's own name for this order: 1 to 64 visible ASCII characters. Asked again with it, there is no other order.
    idempotency_key: String,
}

impl CreateConversionOrderInput {
    fn terms(&self) -> ApiResult<Terms> {
        Ok(Terms {
            source: self.source.parse()?,
            target: self.target.parse_currency()?,
            rate: parse_rate(&self.rate.0)?,
            expires_at: self.expires_at,
        })
    }
}

/// The order waits.
#[derive(SimpleObject)]
pub(crate) struct CreateConversionOrderPayload {
    /// The order.
    order: ConversionOrder,
}

/// The order to be cancelled.
#[derive(InputObject)]
pub(crate) struct CancelConversionOrderInput {
    /// The global id.
    id: ID,
}

/// The order waits no longer.
#[derive(SimpleObject)]
pub(crate) struct CancelConversionOrderPayload {
    /// The order.
    order: ConversionOrder,
}

#[derive(Default)]
pub(crate) struct ConversionOrderQuery;

#[Object]
impl ConversionOrderQuery {
    /// The last hundred conversion orders, newest first.
    async fn conversion_orders(&self, context: &Context<'_>) -> ApiResult<Vec<ConversionOrder>> {
        let orders = conversion_order::list(bank(context)?, caller(context)?.user).await?;
        Ok(orders.into_iter().map(ConversionOrder::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct ConversionOrderMutation;

#[Object]
impl ConversionOrderMutation {
    /// Converts as soon as it brings at least so much, once. API keys can't. Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`,
    /// `RATE_INVALID`, `EXPIRY_INVALID`, `ORDER_LIMIT`, `TERMS_NOT_ACCEPTED`, `IDEMPOTENCY_KEY_REUSED`.
    async fn create_conversion_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to convert, and from which rate on.")] input: CreateConversionOrderInput,
    ) -> ApiResult<CreateConversionOrderPayload> {
        let caller = caller(context)?;
        let key = IdempotencyKey::parse(&input.idempotency_key)?;
        let order = conversion_order::create(bank(context)?, caller, input.terms()?, &key).await?;
        Ok(CreateConversionOrderPayload { order: order.into() })
    }

    /// Cancels an order that still waits. Refuses `NOT_FOUND`.
    async fn cancel_conversion_order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: CancelConversionOrderInput,
    ) -> ApiResult<CancelConversionOrderPayload> {
        let (user, id) = (caller(context)?.user, OrderId::parse(&input.id, "id")?);
        let order = conversion_order::cancel(bank(context)?, user, id).await?;
        Ok(CancelConversionOrderPayload { order: order.into() })
    }
}
