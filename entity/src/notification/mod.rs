//! Notifications: what a person is told of, in its inbox and by the channels that it wants.
//!
//! Guarantees: an event is told once, with the change that it is about: one entry in the inbox, and one
//! message for each channel. Security can't be muted, and goes to every verified handle, so that who has
//! taken one of them can't keep it secret. Everything else goes to the handles that the person prefers.

mod chinese;
mod english;
mod notice;
mod text;

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Fault, Result};
use crate::handle::{Handle, HandleKind, own};
use crate::id::{EventId, NotificationId, UserId};
use crate::language::Locale;
use crate::link::Links;
use crate::message::{self, Letter};
use crate::origin::Origin;
use crate::page::{Page, Slice};
use crate::security_event::{self, SecurityEventKind};
use crate::table::{notification, notification_preference, user as person};
use crate::user::{self, PHRASE};
use crate::vault::DataKey;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, PaginatorTrait, QueryFilter,
};

pub use notice::{Alert, Case, CodePurpose, Notice, Waited};
pub use text::{Text, text};

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Sign-ins and everything that guards them.
    Security,
    /// Money that came, went or was held up.
    Payments,
    /// News of the house.
    News,
}

/// By which channels a person hears of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    /// Of what.
    pub category: Category,
    /// By e-mail.
    pub mail: bool,
    /// By text message.
    pub sms: bool,
}

/// An entry of an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub category: Category,
    /// What it says, in the person's language of today.
    pub text: Text,
    /// When it came.
    pub created_at: Time,
    /// When it was read.
    pub read_at: Option<Time>,
}

const CONTENT: &str = "notifications.content";

/// Tells a person of an event.
pub(crate) async fn tell(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    event: EventId,
    notice: &Notice,
) -> Result<()> {
    let (user, now) = (key.user(), bank.clock.now());
    let Some(category) = notice.category() else {
        return Err(Fault::Corrupt("a code is no entry of an inbox").into());
    };
    let id = NotificationId(bank.ids.next(now));
    let content = serde_json::to_string(&notice.for_inbox()).unwrap_or_default();
    let content = key.seal(CONTENT, id.0, &content)?;
    let row =
        notification::Model { id, user_id: user, event, category, content, created_at: now, read_at: None };
    notification::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    let row = person::Entity::find_by_id(user).one(tx).await?.ok_or(Fault::Corrupt("a person is missing"))?;
    let letter = Letter {
        notice: notice.clone(),
        locale: Locale::stored(row.language, &row.time_zone),
        phrase: row.phrase.as_ref().map(|phrase| key.open_own(PHRASE, phrase)).transpose()?,
        at: now,
        until: None,
    };
    for handle in recipients(tx, key, category).await? {
        message::put(bank, tx, event, &handle, letter.clone()).await?;
    }
    Ok(())
}

/// Records what guards the wallet was changed to, and tells the person of it.
pub(crate) async fn warn(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    kind: SecurityEventKind,
    notice: &Notice,
    origin: &Origin,
) -> Result<()> {
    security_event::record(bank, tx, key, kind, origin).await?;
    tell(bank, tx, key, EventId(bank.ids.next(bank.clock.now())), notice).await
}

/// The handles that hear of a category.
async fn recipients(tx: &DatabaseTransaction, key: &DataKey, category: Category) -> Result<Vec<Handle>> {
    let handles = own::all(tx, key).await?;
    if category == Category::Security {
        return Ok(handles.into_iter().map(|own| own.handle).collect());
    }
    let wanted = preference(tx, key.user(), category).await?;
    let wants = |handle: &Handle| match handle.kind() {
        HandleKind::Email => wanted.mail,
        HandleKind::Phone => wanted.sms,
    };
    // Of each kind the primary one, or the oldest.
    let mut chosen: Vec<Handle> = Vec::new();
    let (primary, others): (Vec<_>, Vec<_>) = handles.into_iter().partition(|own| own.is_primary);
    for own in primary.into_iter().chain(others).filter(|own| wants(&own.handle)) {
        if chosen.iter().all(|handle| handle.kind() != own.handle.kind()) {
            chosen.push(own.handle);
        }
    }
    Ok(chosen)
}

