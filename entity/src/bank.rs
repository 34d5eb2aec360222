//! The bank: everything that commands and queries need, opened once.

use crate::account::{self, ByName};
use crate::afterwards::Afterwards;
use crate::api_key::ApiKeys;
use crate::bell::Bell;
use crate::breach::Breaches;
use crate::clock::Clock;
use crate::country::Countries;
use crate::db::Db;
use crate::error::{Fault, Result};
use crate::fraud::{self, RuleSet, Screen};
use crate::id::Ids;
use crate::keys::Keys;
use crate::ledger::{Known, Ledger, Writing};
use crate::limit::Limits;
use crate::link::Links;
use crate::monitor::Monitor;
use crate::passkey::RelyingParty;
use crate::password::Passwords;
use crate::rate::Rates;
use crate::replica::Replica;
use crate::sanction::Made;
use crate::session::{self, BySession};
use crate::step_up;
use crate::terms::Terms;
use crate::throttle::{Gate, Memory};
use crate::turnstile::Turnstile;
use crate::user::{self, ByHandle};
use crate::vault::Vault;
use crate::{outbox, rail};
use chrono::Duration;
use rust_decimal::Decimal;
use std::sync::Arc;

/// Histories that are searched at once, on a quarter of the connections, and that wait for it.
const SCANS: usize = 4;
const SCANS_WAITING: usize = 64;

/// People who are remembered: who has a handle, which account is theirs, what is in it. One with several accounts counts
/// several times. Who is not remembered costs two more questions to the database, which take as long as a transfer does.
/// Costs 310 bytes for each who was met, and 400 MB at most, with what is remembered of those who were pushed out.
const PEOPLE: usize = 1_048_576;

/// By how many percent a rate may jump before operators look at it, if nothing else is said.
const RATE_JUMP: i64 = 10;

/// Seconds for which the house stands by a price, if nothing else is said.
const QUOTE_TTL: i64 = 60;

/// Euros that may leave a wallet in the day after its password was reset, if nothing else is said.
const RESET_CAP: i64 = 150;

/// An open bank. Clones share it.
#[derive(Clone, Debug)]
pub struct Bank {
    /// For queries.
    pub db: Db,
    /// What tells the time.
    pub clock: Clock,
    /// Rung when there is something to do later.
    pub bell: Bell,
    /// The secrets of the house.
    pub vault: Vault,
    /// Whether the world outside is simulated.
    pub sandbox: bool,
    /// Whether people may choose security questions.
    pub security_questions: bool,
    /// What is written beside the answers.
    pub afterwards: Afterwards,
    /// Where messages lead.
    pub links: Links,
    /// The terms of use that are in force.
    pub terms: Terms,
    replica: Option<Replica>,
    pub(crate) ids: Ids,
    pub(crate) by_name: ByName,
    pub(crate) by_handle: ByHandle,
    pub(crate) by_session: BySession,
    pub(crate) api_keys: ApiKeys,
    pub(crate) by_job: outbox::ById,
    pub(crate) by_act: rail::ByAct,
    pub(crate) ledger: Ledger,
    pub(crate) passwords: Passwords,
    pub(crate) relying_party: RelyingParty,
    pub(crate) scans: Turnstile,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) rates: Rates,
    /// The index of the sanctions lists.
    pub(crate) sanctions: Made,
    /// What goes on, as operators last saw it.
    pub(crate) monitor: Monitor,
    /// Balances as the ledger last saw them.
    pub(crate) balances: Known,
    /// What looks like fraud.
    pub(crate) fraud_rules: fraud::Rules,
    pub(crate) screen: Screen,
    /// Whether payments are looked at before they are made.
    pub(crate) screening: bool,
    /// Where in the world people are.
    pub(crate) countries: Countries,
    /// What may leave a wallet unasked.
    pub(crate) step_up: step_up::Rules,
    /// What may leave in a day and a month.
    pub(crate) limits: Limits,
    /// By which share a rate may jump.
    pub(crate) rate_jump: Decimal,
    /// How long the house stands by a price.
    pub(crate) quote_ttl: Duration,
    /// What may leave a wallet in the day after its password was reset, in euros.
    pub(crate) reset_cap: Decimal,
}

impl Bank {
    /// Opens the bank on a database that has been migrated. Needs a Tokio runtime: the ledger's
    /// writer starts here and ends with the last clone.
    ///
    /// # Errors
    /// When the database can't be read, or its secrets are sealed with another master key.
    pub async fn open(db: Db, keys: Keys, clock: Clock, sandbox: bool) -> Result<Self> {
        Self::open_with(db, keys, clock, sandbox, Writing::Coalescing).await
    }

