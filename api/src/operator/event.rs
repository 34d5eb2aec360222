//! What operators did and saw, as auditors see it.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::OperatorId;
use entity::operator::Role;
use entity::operator_event;
use entity::page::Page;

/// Something that an operator did or saw.
#[derive(SimpleObject)]
pub(crate) struct OperatorEvent {
    /// Its place in the operator's log, from 1.
    number: i64,
    /// The field of this schema that it asked for.
    field: String,
    /// The UUID of what it was about, if it was one thing.
    subject: Option<String>,
    /// From which address.
    address: String,
    /// When.
    at: DateTime<Utc>,
    /// SHA-256 over the entry and the hash before it, in hexadecimal digits.
    hash: String,
}

impl From<operator_event::OperatorEvent> for OperatorEvent {
    fn from(event: operator_event::OperatorEvent) -> Self {
        Self {
            number: event.seq,
            field: event.kind,
            subject: event.subject.map(|subject| subject.to_string()),
            address: event.address,
            at: event.at,
            hash: event.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

#[derive(Default)]
pub(crate) struct EventQuery;

#[Object]
impl EventQuery {
    /// What an operator did and saw, newest first. For auditors.
    async fn operator_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id of the operator.")] operator_id: ID,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<OperatorEvent>> {
        let id = OperatorId::parse(&operator_id, "operatorId")?;
        acting(context, Role::Auditor, Some(id.0)).await?;
        let page = Page::parse(first, last, cursor(after, "after")?, cursor(before, "before")?)?;
        let slice = operator_event::list(bank(context)?, id, page).await?;
        Ok(connection(slice.map(|event| (event.seq.to_cursor(), OperatorEvent::from(event)))))
    }
}

fn cursor(text: Option<String>, field: &'static str) -> ApiResult<Option<i64>> {
    Ok(i64::from_cursor(text, field)?)
}
