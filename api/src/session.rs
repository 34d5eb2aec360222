//! Signing in and out, and the sessions of a person.

use crate::authentication::{Session, authentication, bank, caller, origin};
use crate::challenge::Challenge;
use crate::error::ApiResult;
use crate::id::Named;
use crate::user::{self, HandleInput, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::SessionId;
use entity::password::Password;
use entity::session::Tokens;
use entity::sign_in::SignedIn;
use entity::{challenge, device, session, sign_in};

/// Who signs in.
#[derive(InputObject)]
pub(crate) struct SignInInput {
    /// A verified handle of the person.
    handle: HandleInput,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// What the device got when the person signed in on it the first time. Without it the device is new, and the
    /// person is told.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// The password was right.
#[derive(SimpleObject)]
pub(crate) struct SignInPayload {
    /// The person, if it is signed in.
    user: Option<User>,
    /// What to sign requests with, if the person has no second factor.
    session: Option<Session>,
    /// The question to be answered first, if it has one: `answerChallenge` gives the session.
    challenge: Option<Challenge>,
}

impl SignInPayload {
    async fn signed_in(context: &Context<'_>, tokens: Tokens) -> ApiResult<Self> {
        let user = user::find(context, tokens.user).await?;
        let session = authentication(context)?.issue(bank(context)?, tokens)?;
        Ok(Self { user: Some(user), session: Some(session), challenge: None })
    }

    fn asked(asked: challenge::Challenge) -> Self {
        Self { user: None, session: None, challenge: Some(asked.into()) }
    }
}

/// The token to be swapped.
#[derive(InputObject)]
pub(crate) struct RefreshSessionInput {
    /// The last refresh token of the session.
    #[graphql(secret)]
    refresh_token: String,
}

/// The session goes on.
#[derive(SimpleObject)]
pub(crate) struct RefreshSessionPayload {
    /// The new tokens. The refresh token that was shown no longer works.
    session: Session,
}

/// The session is over.
#[derive(SimpleObject)]
pub(crate) struct SignOutPayload {
    /// Always true: from now on the tokens of this session are refused.
    signed_out: bool,
}

/// An open session: a sign-in on a device.
#[derive(SimpleObject)]
pub(crate) struct OpenSession {
    /// The global id.
    id: ID,
    /// Whether the request is signed with it.
    is_current: bool,
    /// Whether the person has shown in it more than the password: small payments are made unasked only in such a session.
    is_confirmed: bool,
    /// How the client's program called itself.
    agent: String,
    /// The address that it was opened from.
    address: String,
    /// In which country that is (ISO 3166-1 alpha-2), where it is known.
    country: Option<String>,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was last refreshed.
    refreshed_at: DateTime<Utc>,
    /// When it expires, if it is not refreshed.
    expires_at: DateTime<Utc>,
}

impl OpenSession {
    fn of(open: session::OpenSession, current: SessionId) -> Self {
        Self {
            id: open.id.to_global().to_id(),
            is_current: open.id == current,
            is_confirmed: open.is_confirmed,
            agent: open.agent,
            address: open.address,
            country: open.country,
            created_at: open.created_at,
            refreshed_at: open.refreshed_at,
            expires_at: open.expires_at,
        }
    }
}

/// The session to be ended.
#[derive(InputObject)]
pub(crate) struct RevokeSessionInput {
    /// The global id of an open session of one's own.
    id: ID,
}

/// Sessions were ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeSessionPayload {
    /// How many.
    revoked: u64,
}

/// What came with the message about a sign-in.
#[derive(InputObject)]
pub(crate) struct ReportSignInInput {
    /// The code of the message.
    #[graphql(secret)]
    token: String,
}

/// Every session of the person is over.
#[derive(SimpleObject)]
pub(crate) struct ReportSignInPayload {
    /// Always true: from now on the tokens of all sessions are refused.
    sessions_ended: bool,
}

#[derive(Default)]
pub(crate) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The open sessions of the person who asks, newest first. API keys are among `apiKeys`.
    async fn sessions(&self, context: &Context<'_>) -> ApiResult<Vec<OpenSession>> {
        let caller = caller(context)?;
        let open = session::list(bank(context)?, caller.user).await?;
        Ok(open.into_iter().map(|open| OpenSession::of(open, caller.session)).collect())
    }
}

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in. Refuses `SIGN_IN_FAILED` whatever was wrong, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> ApiResult<SignInPayload> {
        let (password, origin) = (Password::typed(input.password), origin(context).on(input.device_token));
        let bank = bank(context)?;
        match sign_in::sign_in(bank, &input.handle.parse()?, password, &origin).await? {
            SignedIn::Session(tokens) => SignInPayload::signed_in(context, tokens).await,
            SignedIn::Challenge(asked) => Ok(SignInPayload::asked(asked)),
        }
    }

    /// Swaps a refresh token for new tokens. Refuses `REFRESH_TOKEN_INVALID`, and `REFRESH_TOKEN_REUSED` for one that
    /// was used before, which ends the session: at once, without a time of grace, because one of the two who have it is a
    /// thief. Windows of one browser have to take turns (`navigator.locks`) and share what the first of them gets.
    async fn refresh_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token to be swapped.")] input: RefreshSessionInput,
    ) -> ApiResult<RefreshSessionPayload> {
        let tokens = session::refresh(bank(context)?, &input.refresh_token, &origin(context)).await?;
        Ok(RefreshSessionPayload { session: authentication(context)?.issue(bank(context)?, tokens)? })
    }

    /// Ends the session that the request is signed with.
    async fn sign_out(&self, context: &Context<'_>) -> ApiResult<SignOutPayload> {
        session::sign_out(bank(context)?, caller(context)?, &origin(context)).await?;
        Ok(SignOutPayload { signed_out: true })
    }

    /// Ends another session. Refuses `NOT_FOUND`.
    async fn revoke_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RevokeSessionInput,
    ) -> ApiResult<RevokeSessionPayload> {
        let (caller, id) = (caller(context)?, SessionId::parse(&input.id, "id")?);
        session::revoke(bank(context)?, caller, id, &origin(context)).await?;
        Ok(RevokeSessionPayload { revoked: 1 })
    }

    /// Ends all other sessions of the person, but no API keys.
    async fn revoke_other_sessions(&self, context: &Context<'_>) -> ApiResult<RevokeSessionPayload> {
        let revoked = session::revoke_others(bank(context)?, caller(context)?, &origin(context)).await?;
        Ok(RevokeSessionPayload { revoked })
    }

    /// Says of a sign-in that it was not one's own: every session ends. It needs no session, but the code of the
    /// message about the sign-in, which works for a week. Refuses `CODE_EXPIRED`.
    async fn report_sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code of the message.")] input: ReportSignInInput,
    ) -> ApiResult<ReportSignInPayload> {
        device::report(bank(context)?, &input.token, &origin(context)).await?;
        Ok(ReportSignInPayload { sessions_ended: true })
    }
}