    /// The same with another way to write the ledger, for those who measure.
    ///
    /// # Errors
    /// The same.
    pub async fn open_with(
        db: Db,
        keys: Keys,
        clock: Clock,
        sandbox: bool,
        writing: Writing,
    ) -> Result<Self> {
        if !fraud::Score::is_readable() {
            return Err(Fault::Corrupt("the score of the house").into());
        }
        let (bell, known) = (Bell::new(), Known::new(PEOPLE));
        let vault = Vault::open(&db, keys, clock.now()).await?;
        Ok(Self {
            ledger: Ledger::start(db.clone(), clock.clone(), bell.clone(), known.clone(), writing),
            by_name: account::by_name(db.clone(), known.clone(), PEOPLE),
            balances: known,
            by_handle: user::by_handle(db.clone(), PEOPLE),
            by_session: session::by_session(db.clone()),
            api_keys: ApiKeys::start(db.clone(), vault.clone()),
            by_job: outbox::by_id(db.clone()),
            by_act: rail::by_act(db.clone(), vault.clone()),
            security_questions: false,
            afterwards: Afterwards::new(),
            links: Links::default(),
            terms: Terms::default(),
            replica: None,
            ids: Ids::default(),
            passwords: Passwords::new(),
            relying_party: RelyingParty::local()?,
            scans: Turnstile::new(SCANS, SCANS_WAITING),
            gate: Arc::new(Memory::default()),
            rates: Rates::default(),
            sanctions: Made::default(),
            monitor: Monitor::default(),
            fraud_rules: fraud::Rules::new(Arc::new(
                RuleSet::built_in().map_err(|_| Fault::Corrupt("the rules of the house"))?,
            )),
            screen: Screen::start(db.clone()),
            screening: true,
            countries: Countries::default(),
            step_up: step_up::Rules::default(),
            limits: Limits::default(),
            rate_jump: Decimal::new(RATE_JUMP, 2),
            quote_ttl: Duration::seconds(QUOTE_TTL),
            reset_cap: Decimal::from(RESET_CAP),
            db,
            clock,
            bell,
            vault,
            sandbox,
        })
    }

    /// The same with a replica to read from.
    #[must_use]
    pub fn with_replica(self, replica: Replica) -> Self {
        Self { replica: Some(replica), ..self }
    }

    /// The same with a gate that other processes share.
    #[must_use]
    pub fn with_gate(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate, ..self }
    }

    /// The same for passkeys of a web origin; else they are those of this machine.
    #[must_use]
    pub fn with_relying_party(self, relying_party: RelyingParty) -> Self {
        Self { relying_party, ..self }
    }

    /// The same with other rules of what may leave unasked.
    #[must_use]
    pub fn with_step_up(self, rules: step_up::Rules) -> Self {
        Self { step_up: rules, ..self }
    }

    /// The same where payments are looked at before they are made, or are not.
    #[must_use]
    pub fn with_screening(self, screening: bool) -> Self {
        Self { screening, ..self }
    }

    /// The same where the house begins with other rules of what looks like fraud.
    #[must_use]
    pub fn with_fraud_rules(self, fraud_rules: Arc<RuleSet>) -> Self {
        Self { fraud_rules: fraud::Rules::new(fraud_rules), ..self }
    }

    /// The same that knows countries of addresses.
    #[must_use]
    pub fn with_countries(self, countries: Countries) -> Self {
        Self { countries, ..self }
    }

    /// The same where a rate may jump by this share before operators look at it.
    #[must_use]
    pub fn with_rate_jump(self, rate_jump: Decimal) -> Self {
        Self { rate_jump, ..self }
    }

    /// The same where the house stands by a price for so long.
    #[must_use]
    pub fn with_quote_ttl(self, quote_ttl: Duration) -> Self {
        Self { quote_ttl, ..self }
    }

    /// The same with other limits of the levels.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same where people may choose security questions, or may not.
    #[must_use]
    pub fn with_security_questions(self, security_questions: bool) -> Self {
        Self { security_questions, ..self }
    }

    /// The same where passwords that were found in breaches are refused.
    #[must_use]
    pub fn with_breaches(self, breaches: Breaches) -> Self {
        Self { passwords: self.passwords.with_breaches(breaches), ..self }
    }

    /// The same with links in messages.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// The same where so many euros may leave a wallet in the day after its password was reset.
    #[must_use]
    pub fn with_reset_cap(self, reset_cap: Decimal) -> Self {
        Self { reset_cap, ..self }
    }

    /// The same with other terms of use.
    #[must_use]
    pub fn with_terms(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// The bank for a request that only reads: on the replica, where it shows all that was committed
    /// before now. None, where the primary has to be read.
    pub async fn reading(&self) -> Option<Self> {
        let db = self.replica.as_ref()?.caught_up().await?.clone();
        Some(Self { db, ..self.clone() })
    }
}
