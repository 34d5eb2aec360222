//! People, as those who support them see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::user::{HandleInput, User};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::UserId;
use entity::operator::Role;
use entity::origin::Origin;
use entity::refusal::Code;
use entity::{freeze, session, user};

/// The person to freeze.
#[derive(InputObject)]
pub(crate) struct FreezeUserInput {
    /// The global id of the person.
    id: ID,
}

/// The person and its accounts are as asked.
#[derive(SimpleObject)]
pub(crate) struct FreezeUserPayload {
    /// The person.
    user: User,
}

/// The person whose sessions are to be ended.
#[derive(InputObject)]
pub(crate) struct EndSessionsInput {
    /// The global id of the person.
    user_id: ID,
}

/// The person has to sign in again.
#[derive(SimpleObject)]
pub(crate) struct EndSessionsPayload {
    /// How many sessions were ended.
    ended: u64,
}

#[derive(Default)]
pub(crate) struct PersonQuery;

#[Object]
impl PersonQuery {
    /// Who is reached by a handle. For support. Refuses `NOT_FOUND`.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A verified handle.")] handle: HandleInput,
    ) -> ApiResult<User> {
        let wanted = handle.parse()?;
        let found = user::reached_by(bank(context)?, &wanted).await?;
        let about = found
            .map_or_else(|| bank(context).map(|bank| bank.vault.fingerprint(&wanted).0), |id| Ok(id.0))?;
        acting(context, Role::Support, Some(about)).await?;
        crate::user::find(context, found.ok_or(Code::NotFound.at("handle"))?).await
    }
}

#[derive(Default)]
pub(crate) struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Freezes a person: no money leaves its accounts. For support; ending it takes a proposal and another operator.
    /// Refuses `NOT_FOUND`, `USER_CLOSED`.
    async fn freeze_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FreezeUserInput,
    ) -> ApiResult<FreezeUserPayload> {
        let id = UserId::parse(&input.id, "id")?;
        acting(context, Role::Support, Some(id.0)).await?;
        Ok(FreezeUserPayload { user: User(freeze::freeze(bank(context)?, id).await?) })
    }

    /// Ends every session of a person. For support. Refuses `NOT_FOUND`.
    async fn end_sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose.")] input: EndSessionsInput,
    ) -> ApiResult<EndSessionsPayload> {
        let id = UserId::parse(&input.user_id, "userId")?;
        acting(context, Role::Support, Some(id.0)).await?;
        Ok(EndSessionsPayload { ended: session::revoke_all(bank(context)?, id, &Origin::default()).await? })
    }
}
