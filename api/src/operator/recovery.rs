//! Cases of lost handles, as reviewers see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::kyc::Document;
use crate::page::{Pages, connection};
use crate::recovery::RecoveryState;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::RecoveryId;
use entity::operator::Role;
use entity::page::Page;
use entity::recovery::{self, Answers};

/// What somebody who has lost a handle says.
#[derive(SimpleObject)]
pub(crate) struct RecoveryClaim {
    /// The handle that is lost.
    lost_handle: String,
    /// The handle that the wallet is to have; its code was shown.
    new_handle: String,
    /// What happened.
    statement: String,
    /// What shows who it is.
    documents: Vec<Document>,
    /// Whether the second factor is lost, too.
    second_factor_lost: bool,
    /// Whether all answers to the security questions were right; none where none were asked or answered, or too often.
    /// Others can find such answers out: never enough by itself.
    security_answers_right: Option<bool>,
}

/// A wallet whose handle is lost.
#[derive(SimpleObject)]
pub(crate) struct RecoveryCase {
    /// The global id.
    id: ID,
    /// What was said; none, if the case is over.
    claim: Option<RecoveryClaim>,
    /// The global id of the person whose handle it is; none where it is nobody's, or is still being looked for.
    user_id: Option<ID>,
    /// Where it stands.
    state: RecoveryState,
    /// When it was opened.
    opened_at: DateTime<Utc>,
    /// When it takes effect.
    effective_at: Option<DateTime<Utc>>,
}

impl From<recovery::Recovery> for RecoveryCase {
    fn from(case: recovery::Recovery) -> Self {
        let claim = case.claim.zip(case.found).map(|(claim, found)| RecoveryClaim {
            lost_handle: claim.lost.to_string(),
            new_handle: found.to_string(),
            statement: claim.statement,
            documents: claim.documents.into_iter().map(Into::into).collect(),
            second_factor_lost: claim.second_factor_lost,
            security_answers_right: match claim.answers {
                Answers::Checked(right) => right,
                Answers::Given(_) => None,
            },
        });
        Self {
            id: case.id.to_global().to_id(),
            claim,
            user_id: case.user.map(|user| user.to_global().to_id()),
            state: case.state.into(),
            opened_at: case.opened_at,
            effective_at: case.effective_at,
        }
    }
}

/// The case to be rejected.
#[derive(InputObject)]
pub(crate) struct RejectRecoveryCaseInput {
    /// The global id.
    id: ID,
}

/// Nothing will be changed.
#[derive(SimpleObject)]
pub(crate) struct RejectRecoveryCasePayload {
    /// The case.
    recovery_case: RecoveryCase,
}

#[derive(Default)]
pub(crate) struct RecoveryQuery;

#[Object]
impl RecoveryQuery {
    /// The cases in a state, oldest first. For reviewers.
    async fn recovery_cases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which state.", default_with = "RecoveryState::Open")] state: RecoveryState,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<RecoveryCase>> {
        acting(context, Role::Reviewer, None).await?;
        let (after, before) =
            (RecoveryId::from_cursor(after, "after")?, RecoveryId::from_cursor(before, "before")?);
        let page = Page::parse(first, last, after, before)?;
        let slice = recovery::list(bank(context)?, state.into(), page).await?;
        Ok(connection(slice.map(|case| (case.id.to_cursor(), RecoveryCase::from(case)))))
    }
}

#[derive(Default)]
pub(crate) struct RecoveryMutation;

#[Object]
impl RecoveryMutation {
    /// Rejects a case, also one that was approved and is not done. For reviewers; approving it takes a proposal and another
    /// operator. Refuses `NOT_FOUND`.
    async fn reject_recovery_case(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RejectRecoveryCaseInput,
    ) -> ApiResult<RejectRecoveryCasePayload> {
        let id = RecoveryId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        Ok(RejectRecoveryCasePayload {
            recovery_case: recovery::reject(bank(context)?, officer, id).await?.into(),
        })
    }
}
