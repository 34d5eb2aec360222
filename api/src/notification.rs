//! The inbox of a person, and by which channels it hears of what.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection, cost};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::NotificationId;
use entity::notification;
use entity::page::Page;

/// What a notification is about.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "notification::Category")]
pub(crate) enum NotificationCategory {
    /// Sign-ins and everything that guards them. It can't be muted.
    Security,
    /// Money that came, went or was held up.
    Payments,
    /// News of the house.
    News,
}

/// An entry of the inbox.
#[derive(SimpleObject)]
pub(crate) struct Notification {
    /// The global id.
    id: ID,
    /// What it is about.
    category: NotificationCategory,
    /// One line, in the person's language.
    subject: String,
    /// What it says, in the person's language and time zone.
    body: String,
    /// When it came.
    created_at: DateTime<Utc>,
    /// When it was read.
    read_at: Option<DateTime<Utc>>,
}

impl From<notification::Notification> for Notification {
    fn from(entry: notification::Notification) -> Self {
        Self {
            id: entry.id.to_global().to_id(),
            category: entry.category.into(),
            subject: entry.text.subject,
            body: entry.text.body,
            created_at: entry.created_at,
            read_at: entry.read_at,
        }
    }
}

/// By which channels the person hears of a category.
#[derive(SimpleObject)]
pub(crate) struct NotificationPreference {
    /// Of what.
    category: NotificationCategory,
    /// By e-mail.
    mail: bool,
    /// By text message.
    sms: bool,
}

impl From<notification::Preference> for NotificationPreference {
    fn from(preference: notification::Preference) -> Self {
        let notification::Preference { category, mail, sms } = preference;
        Self { category: category.into(), mail, sms }
    }
}

/// Up to where the inbox was read.
#[derive(InputObject)]
pub(crate) struct MarkNotificationsReadInput {
    /// The global id of the newest entry that was read; all before it are too.
    up_to: ID,
}

/// The entries are marked.
#[derive(SimpleObject)]
pub(crate) struct MarkNotificationsReadPayload {
    /// How many were unread until now.
    marked: u64,
}

/// The channels of a category.
#[derive(InputObject)]
pub(crate) struct SetNotificationPreferenceInput {
    /// Of what.
    category: NotificationCategory,
    /// Whether by e-mail.
    mail: bool,
    /// Whether by text message.
    sms: bool,
}

/// The channels are as asked.
#[derive(SimpleObject)]
pub(crate) struct SetNotificationPreferencePayload {
    /// All that can be chosen.
    preferences: Vec<NotificationPreference>,
}

async fn preferences(context: &Context<'_>) -> ApiResult<Vec<NotificationPreference>> {
    let chosen = notification::preferences(&bank(context)?.db, caller(context)?.user).await?;
    Ok(chosen.into_iter().map(Into::into).collect())
}

#[derive(Default)]
pub(crate) struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// The inbox of the person who asks, newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Notification>> {
        let user = caller(context)?.user;
        let after = NotificationId::from_cursor(after, "after")?;
        let page = Page::parse(first, last, after, NotificationId::from_cursor(before, "before")?)?;
        let slice = notification::list(bank(context)?, user, page).await?;
        Ok(connection(slice.map(|entry| (entry.id.to_cursor(), Notification::from(entry)))))
    }

    /// How many entries of the inbox are unread.
    async fn unread_notifications(&self, context: &Context<'_>) -> ApiResult<u64> {
        Ok(notification::unread(&bank(context)?.db, caller(context)?.user).await?)
    }

    /// By which channels the person hears of the categories that can be chosen.
    async fn notification_preferences(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<NotificationPreference>> {
        preferences(context).await
    }
}

#[derive(Default)]
pub(crate) struct NotificationMutation;

#[Object]
impl NotificationMutation {
    /// Marks an entry of the inbox and all before it as read.
    async fn mark_notifications_read(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Up to where.")] input: MarkNotificationsReadInput,
    ) -> ApiResult<MarkNotificationsReadPayload> {
        let (user, up_to) = (caller(context)?.user, NotificationId::parse(&input.up_to, "upTo")?);
        let marked = notification::mark_read(bank(context)?, user, up_to).await?;
        Ok(MarkNotificationsReadPayload { marked })
    }

    /// Chooses the channels of a category. Refuses `CATEGORY_FIXED` for security.
    async fn set_notification_preference(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which channels.")] input: SetNotificationPreferenceInput,
    ) -> ApiResult<SetNotificationPreferencePayload> {
        let SetNotificationPreferenceInput { category, mail, sms } = input;
        let wanted = notification::Preference { category: category.into(), mail, sms };
        notification::prefer(bank(context)?, caller(context)?.user, wanted).await?;
        Ok(SetNotificationPreferencePayload { preferences: preferences(context).await? })
    }
}
