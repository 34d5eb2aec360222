//! Messages: what is sent to a handle, by mail or SMS.
//!
//! Guarantees: there is one message for each event, channel and recipient. It is written with its cause,
//! sent by a worker later, and what it says is forgotten when it was sent. Should a worker die between
//! sending and recording it, the message is sent again under the same id, by which the other side can
//! tell. What has become useless (a code that has expired) is not sent.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::handle::{Handle, HandleKind};
use crate::id::{EventId, JobId, MessageId};
use crate::language::Locale;
use crate::notification::{Notice, Text, text};
use crate::outbox::{self, Job};
use crate::seal::Place;
use crate::table::message;
use chrono::Duration;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, QueryFilter, TryInsertResult,
};
use serde::{Deserialize, Serialize};

/// By which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// E-mail.
    Mail,
    /// A text message to a phone.
    Sms,
}

impl From<HandleKind> for Channel {
    fn from(kind: HandleKind) -> Self {
        match kind {
            HandleKind::Email => Self::Mail,
            HandleKind::Phone => Self::Sms,
        }
    }
}

/// What is told, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) notice: Notice,
    pub(crate) locale: Locale,
    /// The person's own words, by which it knows that it is us.
    pub(crate) phrase: Option<String>,
    /// When it happened.
    pub(crate) at: Time,
    /// After which it is of no use.
    pub(crate) until: Option<Time>,
}

/// What is sealed of a message.
#[derive(Serialize, Deserialize)]
struct Content {
    to: String,
    letter: Letter,
}

/// A message that is to be sent now.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its id: the same, however often it is sent.
    pub id: MessageId,
    /// To whom.
    pub to: Handle,
    /// By which way.
    pub channel: Channel,
    /// What it says.
    pub text: Text,
}

const CONTENT: &str = "messages.content";

/// Has a letter sent, once for this event and handle; the bell is rung by whoever commits.
pub(crate) async fn put(
    bank: &Bank,
    tx: &DatabaseTransaction,
    event: EventId,
    to: &Handle,
    letter: Letter,
) -> Result<()> {
    let now = bank.clock.now();
    let id = MessageId(bank.ids.next(now));
    let content = Content { to: to.as_str().to_owned(), letter };
    let content = serde_json::to_string(&content).unwrap_or_default();
    let row = message::Model {
        id,
        event,
        channel: to.kind().into(),
        recipient: bank.vault.fingerprint(to),
        content: Some(bank.vault.house().seal_text(Place(CONTENT, id.0), &content)?),
        created_at: now,
        sent_at: None,
    };
    let inserted = message::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    if let TryInsertResult::Inserted(1..) = inserted {
        outbox::put(tx, Job::SendMessage { message: id }, now).await?;
    }
    Ok(())
}

/// The message of a job; none, if it was sent or is of no use any more.
///
/// # Errors
/// Only faults.
pub async fn find(bank: &Bank, id: MessageId) -> Result<Option<Outgoing>> {
    let Some(row) = message::Entity::find_by_id(id).one(bank.db.connection()).await? else {
        return Ok(None);
    };
    let Some(sealed) = row.content else {
        return Ok(None);
    };
    let content = bank.vault.house().open_text(Place(CONTENT, id.0), &sealed)?;
    let Content { to, letter } =
        serde_json::from_str(&content).map_err(|_| Fault::Corrupt("a message can't be read"))?;
    if letter.until.is_some_and(|until| until <= bank.clock.now()) {
        return Ok(None);
    }
    let kind = match row.channel {
        Channel::Mail => HandleKind::Email,
        Channel::Sms => HandleKind::Phone,
    };
    let text = text(&letter.notice, &bank.links, &letter.locale, letter.at)
        .with_phrase(letter.phrase.as_deref(), letter.locale.language);
    Ok(Some(Outgoing { id, to: Handle::stored(kind, to), channel: row.channel, text }))
}

/// Records that a message was sent, or will never be, and ends its job.
///
/// # Errors
/// Only faults.
pub async fn finish(bank: &Bank, job: JobId, id: MessageId) -> Result<()> {
    let tx = bank.db.begin().await?;
    let now = bank.clock.now();
    message::Entity::update_many()
        .set(message::ActiveModel { content: Set(None), sent_at: Set(Some(now)), ..Default::default() })
        .filter(message::COLUMN.id.eq(id))
        .exec(&tx)
        .await?;
    outbox::done(&tx, job).await?;
    Ok(tx.commit().await?)
}

/// Forgets messages that were sent a month ago.
///
/// # Errors
/// Only faults.
pub async fn forget_sent(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(30);
    let old = message::Entity::delete_many().filter(message::Column::SentAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
