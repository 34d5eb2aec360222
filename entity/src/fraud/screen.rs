//! The screen: looks at a payment before the money moves.
//!
//! Guarantees: the strictest rule that fires decides. CHALLENGE asks the payer, whatever exemption there is; REVIEW lets
//! the money wait for an operator ([`review`](crate::review)); BLOCK refuses. A program with an API key can't be asked, so
//! that what would be asked of it waits. What fired is kept before the payment is made, with the signals.
//! What was done before under the same key is answered again, whatever is thought of it now.
//!
//! Rules are asked twice: first of what the payment alone says, such as how much it is and how old both wallets are. Most
//! payments could then make no rule fire, whatever else is known of their people, and go on without a question to the database.
//!
//! Profiles are as of when the [watch](super::watch) last came by, and with what has [moved](super::recent) since. Payments of one
//! payer are looked at and made one after the other, so that each sees those before. For those that come to other processes in the
//! same moment the ledger makes sure: what had left the payer's accounts as of the look has to be what has left when the
//! money moves, or it is looked at again. What others pay to the same payee at the same moment is not waited for.
//!
//! Where nothing can be known within [`PATIENCE`], payments worth up to [`BLIND`] pass and larger ones are refused.
//! Refuses `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`. Costs some microseconds for the rules; where one could fire some questions
//! about both sides, gathered with those of other payments; a row where one does.

use super::kept::{Judged, keep};
use super::known::{begun, since};
use super::moved::worth;
use super::profile::other;
use super::recent::{Place, Turn};
use super::rule::Outcome;
use super::signal::{self, Signals};
use super::verdict::judge;
use super::version::Version;
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::id::{AccountId, UserId};
use crate::limit::{self, Spent};
use crate::money::Amount;
use crate::refusal::Code;
use crate::session::Caller;
use crate::table::account;
use crate::transaction::{IdempotencyKey, is_done};
use sea_orm::EntityTrait;
use std::time::Duration;
use uuid::Uuid;

/// How long a payment waits for what is known.
const PATIENCE: Duration = Duration::from_secs(2);
/// What may be paid, in cents of euros, where nothing can be known.
const BLIND: i64 = 10_000;

/// Money that is to leave, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    pub(crate) payer: Caller,
    pub(crate) amount: Amount,
    /// The account that it leaves.
    pub(crate) from: AccountId,
    /// The person or bank account that is paid.
    pub(crate) payee: Uuid,
    /// The person, if it is one.
    pub(crate) person: Option<UserId>,
}

/// What came of a look at a payment.
#[derive(Debug)]
pub(crate) struct Looked {
    /// ALLOW, CHALLENGE or REVIEW.
    pub(crate) outcome: Outcome,
    /// What had left the payer's accounts, where that made a difference.
    pub(crate) seen: Option<Spent>,
    /// To be kept until it is made.
    _turn: Turn,
}

/// What is to be done about a payment that is worth so much, in cents of euros.
///
/// # Errors
/// `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`.
pub(crate) async fn screen(
    bank: &Bank,
    payment: &Outgoing,
    key: &IdempotencyKey,
    cents: Option<i64>,
) -> Result<Looked> {
    let allow = Looked { outcome: Outcome::Allow, seen: None, _turn: None };
    if !bank.screening {
        return Ok(allow);
    }
    let version = bank.fraud_rules.in_force(bank).await;
    match looked_at(bank, payment, &version, cents) {
        Some(looked_at) => Box::pin(look(bank, payment, key, (&version, cents, looked_at))).await,
        None => Ok(allow),
    }
}

