//! Global ids (Relay): opaque to clients; inside, the kind of thing and its name.

use crate::error::ApiResult;
use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use entity::id::{
    AlertId, AlertRuleId, ApiKeyId, ApplicationId, CeremonyId, ChallengeId, DisputeId, InstrumentId, JobId,
    NotificationId, OperatorId, OrderId, PasskeyId, ProposalId, QuoteId, RateAlertId, RecoveryId,
    SanctionHitId, SessionId, SheetId, TransactionId, UserId, VerificationId,
};
use entity::money::Currency;
use entity::refusal::{Code, Refusal};
use uuid::Uuid;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GlobalId {
    /// A person.
    User(UserId),
    /// A person's account in a currency.
    Account(UserId, Currency),
    /// A transaction.
    Transaction(TransactionId),
    /// A linked bank account.
    Instrument(InstrumentId),
    /// A code that was sent to a handle.
    Verification(VerificationId),
    /// A question before an act.
    Challenge(ChallengeId),
    /// A passkey.
    Passkey(PasskeyId),
    /// A registration of a passkey, or a sign-in with one.
    Ceremony(CeremonyId),
    /// A session.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// An entry of an inbox.
    Notification(NotificationId),
    /// An entry of a security log, by its number.
    SecurityEvent(i64),
    /// A job of the outbox.
    Job(JobId),
    /// Somebody who runs the wallet.
    Operator(OperatorId),
    /// What one operator proposes and another decides.
    Proposal(ProposalId),
    /// What a person applies with to be known better.
    Application(ApplicationId),
    /// A wallet whose handle is lost.
    Recovery(RecoveryId),
    /// A price that the house stands by.
    Quote(QuoteId),
    /// A conversion that waits for a rate.
    Order(OrderId),
    /// A rate that somebody waits for.
    RateAlert(RateAlertId),
    /// What a person wants to be told of.
    AlertRule(AlertRuleId),
    /// What a source of rates said at one time.
    Sheet(SheetId),
    /// What operators have to know.
    Alert(AlertId),
    /// A payment that was reported.
    Dispute(DisputeId),
    /// A person whose name is like one on a sanctions list.
    SanctionHit(SanctionHitId),
}

impl GlobalId {
    /// Reads an id of any kind.
    pub(crate) fn parse(id: &ID) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(id.as_bytes()).ok()?).ok()?;
        let mut parts = text.split(':');
        let (kind, name, currency) = (parts.next()?, parts.next()?, parts.next());
        if let ("security-event", None) = (kind, currency) {
            return name.parse().ok().map(Self::SecurityEvent);
        }
        let name = Uuid::try_parse(name).ok()?;
        match (kind, currency) {
            ("user", None) => Some(Self::User(UserId(name))),
            ("account", Some(code)) => Some(Self::Account(UserId(name), Currency::parse(code).ok()?)),
            ("transaction", None) => Some(Self::Transaction(TransactionId(name))),
            ("instrument", None) => Some(Self::Instrument(InstrumentId(name))),
            ("verification", None) => Some(Self::Verification(VerificationId(name))),
            ("challenge", None) => Some(Self::Challenge(ChallengeId(name))),
            ("passkey", None) => Some(Self::Passkey(PasskeyId(name))),
            ("ceremony", None) => Some(Self::Ceremony(CeremonyId(name))),
            ("session", None) => Some(Self::Session(SessionId(name))),
            ("api-key", None) => Some(Self::ApiKey(ApiKeyId(name))),
            ("notification", None) => Some(Self::Notification(NotificationId(name))),
            ("job", None) => Some(Self::Job(JobId(name))),
            ("operator", None) => Some(Self::Operator(OperatorId(name))),
            ("proposal", None) => Some(Self::Proposal(ProposalId(name))),
            ("application", None) => Some(Self::Application(ApplicationId(name))),
            ("recovery", None) => Some(Self::Recovery(RecoveryId(name))),
            ("quote", None) => Some(Self::Quote(QuoteId(name))),
            ("order", None) => Some(Self::Order(OrderId(name))),
            ("rate-alert", None) => Some(Self::RateAlert(RateAlertId(name))),
            ("alert-rule", None) => Some(Self::AlertRule(AlertRuleId(name))),
            ("sheet", None) => Some(Self::Sheet(SheetId(name))),
            ("alert", None) => Some(Self::Alert(AlertId(name))),
            ("dispute", None) => Some(Self::Dispute(DisputeId(name))),
            ("sanction-hit", None) => Some(Self::SanctionHit(SanctionHitId(name))),
            _ => None,
        }
    }

    /// As a client gets it.
    pub(crate) fn to_id(self) -> ID {
        ID(self.encode())
    }

    fn encode(self) -> String {
        BASE64.encode(match self {
            Self::User(id) => format!("user:{id}"),
            Self::Account(owner, currency) => format!("account:{owner}:{currency}"),
            Self::Transaction(id) => format!("transaction:{id}"),
            Self::Instrument(id) => format!("instrument:{id}"),
            Self::Verification(id) => format!("verification:{id}"),
            Self::Challenge(id) => format!("challenge:{id}"),
            Self::Passkey(id) => format!("passkey:{id}"),
            Self::Ceremony(id) => format!("ceremony:{id}"),
            Self::Session(id) => format!("session:{id}"),
            Self::ApiKey(id) => format!("api-key:{id}"),
            Self::Notification(id) => format!("notification:{id}"),
            Self::SecurityEvent(seq) => format!("security-event:{seq}"),
            Self::Job(id) => format!("job:{id}"),
            Self::Operator(id) => format!("operator:{id}"),
            Self::Proposal(id) => format!("proposal:{id}"),
            Self::Application(id) => format!("application:{id}"),
            Self::Recovery(id) => format!("recovery:{id}"),
            Self::Quote(id) => format!("quote:{id}"),
            Self::Order(id) => format!("order:{id}"),
            Self::RateAlert(id) => format!("rate-alert:{id}"),
            Self::AlertRule(id) => format!("alert-rule:{id}"),
            Self::Sheet(id) => format!("sheet:{id}"),
            Self::Alert(id) => format!("alert:{id}"),
            Self::Dispute(id) => format!("dispute:{id}"),
            Self::SanctionHit(id) => format!("sanction-hit:{id}"),
        })
    }
}

