//! Signing up.

use crate::authentication::{Session, authentication, bank};
use crate::error::ApiResult;
use crate::id::Named;
use crate::user::{self, HandleInput, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::RegistrationId;
use entity::password::Password;
use entity::registration;
use entity::user::parse_name;

/// What somebody who signs up says.
#[derive(InputObject)]
pub(crate) struct SignUpInput {
    /// How the person is reached. A code is sent there.
    handle: HandleInput,
    /// What the person calls itself: 1 to 100 characters. Those it pays see it.
    name: String,
    /// 12 to 128 characters, any of them.
    #[graphql(secret)]
    password: String,
    /// The version of the terms that the person has read and accepts (see `terms`).
    accepted_terms_version: String,
}

/// The same whether or not the handle was free; the code is in the message.
#[derive(SimpleObject)]
pub(crate) struct SignUpPayload {
    /// What the code is to be shown with.
    registration_id: ID,
    /// Until when the code works.
    expires_at: DateTime<Utc>,
}

/// The code that was sent.
#[derive(InputObject)]
pub(crate) struct ActivateUserInput {
    /// What `signUp` answered.
    registration_id: ID,
    /// The six digits of the message.
    #[graphql(secret)]
    code: String,
}

/// The person is active and signed in.
#[derive(SimpleObject)]
pub(crate) struct ActivateUserPayload {
    /// The person.
    user: User,
    /// What to sign requests with.
    session: Session,
}

#[derive(Default)]
pub(crate) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Signs somebody up: sends a code to the handle. Refuses `EMAIL_INVALID`, `PHONE_INVALID`, `NAME_INVALID`,
    /// `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`, `TERMS_NOT_ACCEPTED`.
    async fn sign_up(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: SignUpInput,
    ) -> ApiResult<SignUpPayload> {
        let form = registration::SignUp {
            handle: input.handle.parse()?,
            name: parse_name(&input.name)?,
            password: Password::parse(input.password)?,
            accepted_terms: input.accepted_terms_version,
        };
        let taken = registration::sign_up(bank(context)?, form).await?;
        Ok(SignUpPayload { registration_id: taken.id.to_global().to_id(), expires_at: taken.expires_at })
    }

    /// Shows the code: the wallet is active, and the person signed in. Refuses `CODE_WRONG`, `CODE_EXPIRED`.
    async fn activate_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code and what it belongs to.")] input: ActivateUserInput,
    ) -> ApiResult<ActivateUserPayload> {
        let id = RegistrationId::parse(&input.registration_id, "registrationId")?;
        let (user, tokens) = registration::activate(bank(context)?, id, &input.code).await?;
        let session = authentication(context)?.issue(bank(context)?, tokens)?;
        Ok(ActivateUserPayload { user: user::find(context, user).await?, session })
    }
}
