//! Exchange rates that were held, and what operators have to know.

use super::{acting, acting_as_one, announce, officer};
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal};
use crate::page::{Pages, connection};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{AlertId, SheetId};
use entity::operator::Role;
use entity::page::Page;
use entity::{alert, rate};

/// A rate of a sheet.
#[derive(SimpleObject)]
pub(crate) struct SheetRate {
    /// The currency.
    currency: Currency,
    /// How many units of it one unit of the base costs.
    rate: Decimal,
}

/// What a source said, and that an operator has to look at before it is used.
#[derive(SimpleObject)]
pub(crate) struct HeldRates {
    /// The global id.
    id: ID,
    /// Who said so.
    source: String,
    /// What is priced.
    base: Currency,
    /// As of when.
    as_of: DateTime<Utc>,
    /// Until when it would be used.
    good_until: DateTime<Utc>,
    /// The rates.
    rates: Vec<SheetRate>,
}

impl From<(SheetId, rate::Sheet)> for HeldRates {
    fn from((id, sheet): (SheetId, rate::Sheet)) -> Self {
        let rates = sheet.rates.into_iter();
        Self {
            id: id.to_global().to_id(),
            source: sheet.source,
            base: sheet.base.into(),
            as_of: sheet.as_of,
            good_until: sheet.good_until,
            rates: rates
                .map(|(currency, rate)| SheetRate {
                    currency: currency.into(),
                    rate: Decimal(rate.to_string()),
                })
                .collect(),
        }
    }
}

/// What kind of thing operators have to know.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "alert::AlertKind")]
pub(crate) enum AlertKind {
    /// A source of exchange rates can't be reached, or what it says can't be read.
    RatesFailing,
    /// A source of exchange rates has said nothing new for too long.
    RatesStale,
    /// A rate has jumped, and waits for an operator.
    RatesHeld,
    /// A payment looks like fraud: the subject is its transaction, the detail says which rules fired and by what signals.
    PaymentSuspicious,
    /// The name of a person is like one on a sanctions list: the subject is the hit, the detail its entry and its score.
    SanctionHit,
    /// A sanctions list can't be read: the one before it stays in force.
    SanctionListFailing,
}

/// What operators have to know.
#[derive(SimpleObject)]
pub(crate) struct Alert {
    /// The global id.
    id: ID,
    /// What kind of thing.
    kind: AlertKind,
    /// About what.
    subject: String,
    /// What happened, the last time.
    detail: String,
    /// How often.
    times: i32,
    /// When first.
    raised_at: DateTime<Utc>,
    /// When last.
    last_at: DateTime<Utc>,
    /// The global id of the payment that it is about, if it is about one: `caseFile` says all of it.
    transaction_id: Option<ID>,
    /// The global id of the reviewer who has its case, if one does.
    assignee_id: Option<ID>,
}

impl From<alert::Alert> for Alert {
    fn from(alert: alert::Alert) -> Self {
        Self {
            id: alert.id.to_global().to_id(),
            transaction_id: alert.payment().map(|id| id.to_global().to_id()),
            assignee_id: alert.assignee.map(|id| id.to_global().to_id()),
            kind: alert.kind.into(),
            subject: alert.subject,
            detail: alert.detail,
            times: alert.times,
            raised_at: alert.raised_at,
            last_at: alert.last_at,
        }
    }
}

/// The rates to be rejected.
#[derive(InputObject)]
pub(crate) struct RejectRatesInput {
    /// The global id.
    id: ID,
}

/// They are not used.
#[derive(SimpleObject)]
pub(crate) struct RejectRatesPayload {
    /// What still waits.
    held_rates: Vec<HeldRates>,
}

/// The alert to be dismissed.
#[derive(InputObject)]
pub(crate) struct DismissAlertInput {
    /// The global id.
    id: ID,
}

/// It was looked into.
#[derive(SimpleObject)]
pub(crate) struct DismissAlertPayload {
    /// The alert.
    alert: Alert,
}

#[derive(Default)]
pub(crate) struct RateQuery;

#[Object]
impl RateQuery {
    /// Rates that wait for an operator because one has jumped, oldest first. Two treasurers accept them with `propose`. For
    /// treasurers.
    async fn held_rates(&self, context: &Context<'_>) -> ApiResult<Vec<HeldRates>> {
        acting(context, Role::Treasurer, None).await?;
        Ok(rate::waiting(bank(context)?).await?.into_iter().map(HeldRates::from).collect())
    }

    /// What operators have to know, oldest first. For all operators.
    async fn alerts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Alert>> {
        announce(context, officer(context)?, None).await?;
        let (after, before) =
            (AlertId::from_cursor(after, "after")?, AlertId::from_cursor(before, "before")?);
        let page = Page::parse(first, last, after, before)?;
        let slice = alert::list(bank(context)?, page).await?;
        Ok(connection(slice.map(|alert| (alert.id.to_cursor(), Alert::from(alert)))))
    }
}

#[derive(Default)]
pub(crate) struct RateMutation;

#[Object]
impl RateMutation {
    /// Rejects rates that were held: they are not used. For treasurers. Refuses `ROLE_MISSING`, `NOT_FOUND`.
    async fn reject_rates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RejectRatesInput,
    ) -> ApiResult<RejectRatesPayload> {
        let id = SheetId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Treasurer, Some(id.0)).await?;
        let bank = bank(context)?;
        rate::reject(bank, officer, id).await?;
        let held_rates = rate::waiting(bank).await?.into_iter().map(HeldRates::from).collect();
        Ok(RejectRatesPayload { held_rates })
    }

    /// Dismisses an alert that was looked into. For engineers, and for reviewers if it is about a payment. Refuses `ROLE_MISSING`,
    /// `NOT_FOUND`, `CASE_ASSIGNED`.
    async fn dismiss_alert(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: DismissAlertInput,
    ) -> ApiResult<DismissAlertPayload> {
        let id = AlertId::parse(&input.id, "id")?;
        let officer = acting_as_one(context, &[Role::Engineer, Role::Reviewer], Some(id.0)).await?;
        Ok(DismissAlertPayload { alert: alert::dismiss(bank(context)?, officer, id).await?.into() })
    }
}
