//! The sandbox: what the simulated mail delivered, so that a newcomer finds the code.

use crate::authentication::bank;
use crate::error::ApiResult;
use crate::user::HandleInput;
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::sandbox;

/// A message that the simulated mail or SMS delivered.
#[derive(SimpleObject)]
pub(crate) struct SandboxMessage {
    /// To whom.
    to: String,
    /// What about.
    subject: String,
    /// What it says.
    body: String,
    /// When.
    sent_at: DateTime<Utc>,
}

impl From<sandbox::SandboxMessage> for SandboxMessage {
    fn from(message: sandbox::SandboxMessage) -> Self {
        let sandbox::SandboxMessage { to, subject, body, sent_at, .. } = message;
        Self { to, subject, body, sent_at }
    }
}

#[derive(Default)]
pub(crate) struct SandboxQuery;

#[Object]
impl SandboxQuery {
    /// The last 20 messages to a handle, newest first. Only where mail is simulated; refuses `SANDBOX_ONLY` elsewhere.
    async fn sandbox_messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose messages.")] to: HandleInput,
    ) -> ApiResult<Vec<SandboxMessage>> {
        let messages = sandbox::messages(bank(context)?, &to.parse()?).await?;
        Ok(messages.into_iter().map(SandboxMessage::from).collect())
    }
}
