//! Operators: how they sign in, and who they are.

use super::{acting, announce, officer};
use crate::authentication::{bank, origin};
use crate::error::ApiResult;
use crate::id::Named;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::OperatorId;
use entity::operator;
use entity::password::{NewPassword, Password};

/// What an operator may do.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "operator::Role")]
pub(crate) enum Role {
    /// Invites and dismisses operators.
    Admin,
    /// Reads the books and what operators did.
    Auditor,
    /// Looks after jobs.
    Engineer,
    /// Decides who somebody is.
    Reviewer,
    /// Looks people up, and freezes them.
    Support,
    /// Looks after rates, fees and positions.
    Treasurer,
}

/// Whether an operator may sign in.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "operator::OperatorState")]
pub(crate) enum OperatorState {
    /// Has not taken up the invitation.
    Invited,
    /// May sign in.
    Active,
    /// May not any more.
    Dismissed,
}

/// Somebody who runs the wallet.
#[derive(SimpleObject)]
pub(crate) struct Operator {
    /// The global id.
    id: ID,
    /// The name that it signs in with.
    name: String,
    /// What it may do.
    roles: Vec<Role>,
    /// Whether it may sign in.
    state: OperatorState,
    /// When it was first invited.
    created_at: DateTime<Utc>,
}

impl From<operator::Operator> for Operator {
    fn from(operator: operator::Operator) -> Self {
        Self {
            id: operator.id.to_global().to_id(),
            name: operator.name,
            roles: operator.roles.into_iter().map(Into::into).collect(),
            state: operator.state.into(),
            created_at: operator.created_at,
        }
    }
}

/// An invitation that is taken up.
#[derive(InputObject)]
pub(crate) struct AcceptInvitationInput {
    /// The token of the invitation.
    #[graphql(secret)]
    token: String,
    /// 12 to 128 characters, any of them, that can't be guessed.
    #[graphql(secret)]
    password: String,
}

/// What the authenticator app has to know. It is shown once.
#[derive(SimpleObject)]
pub(crate) struct AcceptInvitationPayload {
    /// The secret, in base32.
    secret: String,
    /// The same as an address that is shown as a QR code.
    uri: String,
}

/// Who signs in.
#[derive(InputObject)]
pub(crate) struct SignInInput {
    /// The name of the operator.
    name: String,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// The six digits of the authenticator app.
    #[graphql(secret)]
    code: String,
}

/// The operator is signed in.
#[derive(SimpleObject)]
pub(crate) struct SignInPayload {
    /// The token to send with each request, as `Authorization: Bearer …`.
    token: String,
    /// When it ends at most; it ends earlier when it is not used for half an hour.
    expires_at: DateTime<Utc>,
}

/// The session is over.
#[derive(SimpleObject)]
pub(crate) struct SignOutPayload {
    /// Always true.
    signed_out: bool,
}

/// The operator to be dismissed.
#[derive(InputObject)]
pub(crate) struct DismissOperatorInput {
    /// The global id.
    id: ID,
}

/// The operator can't sign in any more, and its sessions are over.
#[derive(SimpleObject)]
pub(crate) struct DismissOperatorPayload {
    /// The operator.
    operator: Operator,
}

#[derive(Default)]
pub(crate) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// All operators, by name. For admins.
    async fn operators(&self, context: &Context<'_>) -> ApiResult<Vec<Operator>> {
        acting(context, operator::Role::Admin, None).await?;
        let all = operator::list(&bank(context)?.db).await?;
        Ok(all.into_iter().map(Operator::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Takes up an invitation with a password of one's own; gives what the authenticator app has to know. Refuses
    /// `CODE_EXPIRED`, `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `TOO_MANY_TRIES`,
    /// `OVERLOADED`.
    async fn accept_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token and a password.")] input: AcceptInvitationInput,
    ) -> ApiResult<AcceptInvitationPayload> {
        let new = NewPassword::parse(input.password, "password")?;
        let app = operator::accept(bank(context)?, &input.token, new, &origin(context)).await?;
        let text = |secret: &entity::secret::Secret| secret.reveal().to_owned();
        Ok(AcceptInvitationPayload { secret: text(&app.secret), uri: text(&app.uri) })
    }

    /// Signs an operator in. Refuses `SIGN_IN_FAILED` whatever was wrong, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> ApiResult<SignInPayload> {
        let password = Password::typed(input.password);
        let opened =
            operator::sign_in(bank(context)?, &input.name, password, &input.code, &origin(context)).await?;
        Ok(SignInPayload { token: opened.0.reveal().to_owned(), expires_at: opened.1 })
    }

    /// Ends the session that the request is signed with.
    async fn sign_out(&self, context: &Context<'_>) -> ApiResult<SignOutPayload> {
        let officer = officer(context)?;
        announce(context, officer, None).await?;
        operator::sign_out(bank(context)?, officer).await?;
        Ok(SignOutPayload { signed_out: true })
    }

    /// Dismisses another operator at once: all its sessions end. For admins. Refuses `NOT_FOUND`, `SELF_APPROVAL`.
    async fn dismiss_operator(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: DismissOperatorInput,
    ) -> ApiResult<DismissOperatorPayload> {
        let id = OperatorId::parse(&input.id, "id")?;
        let officer = acting(context, operator::Role::Admin, Some(id.0)).await?;
        Ok(DismissOperatorPayload { operator: operator::dismiss(bank(context)?, officer, id).await?.into() })
    }
}
