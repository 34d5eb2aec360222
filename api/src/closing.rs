//! Leaving: a person takes its data along, and closes its wallet.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::closing;

/// The password again, and an answered question where the person has a second factor.
#[derive(InputObject)]
pub(crate) struct LeaveInput {
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered.
    challenge_id: Option<ID>,
}

/// What is known of the person.
#[derive(SimpleObject)]
pub(crate) struct ExportPersonalDataPayload {
    /// All that is known but the transactions, which `transactions` lists, as a JSON object.
    json: String,
}

/// The wallet is closed.
#[derive(SimpleObject)]
pub(crate) struct CloseUserPayload {
    /// Always true: what was known of the person is destroyed, and all sessions are over.
    closed: bool,
}

#[derive(Default)]
pub(crate) struct ClosingMutation;

#[Object]
impl ClosingMutation {
    /// Gives what is known of the person. Refuses `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
    /// `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn export_personal_data(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password again.")] input: LeaveInput,
    ) -> ApiResult<ExportPersonalDataPayload> {
        let (caller, proof) = (caller(context)?, proof(input.password, input.challenge_id.as_ref())?);
        let known = closing::export(bank(context)?, caller, proof).await?;
        Ok(ExportPersonalDataPayload { json: known.to_string() })
    }

    /// Closes the wallet for good and destroys what is known of the person; the books stay. Refuses `BALANCE_LEFT`,
    /// `ACTS_UNDER_WAY`, `USER_FROZEN`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`,
    /// `OVERLOADED`.
    async fn close_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password again.")] input: LeaveInput,
    ) -> ApiResult<CloseUserPayload> {
        let (caller, proof) = (caller(context)?, proof(input.password, input.challenge_id.as_ref())?);
        closing::close(bank(context)?, caller, proof, &origin(context)).await?;
        Ok(CloseUserPayload { closed: true })
    }
}
