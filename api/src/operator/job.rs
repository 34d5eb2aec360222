//! Jobs, as engineers see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::JobId;
use entity::operator::Role;
use entity::outbox::Entry;
use entity::page::Page;
use entity::{dead_letter, outbox};

/// A job that was given up after all its attempts.
#[derive(SimpleObject)]
pub(crate) struct DeadLetter {
    /// The global id of the job.
    id: ID,
    /// What kind of job.
    kind: &'static str,
    /// How often it was tried.
    attempts: i32,
    /// What went wrong the last time.
    last_error: Option<String>,
    /// When it was given up.
    dead_at: Option<DateTime<Utc>>,
    /// When it was written.
    created_at: DateTime<Utc>,
}

impl From<Entry> for DeadLetter {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.to_global().to_id(),
            kind: entry.job.kind(),
            attempts: entry.attempts,
            last_error: entry.last_error,
            dead_at: entry.dead_at,
            created_at: entry.created_at,
        }
    }
}

/// The job to be tried again.
#[derive(InputObject)]
pub(crate) struct RetryJobInput {
    /// The global id of a dead letter.
    id: ID,
}

/// The job is tried again.
#[derive(SimpleObject)]
pub(crate) struct RetryJobPayload {
    /// The global id of the job.
    id: ID,
}

#[derive(Default)]
pub(crate) struct JobQuery;

#[Object]
impl JobQuery {
    /// How many jobs wait to be done, dead letters not counted. For engineers.
    async fn waiting_jobs(&self, context: &Context<'_>) -> ApiResult<u64> {
        acting(context, Role::Engineer, None).await?;
        Ok(outbox::waiting(&bank(context)?.db).await?)
    }

    /// The jobs that were given up, oldest first. For engineers.
    async fn dead_letters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<DeadLetter>> {
        acting(context, Role::Engineer, None).await?;
        let (after, before) = (JobId::from_cursor(after, "after")?, JobId::from_cursor(before, "before")?);
        let slice = dead_letter::list(&bank(context)?.db, Page::parse(first, last, after, before)?).await?;
        Ok(connection(slice.map(|entry| (entry.id.to_cursor(), DeadLetter::from(entry)))))
    }
}

#[derive(Default)]
pub(crate) struct JobMutation;

#[Object]
impl JobMutation {
    /// Has a dead letter tried again, with all its attempts before it. For engineers. Refuses `JOB_NOT_DEAD`.
    async fn retry_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RetryJobInput,
    ) -> ApiResult<RetryJobPayload> {
        let id = JobId::parse(&input.id, "id")?;
        acting(context, Role::Engineer, Some(id.0)).await?;
        let entry = dead_letter::retry(bank(context)?, id).await?;
        Ok(RetryJobPayload { id: entry.id.to_global().to_id() })
    }
}