/// A kind of id that an input can ask for.
pub(crate) trait Named: Sized {
    /// The id inside, if it is of this kind.
    fn from_global(id: GlobalId) -> Option<Self>;
    /// The global id of it.
    fn to_global(&self) -> GlobalId;

    /// Reads an id from an input field.
    fn parse(id: &ID, field: &'static str) -> ApiResult<Self> {
        let parsed = GlobalId::parse(id).and_then(Self::from_global);
        Ok(parsed.ok_or(Code::IdMalformed.at(field))?)
    }

    /// A place in a list.
    fn to_cursor(&self) -> String {
        self.to_global().encode()
    }

    /// Reads a place in a list.
    fn from_cursor(cursor: Option<String>, field: &'static str) -> Result<Option<Self>, Refusal> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let parsed = GlobalId::parse(&ID(cursor)).and_then(Self::from_global);
        parsed.map(Some).ok_or(Code::CursorInvalid.at(field))
    }
}

macro_rules! named {
    ($($kind:ident($name:ty)),+ $(,)?) => {$(
        impl Named for $name {
            fn from_global(id: GlobalId) -> Option<Self> {
                match id {
                    GlobalId::$kind(id) => Some(id),
                    _ => None,
                }
            }

            fn to_global(&self) -> GlobalId {
                GlobalId::$kind(*self)
            }
        }
    )+};
}

named!(
    Passkey(PasskeyId),
    Ceremony(CeremonyId),
    User(UserId),
    Transaction(TransactionId),
    Instrument(InstrumentId),
    Verification(VerificationId),
    Challenge(ChallengeId),
    Session(SessionId),
    ApiKey(ApiKeyId),
    Notification(NotificationId),
    SecurityEvent(i64),
    Job(JobId),
    Operator(OperatorId),
    Proposal(ProposalId),
    Application(ApplicationId),
    Recovery(RecoveryId),
    Quote(QuoteId),
    Order(OrderId),
    RateAlert(RateAlertId),
    AlertRule(AlertRuleId),
    Sheet(SheetId),
    Alert(AlertId),
    Dispute(DisputeId),
    SanctionHit(SanctionHitId),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_what_it_names_and_as_nothing_else() {
        let uuid = Uuid::from_u128(7);
        let ids = [
            GlobalId::User(UserId(uuid)),
            GlobalId::Account(UserId(uuid), Currency::parse("EUR").unwrap()),
            GlobalId::Transaction(TransactionId(uuid)),
            GlobalId::Instrument(InstrumentId(uuid)),
        ];
        for id in ids {
            assert_eq!(GlobalId::parse(&id.to_id()), Some(id));
            assert_eq!(TransactionId::from_global(id).is_some(), id == ids[2]);
        }
        for text in ["", "transaction:1", "AAAA", "💶", &"A".repeat(10_000)] {
            assert_eq!(GlobalId::parse(&ID(text.to_owned())), None);
        }
    }
}
