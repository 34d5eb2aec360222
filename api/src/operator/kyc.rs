//! Applications to be known better, as reviewers see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::kyc::{Application, Level};
use crate::page::{Pages, connection};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::{ApplicationId, UserId};
use entity::kyc;
use entity::operator::Role;
use entity::page::Page;

/// An application that waits, without what it tells.
#[derive(SimpleObject)]
pub(crate) struct WaitingApplication {
    /// The global id of the application.
    id: ID,
    /// The global id of the person.
    user_id: ID,
    /// The level that is asked for.
    level: Level,
}

impl From<(ApplicationId, UserId, kyc::Level)> for WaitingApplication {
    fn from((id, user, level): (ApplicationId, UserId, kyc::Level)) -> Self {
        Self { id: id.to_global().to_id(), user_id: user.to_global().to_id(), level: level.into() }
    }
}

/// The application to be rejected.
#[derive(InputObject)]
pub(crate) struct RejectApplicationInput {
    /// The global id.
    id: ID,
    /// Why, for the person to read: at most 100 characters.
    reason: String,
}

/// The application is rejected, and its person told.
#[derive(SimpleObject)]
pub(crate) struct RejectApplicationPayload {
    /// The application.
    application: Application,
}

#[derive(Default)]
pub(crate) struct KycQuery;

#[Object]
impl KycQuery {
    /// The applications that wait, oldest first. For reviewers.
    async fn waiting_applications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<WaitingApplication>> {
        acting(context, Role::Reviewer, None).await?;
        let (after, before) =
            (ApplicationId::from_cursor(after, "after")?, ApplicationId::from_cursor(before, "before")?);
        let slice = kyc::waiting(bank(context)?, Page::parse(first, last, after, before)?).await?;
        Ok(connection(slice.map(|row| (row.0.to_cursor(), WaitingApplication::from(row)))))
    }

    /// An application and what it tells. For reviewers. Refuses `NOT_FOUND`.
    async fn application(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> ApiResult<Application> {
        let id = ApplicationId::parse(&id, "id")?;
        acting(context, Role::Reviewer, Some(id.0)).await?;
        Ok(kyc::find(bank(context)?, id).await?.into())
    }
}

#[derive(Default)]
pub(crate) struct KycMutation;

#[Object]
impl KycMutation {
    /// Rejects an application. For reviewers; approving it takes a proposal and another operator. Refuses `NOT_FOUND`,
    /// `REASON_INVALID`.
    async fn reject_application(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RejectApplicationInput,
    ) -> ApiResult<RejectApplicationPayload> {
        let id = ApplicationId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let rejected = kyc::reject(bank(context)?, officer, id, &input.reason).await?;
        Ok(RejectApplicationPayload { application: rejected.into() })
    }
}