/// Looks at a payment about which some rule could have something to say.
async fn look(
    bank: &Bank,
    payment: &Outgoing,
    key: &IdempotencyKey,
    (version, cents, looked_at): (&Version, Option<i64>, signal::Payment),
) -> Result<Looked> {
    let allow = Looked { outcome: Outcome::Allow, seen: None, _turn: None };
    let turn = bank.screen.turn(payment.payer.user).await;
    let (signals, seen) = match tokio::time::timeout(PATIENCE, signals(bank, payment, looked_at)).await {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => return Ok(Looked { outcome: blind(cents, Some(&error))?, _turn: turn, ..allow }),
        Err(_) => return Ok(Looked { outcome: blind(cents, None)?, _turn: turn, ..allow }),
    };
    let verdict = judge(&version.rules, &signals);
    let (payer, db) = (payment.payer, bank.db.connection());
    if verdict.fired.is_empty() || is_done(db, payer.user, key).await? {
        return Ok(Looked { seen, _turn: turn, ..allow });
    }
    let (outcome, key) = (verdict.outcome, key.as_str().to_owned());
    let judged = Judged { payer: payer.user, key, moved: false, version: version.number, verdict, signals };
    keep(db, bank.clock.now(), &[judged]).await?;
    let outcome = match outcome {
        Outcome::Block => return Err(Code::PaymentBlocked.into()),
        Outcome::Challenge if payer.scopes.is_some() => Outcome::Review,
        outcome @ (Outcome::Allow | Outcome::Challenge | Outcome::Review) => outcome,
    };
    Ok(Looked { outcome, seen, _turn: turn })
}

/// Nothing is known: what is small passes.
fn blind(cents: Option<i64>, error: Option<&Error>) -> Result<Outcome> {
    tracing::error!(?error, "a payment can't be screened");
    if cents.is_some_and(|cents| cents <= BLIND) {
        Ok(Outcome::Allow)
    } else {
        Err(Code::ScreeningUnavailable.into())
    }
}

/// The payment, as far as it is known without a question; none, where that alone lets no rule fire.
fn looked_at(
    bank: &Bank,
    payment: &Outgoing,
    version: &Version,
    cents: Option<i64>,
) -> Option<signal::Payment> {
    let looked_at = signal::Payment {
        at: bank.clock.now().timestamp(),
        cents: cents.unwrap_or(0),
        leaves: payment.person.is_none(),
        payee: other(payment.payee),
        payer_since: since(payment.payer.user),
        payee_since: payment.person.map(since),
        balance_before: 0,
        session_since: begun(payment.payer.session.0),
        device_since: None,
        country_since: None,
    };
    (!version.rules.is_silent(&looked_at.signals())).then_some(looked_at)
}

/// Whether the payer would be asked about a payment because of what the rules say; nothing is kept.
pub(crate) async fn would_challenge(bank: &Bank, payment: &Outgoing) -> Result<bool> {
    if !bank.screening {
        return Ok(false);
    }
    let cents = limit::worth(bank, payment.amount).await?;
    let version = bank.fraud_rules.in_force(bank).await;
    let Some(looked_at) = looked_at(bank, payment, &version, cents) else { return Ok(false) };
    let (signals, _) = signals(bank, payment, looked_at).await?;
    Ok(judge(&version.rules, &signals).outcome == Outcome::Challenge)
}

/// What rules are asked about, and what had left the payer's accounts.
async fn signals(
    bank: &Bank,
    payment: &Outgoing,
    looked_at: signal::Payment,
) -> Result<(Signals, Option<Spent>)> {
    let (screen, payer) = (&bank.screen, payment.payer);
    let payee = async {
        match payment.person {
            Some(person) => screen.profile(bank, person).await.map(|(profile, _)| Some(profile)),
            None => Ok(None),
        }
    };
    let place = async {
        match payer.scopes {
            Some(_) => Ok(Place::default()),
            None => screen.place(payer.session).await,
        }
    };
    let ((known, spent), payee, place, balance_before) =
        tokio::try_join!(screen.profile(bank, payer.user), payee, place, balance(bank, payment))?;
    let Place { device_since, country_since } = place;
    // It may have waited for its turn meanwhile.
    let at = bank.clock.now().timestamp();
    let looked_at = signal::Payment { at, balance_before, device_since, country_since, ..looked_at };
    Ok((Signals::of(&looked_at, &known, payee.as_ref()), spent))
}

/// What is in the account, in cents of euros: as this process remembers it, or as it is.
async fn balance(bank: &Bank, payment: &Outgoing) -> Result<i64> {
    let minor = match bank.balances.of(&[payment.from].into()).remove(&payment.from) {
        Some(balance) => balance.amount,
        None => {
            let row = account::Entity::find_by_id(payment.from).one(bank.db.connection()).await?;
            row.map_or(0, |row| row.balance)
        }
    };
    worth(bank, minor, payment.amount.currency()).await
}
