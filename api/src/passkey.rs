//! Passkeys: to register, list and remove them, and to sign in with one.

use crate::authentication::{Session, authentication, bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use crate::id::Named;
use crate::totp::{SecondFactorInput, shown};
use crate::user::{self, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{CeremonyId, PasskeyId};
use entity::passkey::{self, OwnPasskey};

/// A passkey of the person who asks.
#[derive(SimpleObject)]
pub(crate) struct Passkey {
    /// The global id.
    id: ID,
    /// What the person calls it.
    name: String,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When it was last used.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<OwnPasskey> for Passkey {
    fn from(own: OwnPasskey) -> Self {
        let OwnPasskey { id, name, created_at, last_used_at } = own;
        Self { id: id.to_global().to_id(), name, created_at, last_used_at }
    }
}

async fn all(context: &Context<'_>) -> ApiResult<Vec<Passkey>> {
    let own = passkey::list(bank(context)?, caller(context)?.user).await?;
    Ok(own.into_iter().map(Passkey::from).collect())
}

/// What the device is asked.
#[derive(SimpleObject)]
pub(crate) struct StartPasskeyRegistrationPayload {
    /// To be shown with the answer.
    registration_id: ID,
    /// JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, whose result `navigator.credentials.create` takes
    /// as `publicKey`.
    options: String,
    /// Until when the answer is taken.
    expires_at: DateTime<Utc>,
}

/// What the device has made.
#[derive(InputObject)]
pub(crate) struct FinishPasskeyRegistrationInput {
    /// Which registration.
    registration_id: ID,
    /// What `navigator.credentials.create` gave, by `JSON.stringify`.
    credential: String,
    /// What the person calls it, such as the device: 1 to 100 characters.
    name: String,
}

/// The passkey can be used.
#[derive(SimpleObject)]
pub(crate) struct FinishPasskeyRegistrationPayload {
    /// The passkey.
    passkey: Passkey,
    /// Ten recovery codes for the day that the device is lost, which are shown this once. Empty, where there are some
    /// already.
    recovery_codes: Vec<String>,
}

/// The passkey to be removed.
#[derive(InputObject)]
pub(crate) struct RemovePasskeyInput {
    /// The global id.
    id: ID,
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered.
    challenge_id: Option<ID>,
}

/// The passkey is gone.
#[derive(SimpleObject)]
pub(crate) struct RemovePasskeyPayload {
    /// The passkeys that are left, oldest first.
    passkeys: Vec<Passkey>,
}

/// What the device is asked.
#[derive(SimpleObject)]
pub(crate) struct StartPasskeySignInPayload {
    /// To be shown with the answer.
    sign_in_id: ID,
    /// JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`, whose result `navigator.credentials.get` takes as
    /// `publicKey`.
    options: String,
    /// Until when the answer is taken.
    expires_at: DateTime<Utc>,
}

/// What the device has signed.
#[derive(InputObject)]
pub(crate) struct FinishPasskeySignInInput {
    /// Which sign-in.
    sign_in_id: ID,
    /// What `navigator.credentials.get` gave, by `JSON.stringify`.
    #[graphql(secret)]
    credential: String,
    /// What the device got when the person signed in on it the first time. Without it the device is new, and the
    /// person is told.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// The person is signed in.
#[derive(SimpleObject)]
pub(crate) struct FinishPasskeySignInPayload {
    /// The person.
    user: User,
    /// What to sign requests with. It has shown two factors.
    session: Session,
}

#[derive(Default)]
pub(crate) struct PasskeyQuery;

#[Object]
impl PasskeyQuery {
    /// The passkeys of the person who asks, oldest first.
    async fn passkeys(&self, context: &Context<'_>) -> ApiResult<Vec<Passkey>> {
        all(context).await
    }
}

#[derive(Default)]
pub(crate) struct PasskeyMutation;

#[Object]
impl PasskeyMutation {
    /// Begins to register a passkey. Refuses `PASSKEY_LIMIT`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`,
    /// `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn start_passkey_registration(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password, and an answered question.")] input: SecondFactorInput,
    ) -> ApiResult<StartPasskeyRegistrationPayload> {
        let begun = passkey::start_registration(bank(context)?, caller(context)?, input.proof()?).await?;
        let registration_id = begun.id.to_global().to_id();
        let (options, expires_at) = (begun.options, begun.expires_at);
        Ok(StartPasskeyRegistrationPayload { registration_id, options, expires_at })
    }

    /// Registers what the device has made: it signs in from now on, and is asked for as a second factor. With the first
    /// second factor all other sessions end. Refuses `CHALLENGE_EXPIRED`, `PASSKEY_INVALID`, `PASSKEY_LIMIT`,
    /// `NAME_INVALID`.
    async fn finish_passkey_registration(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What the device has made.")] input: FinishPasskeyRegistrationInput,
    ) -> ApiResult<FinishPasskeyRegistrationPayload> {
        let (bank, caller, origin) = (bank(context)?, caller(context)?, origin(context));
        let id = CeremonyId::parse(&input.registration_id, "registrationId")?;
        let (credential, name) = (&input.credential, &input.name);
        let (own, codes) = passkey::finish_registration(bank, caller, id, credential, name, &origin).await?;
        Ok(FinishPasskeyRegistrationPayload { passkey: own.into(), recovery_codes: shown(&codes) })
    }

    /// Removes a passkey, and ends all other sessions. Refuses `NOT_FOUND`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`,
    /// `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn remove_passkey(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, the password, and an answered question.")] input: RemovePasskeyInput,
    ) -> ApiResult<RemovePasskeyPayload> {
        let (caller, id) = (caller(context)?, PasskeyId::parse(&input.id, "id")?);
        let proof = proof(input.password, input.challenge_id.as_ref())?;
        passkey::remove(bank(context)?, caller, id, proof, &origin(context)).await?;
        Ok(RemovePasskeyPayload { passkeys: all(context).await? })
    }

    /// Begins to sign in with a passkey. No handle is needed: the device finds its passkeys. Refuses `TOO_MANY_TRIES`.
    async fn start_passkey_sign_in(&self, context: &Context<'_>) -> ApiResult<StartPasskeySignInPayload> {
        let begun = passkey::start_sign_in(bank(context)?, &origin(context)).await?;
        let (options, expires_at) = (begun.options, begun.expires_at);
        Ok(StartPasskeySignInPayload { sign_in_id: begun.id.to_global().to_id(), options, expires_at })
    }

    /// Signs in with what the device has signed; no other question is asked. Refuses `CHALLENGE_EXPIRED`,
    /// `PASSKEY_INVALID` whatever was wrong with the answer, `TOO_MANY_TRIES`.
    async fn finish_passkey_sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What the device has signed.")] input: FinishPasskeySignInInput,
    ) -> ApiResult<FinishPasskeySignInPayload> {
        let (bank, origin) = (bank(context)?, origin(context).on(input.device_token));
        let id = CeremonyId::parse(&input.sign_in_id, "signInId")?;
        let tokens = passkey::finish_sign_in(bank, id, &input.credential, &origin).await?;
        let user = user::find(context, tokens.user).await?;
        Ok(FinishPasskeySignInPayload { user, session: authentication(context)?.issue(bank, tokens)? })
    }
}
