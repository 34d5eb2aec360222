//! Signing up.

use crate::authentication::{Session, authentication, bank, origin};
use crate::error::ApiResult;
use crate::id::Named;
use crate::profile::Language;
use crate::user::{self, HandleInput, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::VerificationId;
use entity::language::Locale;
use entity::password::NewPassword;
use entity::user::parse_name;
use entity::{registration, verification};

/// What somebody who signs up says.
#[derive(InputObject)]
pub(crate) struct SignUpInput {
    /// How the person is reached. A code is sent there.
    handle: HandleInput,
    /// What the person calls itself: 1 to 100 characters. Those it pays see it.
    name: String,
    /// 12 to 128 characters, any of them, that can't be guessed.
    #[graphql(secret)]
    password: String,
    /// The version of the terms that the person has read and accepts (see `terms`).
    accepted_terms_version: String,
    /// In which language the person is spoken to; English if nothing is said.
    language: Option<Language>,
    /// In which time zone it lives, by its name in the IANA database; UTC if nothing is said.
    time_zone: Option<String>,
}

impl TryFrom<SignUpInput> for registration::SignUp {
    type Error = crate::error::ApiError;

    fn try_from(input: SignUpInput) -> ApiResult<Self> {
        let language = input.language.unwrap_or_default().into();
        Ok(Self {
            handle: input.handle.parse()?,
            name: parse_name(&input.name)?,
            password: NewPassword::parse(input.password, "password")?,
            accepted_terms: input.accepted_terms_version,
            locale: Locale::parse(language, input.time_zone.as_deref())?,
        })
    }
}

/// A code is on its way.
#[derive(SimpleObject)]
pub(crate) struct Verification {
    /// What the code is to be shown with.
    verification_id: ID,
    /// Until when the code works.
    expires_at: DateTime<Utc>,
}

impl From<verification::Verification> for Verification {
    fn from(started: verification::Verification) -> Self {
        Self { verification_id: started.id.to_global().to_id(), expires_at: started.expires_at }
    }
}

/// The same whether or not the handle was free; the code is in the message.
#[derive(SimpleObject)]
pub(crate) struct SignUpPayload {
    /// What the code is to be shown with, and until when.
    verification: Verification,
}

/// The code that was sent.
#[derive(InputObject)]
pub(crate) struct ActivateUserInput {
    /// What `signUp` answered.
    verification_id: ID,
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

/// The code to be replaced.
#[derive(InputObject)]
pub(crate) struct ResendCodeInput {
    /// What the code was to be shown with.
    verification_id: ID,
}

/// Another code is on its way; the one before no longer works.
#[derive(SimpleObject)]
pub(crate) struct ResendCodePayload {
    /// The same verification, with a new end.
    verification: Verification,
}

#[derive(Default)]
pub(crate) struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Signs somebody up: sends a code to the handle. Refuses `EMAIL_INVALID`, `PHONE_INVALID`, `NAME_INVALID`,
    /// `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `TIME_ZONE_UNKNOWN`,
    /// `TERMS_NOT_ACCEPTED`, `TOO_MANY_TRIES`.
    async fn sign_up(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: SignUpInput,
    ) -> ApiResult<SignUpPayload> {
        let started = registration::sign_up(bank(context)?, input.try_into()?, &origin(context)).await?;
        Ok(SignUpPayload { verification: started.into() })
    }

    /// Shows the code: the wallet is active, and the person signed in. Refuses `CODE_WRONG`, `CODE_EXPIRED`,
    /// `TOO_MANY_TRIES`.
    async fn activate_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code and what it belongs to.")] input: ActivateUserInput,
    ) -> ApiResult<ActivateUserPayload> {
        let id = VerificationId::parse(&input.verification_id, "verificationId")?;
        let tokens = registration::activate(bank(context)?, id, &input.code, &origin(context)).await?;
        let user = user::find(context, tokens.user).await?;
        Ok(ActivateUserPayload { user, session: authentication(context)?.issue(bank(context)?, tokens)? })
    }

    /// Sends another code in place of the last one, within an hour. Refuses `CODE_EXPIRED`, `TOO_MANY_TRIES`.
    async fn resend_code(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which code.")] input: ResendCodeInput,
    ) -> ApiResult<ResendCodePayload> {
        let id = VerificationId::parse(&input.verification_id, "verificationId")?;
        let started = verification::resend(bank(context)?, id, &origin(context)).await?;
        Ok(ResendCodePayload { verification: started.into() })
    }
}
