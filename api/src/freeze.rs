//! The panic switch: a person locks its wallet, and unlocks it later.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use crate::user::{self, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::freeze;

/// The password again, and an answered question.
#[derive(InputObject)]
pub(crate) struct UnlockUserInput {
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered.
    challenge_id: ID,
}

/// The wallet is as asked.
#[derive(SimpleObject)]
pub(crate) struct LockUserPayload {
    /// The person.
    user: User,
}

#[derive(Default)]
pub(crate) struct FreezeMutation;

#[Object]
impl FreezeMutation {
    /// Locks the wallet of the person who asks, at once: no money leaves it, and all other sessions end.
    async fn lock_user(&self, context: &Context<'_>) -> ApiResult<LockUserPayload> {
        let caller = caller(context)?;
        freeze::lock(bank(context)?, caller, &origin(context)).await?;
        Ok(LockUserPayload { user: user::find(context, caller.user).await? })
    }

    /// Unlocks the wallet, an hour after it was locked. Refuses `LOCKED_STILL`, `NOT_LOCKED`, `USER_FROZEN`,
    /// `PASSWORD_WRONG`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn unlock_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password, and an answered question.")] input: UnlockUserInput,
    ) -> ApiResult<LockUserPayload> {
        let (caller, proof) = (caller(context)?, proof(input.password, Some(&input.challenge_id))?);
        freeze::unlock(bank(context)?, caller, proof, &origin(context)).await?;
        Ok(LockUserPayload { user: user::find(context, caller.user).await? })
    }
}
