//! The terms of use, and accepting them.

use crate::authentication::{bank, caller, origin};
use crate::error::ApiResult;
use crate::profile::{self, Profile};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::{keys, terms};

/// The terms of use.
#[derive(SimpleObject)]
pub(crate) struct Terms {
    /// The version in force: the date from which it is. It is accepted at sign-up, and with `acceptTerms` by who has
    /// signed up before.
    version: String,
    /// What they say.
    text: String,
    /// The SHA-256 of the text, in hexadecimal digits. It is kept with each acceptance.
    sha256: String,
}

#[derive(Default)]
pub(crate) struct TermsQuery;

#[Object]
impl TermsQuery {
    /// The terms in force.
    async fn terms(&self, context: &Context<'_>) -> ApiResult<Terms> {
        let terms = &bank(context)?.terms;
        let (version, sha256) = (terms.version.to_string(), keys::hex(&terms.digest()));
        Ok(Terms { version, text: terms.text.to_string(), sha256 })
    }
}

/// The terms that the person has read and accepts.
#[derive(InputObject)]
pub(crate) struct AcceptTermsInput {
    /// Their version, which has to be the one in force.
    version: String,
}

/// The terms are accepted.
#[derive(SimpleObject)]
pub(crate) struct AcceptTermsPayload {
    /// The profile, where nothing is pending any more.
    profile: Profile,
}

#[derive(Default)]
pub(crate) struct TermsMutation;

#[Object]
impl TermsMutation {
    /// Accepts the terms in force. Doing it twice is doing it once. Refuses `TERMS_NOT_ACCEPTED` for any other version.
    async fn accept_terms(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which terms.")] input: AcceptTermsInput,
    ) -> ApiResult<AcceptTermsPayload> {
        terms::accept(bank(context)?, caller(context)?, &input.version, &origin(context)).await?;
        Ok(AcceptTermsPayload { profile: profile::find(context).await? })
    }
}
