//! Signing in and out.

use crate::authentication::{Session, authentication, bank, caller};
use crate::error::ApiResult;
use crate::user::{self, HandleInput, User};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::password::Password;
use entity::{session, sign_in};

/// Who signs in.
#[derive(InputObject)]
pub(crate) struct SignInInput {
    /// A verified handle of the person.
    handle: HandleInput,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// The person is signed in.
#[derive(SimpleObject)]
pub(crate) struct SignInPayload {
    /// The person.
    user: User,
    /// What to sign requests with.
    session: Session,
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

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in. Refuses `SIGN_IN_FAILED` whatever was wrong, `USER_NOT_ACTIVE` before the code was shown,
    /// `OVERLOADED`.
    async fn sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> ApiResult<SignInPayload> {
        let password = Password::typed(input.password);
        let tokens = sign_in::sign_in(bank(context)?, &input.handle.parse()?, password).await?;
        let user = user::find(context, tokens.user).await?;
        Ok(SignInPayload { user, session: authentication(context)?.issue(bank(context)?, tokens)? })
    }

    /// Swaps a refresh token for new tokens. Refuses `REFRESH_TOKEN_INVALID`, and `REFRESH_TOKEN_REUSED` for one that
    /// was used before, which ends the session.
    async fn refresh_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token to be swapped.")] input: RefreshSessionInput,
    ) -> ApiResult<RefreshSessionPayload> {
        let tokens = session::refresh(bank(context)?, &input.refresh_token).await?;
        Ok(RefreshSessionPayload { session: authentication(context)?.issue(bank(context)?, tokens)? })
    }

    /// Ends the session that the request is signed with.
    async fn sign_out(&self, context: &Context<'_>) -> ApiResult<SignOutPayload> {
        session::end(bank(context)?, caller(context)?.session).await?;
        Ok(SignOutPayload { signed_out: true })
    }
}
