//! People whose names are like one on a sanctions list, and the lists, as reviewers see them.

mod hit;

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::SanctionHitId;
use entity::operator::Role;
use entity::page::Page;
use entity::sanction;
pub(crate) use hit::SanctionHit;
use hit::{HitState, Source};

/// A sanctions list that is or was in force.
#[derive(SimpleObject)]
pub(crate) struct SanctionList {
    /// Whose it is.
    source: Source,
    /// The SHA-256 of its file, in hexadecimal digits.
    version: String,
    /// How many entries it has.
    entries: i64,
    /// When it came into force.
    loaded_at: DateTime<Utc>,
    /// When another took its place; none, if it is in force.
    replaced_at: Option<DateTime<Utc>>,
    /// When everybody had been screened against it.
    screened_at: Option<DateTime<Utc>>,
}

impl From<sanction::ListVersion> for SanctionList {
    fn from(list: sanction::ListVersion) -> Self {
        Self {
            source: list.source.into(),
            version: list.version,
            entries: list.size,
            loaded_at: list.loaded_at,
            replaced_at: list.replaced_at,
            screened_at: list.screened_at,
        }
    }
}

/// The hit to be decided.
#[derive(InputObject)]
pub(crate) struct DecideSanctionHitInput {
    /// The global id.
    id: ID,
    /// Why, for other operators to read: at most 100 characters. The person is told nothing.
    reason: String,
}

/// It is decided.
#[derive(SimpleObject)]
pub(crate) struct DecideSanctionHitPayload {
    /// The hit.
    hit: SanctionHit,
}

#[derive(Default)]
pub(crate) struct SanctionQuery;

#[Object]
impl SanctionQuery {
    /// People whose names are like one on a sanctions list, oldest first. For reviewers.
    async fn sanction_hits(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which state: open, if nothing is said.")] state: Option<HitState>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<SanctionHit>> {
        acting(context, Role::Reviewer, None).await?;
        let after = SanctionHitId::from_cursor(after, "after")?;
        let before = SanctionHitId::from_cursor(before, "before")?;
        let (page, state) = (Page::parse(first, last, after, before)?, state.unwrap_or(HitState::Open));
        let slice = sanction::list(bank(context)?, state.into(), page).await?;
        Ok(connection(slice.map(|hit| (hit.id.to_cursor(), SanctionHit::from(hit)))))
    }

    /// The last hundred sanctions lists that are or were in force, newest first. For reviewers.
    async fn sanction_lists(&self, context: &Context<'_>) -> ApiResult<Vec<SanctionList>> {
        acting(context, Role::Reviewer, None).await?;
        Ok(sanction::lists(bank(context)?).await?.into_iter().map(SanctionList::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct SanctionMutation;

#[Object]
impl SanctionMutation {
    /// Clears a hit: the person is somebody else. It is not raised again for the same entry and name. What it has frozen takes
    /// a proposal and another operator. For reviewers. Refuses `NOT_FOUND`, `SANCTION_HIT_DECIDED`, `REASON_INVALID`.
    async fn clear_sanction_hit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DecideSanctionHitInput,
    ) -> ApiResult<DecideSanctionHitPayload> {
        let id = SanctionHitId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let hit = sanction::clear(bank(context)?, officer, id, &input.reason).await?;
        Ok(DecideSanctionHitPayload { hit: hit.into() })
    }

    /// Confirms a hit: the person is who is on the list. Nothing may leave its wallet. For reviewers. Refuses `NOT_FOUND`,
    /// `SANCTION_HIT_DECIDED`, `REASON_INVALID`.
    async fn confirm_sanction_hit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DecideSanctionHitInput,
    ) -> ApiResult<DecideSanctionHitPayload> {
        let id = SanctionHitId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let hit = sanction::confirm(bank(context)?, officer, id, &input.reason).await?;
        Ok(DecideSanctionHitPayload { hit: hit.into() })
    }
}
