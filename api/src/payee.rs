//! Payees that a person trusts.

use crate::authentication::{bank, caller, origin};
use crate::error::ApiResult;
use crate::id::Named;
use crate::user::HandleInput;
use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{ChallengeId, InstrumentId};
use entity::payee;

/// A payee: exactly one of the two.
#[derive(OneofObject)]
pub(crate) enum PayeeInput {
    /// A person, by one of its handles.
    Handle(HandleInput),
    /// The global id of a linked bank account of one's own.
    InstrumentId(ID),
}

impl PayeeInput {
    fn parse(&self) -> ApiResult<payee::Payee> {
        Ok(match self {
            Self::Handle(handle) => payee::Payee::Person(handle.parse()?),
            Self::InstrumentId(id) => payee::Payee::Instrument(InstrumentId::parse(id, "instrumentId")?),
        })
    }
}

/// A payee that the person is not asked about again.
#[derive(SimpleObject)]
pub(crate) struct TrustedPayee {
    /// How it was named, with most of it hidden.
    name: String,
    /// Since when.
    since: DateTime<Utc>,
}

async fn trusted(context: &Context<'_>) -> ApiResult<Vec<TrustedPayee>> {
    let trusted = payee::list(bank(context)?, caller(context)?.user).await?.into_iter();
    Ok(trusted.map(|payee| TrustedPayee { name: payee.name, since: payee.since }).collect())
}

/// The payee to be trusted.
#[derive(InputObject)]
pub(crate) struct TrustPayeeInput {
    /// Who.
    payee: PayeeInput,
    /// A question from `startChallenge` that was answered.
    challenge_id: ID,
}

/// The payee to be trusted no longer.
#[derive(InputObject)]
pub(crate) struct DistrustPayeeInput {
    /// Who.
    payee: PayeeInput,
}

/// The payees are as asked.
#[derive(SimpleObject)]
pub(crate) struct TrustedPayeesPayload {
    /// All that the person trusts, the latest first.
    trusted_payees: Vec<TrustedPayee>,
}

#[derive(Default)]
pub(crate) struct PayeeQuery;

#[Object]
impl PayeeQuery {
    /// All payees that the person who asks trusts, the latest first.
    async fn trusted_payees(&self, context: &Context<'_>) -> ApiResult<Vec<TrustedPayee>> {
        trusted(context).await
    }
}

#[derive(Default)]
pub(crate) struct PayeeMutation;

#[Object]
impl PayeeMutation {
    /// Trusts a payee: payments to it are made without asking. Refuses `RECIPIENT_UNKNOWN`, `NOT_FOUND`,
    /// `CHALLENGE_INVALID`.
    async fn trust_payee(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: TrustPayeeInput,
    ) -> ApiResult<TrustedPayeesPayload> {
        let (caller, id) = (caller(context)?, ChallengeId::parse(&input.challenge_id, "challengeId")?);
        let payee = input.payee.parse()?;
        payee::trust(bank(context)?, caller, &payee, id, &origin(context)).await?;
        Ok(TrustedPayeesPayload { trusted_payees: trusted(context).await? })
    }

    /// Trusts a payee no longer, whoever it is.
    async fn distrust_payee(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DistrustPayeeInput,
    ) -> ApiResult<TrustedPayeesPayload> {
        payee::distrust(bank(context)?, caller(context)?, &input.payee.parse()?).await?;
        Ok(TrustedPayeesPayload { trusted_payees: trusted(context).await? })
    }
}
