//! What happened to a person's sign-in, for the person to read.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::{GlobalId, Named};
use crate::page::{Pages, connection, cost};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::page::Page;
use entity::security_event;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "security_event::SecurityEventKind")]
pub(crate) enum SecurityEventKind {
    /// The wallet was opened.
    SignedUp,
    /// Somebody signed in.
    SignedIn,
    /// Somebody tried a wrong password or passkey.
    SignInFailed,
    /// Too many wrong passwords: for a while nobody can try another.
    SignInsStopped,
    /// The person signed out.
    SignedOut,
    /// The person ended a session.
    SessionRevoked,
    /// A refresh token was used twice, so its session was ended.
    TokenReused,
    /// Somebody said of a sign-in that it was not theirs: all sessions were ended.
    ReportedNotMe,
    /// The password was changed.
    PasswordChanged,
    /// A handle was added.
    HandleAdded,
    /// A handle was removed.
    HandleRemoved,
    /// Another handle is the primary one.
    PrimaryHandleChanged,
    /// An authenticator app is asked for from now on.
    TotpEnabled,
    /// No authenticator app is asked for any more.
    TotpDisabled,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused because its counter went back: there may be a copy of it.
    PasskeyCopied,
    /// There are new recovery codes.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A forgotten password was replaced.
    PasswordReset,
    /// The person has locked its wallet.
    Locked,
    /// The person has unlocked its wallet.
    Unlocked,
    /// The wallet was closed, and its person forgotten.
    Closed,
    /// A payee is trusted from now on.
    PayeeTrusted,
    /// The person is known better.
    LevelRaised,
    /// The person is not known better.
    LevelRefused,
    /// Somebody says to have lost the handles of the wallet.
    RecoveryOpened,
    /// In three days the wallet has another handle.
    RecoveryApproved,
    /// The wallet keeps its handles.
    RecoveryCancelled,
    /// The wallet has another handle in place of one that was lost.
    WalletRecovered,
    /// A program may act for the person with a key from now on.
    ApiKeyCreated,
    /// The person ended a key.
    ApiKeyRevoked,
    /// A question was answered wrongly.
    ChallengeFailed,
    /// There are other security questions, or none any more.
    SecurityQuestionsChanged,
}

/// An entry of the security log. Each carries the hash of all before it.
#[derive(SimpleObject)]
pub(crate) struct SecurityEvent {
    /// The id of the entry in this log.
    id: ID,
    /// Its number in the person's log, from 1, without a gap.
    number: i64,
    /// What happened.
    kind: SecurityEventKind,
    /// From which address.
    address: String,
    /// How the client's program called itself.
    agent: String,
    /// When.
    at: DateTime<Utc>,
    /// SHA-256 of this entry and all before it, in hexadecimal digits.
    hash: String,
}

impl From<security_event::SecurityEvent> for SecurityEvent {
    fn from(event: security_event::SecurityEvent) -> Self {
        Self {
            id: GlobalId::SecurityEvent(event.seq).to_id(),
            number: event.seq,
            kind: event.kind.into(),
            address: event.address,
            agent: event.agent,
            at: event.at,
            hash: event.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

#[derive(Default)]
pub(crate) struct SecurityEventQuery;

#[Object]
impl SecurityEventQuery {
    /// The security log of the person who asks, newest first. Nothing in it is ever changed or removed.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn security_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<SecurityEvent>> {
        let user = caller(context)?.user;
        let (after, before) = (i64::from_cursor(after, "after")?, i64::from_cursor(before, "before")?);
        let page = Page::parse(first, last, after, before)?;
        let slice = security_event::list(bank(context)?, user, page).await?;
        Ok(connection(slice.map(|event| (event.seq.to_cursor(), SecurityEvent::from(event)))))
    }
}
