//! The handles of a person: how it is reached, and where it is warned.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use crate::id::Named;
use crate::registration::Verification;
use crate::user::{self, HandleInput, User};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::handle::{self, own};
use entity::id::VerificationId;
use entity::proof::Proof;

/// What kind of handle.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "handle::HandleKind")]
pub(crate) enum HandleKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// A verified e-mail address or phone number.
#[derive(SimpleObject)]
pub(crate) struct Handle {
    /// What kind.
    kind: HandleKind,
    /// The address in lower case, or the number in E.164.
    value: String,
    /// Whether it is the primary one.
    is_primary: bool,
    /// When its code was shown.
    verified_at: DateTime<Utc>,
}

impl From<own::OwnHandle> for Handle {
    fn from(own: own::OwnHandle) -> Self {
        Self {
            kind: own.handle.kind().into(),
            value: own.handle.to_string(),
            is_primary: own.is_primary,
            verified_at: own.verified_at,
        }
    }
}

/// The handle that is to be changed, and the password again.
#[derive(InputObject)]
pub(crate) struct ChangeHandleInput {
    /// Which handle.
    handle: HandleInput,
    /// The password of the person, because a handle opens the wallet.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered; needed where the person has a second factor, and in every
    /// session that has shown no more than the password.
    challenge_id: Option<ID>,
}

impl ChangeHandleInput {
    fn parse(self) -> ApiResult<(handle::Handle, Proof)> {
        Ok((self.handle.parse()?, proof(self.password, self.challenge_id.as_ref())?))
    }
}

/// A code is on its way to the handle, whether or not it is free.
#[derive(SimpleObject)]
pub(crate) struct AddHandlePayload {
    /// What the code is to be shown with, and until when.
    verification: Verification,
}

/// The code that was sent to the handle.
#[derive(InputObject)]
pub(crate) struct VerifyHandleInput {
    /// What `addHandle` answered.
    verification_id: ID,
    /// The six digits of the message.
    #[graphql(secret)]
    code: String,
}

/// The handles of the person are as asked.
#[derive(SimpleObject)]
pub(crate) struct ChangeHandlePayload {
    /// The person.
    user: User,
}

#[derive(Default)]
pub(crate) struct HandleMutation;

#[Object]
impl HandleMutation {
    /// Sends a code to a handle that is to be added. Refuses `EMAIL_INVALID`, `PHONE_INVALID`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
    /// `HANDLE_LIMIT`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn add_handle(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which handle.")] input: ChangeHandleInput,
    ) -> ApiResult<AddHandlePayload> {
        let (caller, (to, proof)) = (caller(context)?, input.parse()?);
        let started = own::add(bank(context)?, caller, to, proof, &origin(context)).await?;
        Ok(AddHandlePayload { verification: started.into() })
    }

    /// Shows the code: the handle is the person's own. Refuses `CODE_WRONG`, `CODE_EXPIRED`, `TOO_MANY_TRIES`.
    async fn verify_handle(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code and what it belongs to.")] input: VerifyHandleInput,
    ) -> ApiResult<ChangeHandlePayload> {
        let (caller, id) =
            (caller(context)?, VerificationId::parse(&input.verification_id, "verificationId")?);
        own::verify(bank(context)?, caller, id, &input.code, &origin(context)).await?;
        Ok(ChangeHandlePayload { user: user::find(context, caller.user).await? })
    }

    /// Makes one of the handles the primary one. Refuses `NOT_FOUND`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn make_handle_primary(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which handle.")] input: ChangeHandleInput,
    ) -> ApiResult<ChangeHandlePayload> {
        let (caller, (handle, proof)) = (caller(context)?, input.parse()?);
        own::make_primary(bank(context)?, caller, &handle, proof, &origin(context)).await?;
        Ok(ChangeHandlePayload { user: user::find(context, caller.user).await? })
    }

    /// Removes one of the handles, which others may take then. Refuses `NOT_FOUND`, `HANDLE_PRIMARY`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
    /// `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn remove_handle(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which handle.")] input: ChangeHandleInput,
    ) -> ApiResult<ChangeHandlePayload> {
        let (caller, (handle, proof)) = (caller(context)?, input.parse()?);
        own::remove(bank(context)?, caller, &handle, proof, &origin(context)).await?;
        Ok(ChangeHandlePayload { user: user::find(context, caller.user).await? })
    }
}