async fn preference(
    db: &impl sea_orm::ConnectionTrait,
    user: UserId,
    category: Category,
) -> Result<Preference> {
    let row = notification_preference::Entity::find_by_id((user, category)).one(db).await?;
    Ok(row.map_or(Preference { category, mail: true, sms: true }, |row| Preference {
        category,
        mail: row.mail,
        sms: row.sms,
    }))
}

/// What a person has chosen for the categories that can be chosen.
///
/// # Errors
/// Only faults.
pub async fn preferences(db: &Db, user: UserId) -> Result<Vec<Preference>> {
    let mut all = Vec::new();
    for category in [Category::Payments, Category::News] {
        all.push(preference(db.connection(), user, category).await?);
    }
    Ok(all)
}

/// Chooses the channels of a category.
///
/// # Errors
/// `CATEGORY_FIXED` for security, which can't be muted.
pub async fn prefer(bank: &Bank, user: UserId, wanted: Preference) -> Result<()> {
    if wanted.category == Category::Security {
        return Err(crate::refusal::Code::CategoryFixed.at("category").into());
    }
    let Preference { category, mail, sms } = wanted;
    let row = notification_preference::Model { user_id: user, category, mail, sms };
    use notification_preference::Column;
    notification_preference::Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::UserId, Column::Category])
                .update_columns([Column::Mail, Column::Sms])
                .to_owned(),
        )
        .exec_without_returning(bank.db.connection())
        .await?;
    Ok(())
}

/// One page of a person's inbox, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId, page: Page<NotificationId>) -> Result<Slice<Notification>> {
    let db = bank.db.connection();
    let own = notification::Entity::find().filter(notification::COLUMN.user_id.eq(user));
    let query = page.falling(own, notification::Column::Id);
    let rows = query.all(db).await?;
    let row = person::Entity::find_by_id(user).one(db).await?.ok_or(Fault::Corrupt("a person is missing"))?;
    let locale = Locale::stored(row.language, &row.time_zone);
    let key = user::data_key(bank, db, user).await?;
    Ok(page.slice(rows)?.try_map(|row| read(&key, &locale, &row))?)
}

fn read(key: &DataKey, locale: &Locale, row: &notification::Model) -> Result<Notification, Fault> {
    let content = key.open(CONTENT, row.id.0, &row.content)?;
    let notice: Notice =
        serde_json::from_str(&content).map_err(|_| Fault::Corrupt("a notification can't be read"))?;
    // What a link would carry is not in the inbox.
    let text = text(&notice, &Links::default(), locale, row.created_at);
    Ok(Notification {
        id: row.id,
        category: row.category,
        text,
        created_at: row.created_at,
        read_at: row.read_at,
    })
}

/// Whether a person was told of an event.
pub(crate) async fn is_told(tx: &DatabaseTransaction, user: UserId, event: EventId) -> Result<bool> {
    let told = notification::Entity::find().filter(notification::COLUMN.user_id.eq(user));
    Ok(told.filter(notification::COLUMN.event.eq(event)).one(tx).await?.is_some())
}

/// How many entries of a person's inbox are unread.
///
/// # Errors
/// Only faults.
pub async fn unread(db: &Db, user: UserId) -> Result<u64> {
    let own = notification::Entity::find().filter(notification::COLUMN.user_id.eq(user));
    Ok(own.filter(notification::COLUMN.read_at.is_null()).count(db.connection()).await?)
}

/// Marks entries as read, up to one and with all before it; says how many were not.
///
/// # Errors
/// Only faults.
pub async fn mark_read(bank: &Bank, user: UserId, up_to: NotificationId) -> Result<u64> {
    let read_at = Set(Some(bank.clock.now()));
    let marked = notification::Entity::update_many()
        .set(notification::ActiveModel { read_at, ..Default::default() })
        .filter(notification::COLUMN.user_id.eq(user))
        .filter(notification::COLUMN.read_at.is_null())
        .filter(notification::COLUMN.id.lte(up_to))
        .exec(bank.db.connection())
        .await?;
    Ok(marked.rows_affected)
}
