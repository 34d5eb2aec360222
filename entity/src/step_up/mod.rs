//! Step-up: which payments the person is asked about again, and which not.
//!
//! Guarantees: money leaves only with an answer that is bound to the payee, amount, currency and key of this
//! payment (Regulation (EU) 2018/389, article 5), or by an exemption: small amounts in a confirmed session
//! (article 16), as long as what left unasked since the last answer, in whatever currencies, is below a total and a
//! count, which are kept in the person's first account and decided with the payment, so that racing payments can't
//! pass together; and payees that the person trusts (article 13). An answer is good for one payment, because a key is. The
//! exemptions are settings, in euros; where no rate is known for a currency there is none, and none for what looks like
//! fraud ([`fraud`]). A program with an API
//! key is not asked, since it can't answer: the person has answered for the key, and set it a limit.
//!
//! Refuses `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `PAYMENTS_AT_ONCE`, and what [`fraud`] and [`limit`] refuse.

mod exemption;

pub(crate) use exemption::Consent;
pub use exemption::Rules;

use crate::account::{self, Named, Purpose};
use crate::api_key;
use crate::bank::Bank;
use crate::challenge::{self, Act, Bound, Challenge};
use crate::error::{Error, Result};
use crate::fraud::{self, Outcome, Outgoing};
use crate::guard;
use crate::id::{AccountId, ChallengeId, UserId};
use crate::ledger::Books;
use crate::limit::{self, Measure, Spent};
use crate::money::{Amount, Currency};
use crate::notification::CodePurpose;
use crate::payee;
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::transaction::{Draft, IdempotencyKey, Transaction};
use crate::user;
use exemption::Allowance;
use uuid::Uuid;

/// How often a payment is looked at, where others of its payer overtake it.
const LOOKS: u32 = 5;

/// A payment, as far as the person is asked about it.
pub(crate) struct Payment {
    pub(crate) payer: Caller,
    pub(crate) amount: Amount,
    /// The account that it leaves, and the payer's first, which keeps the count of what has left.
    pub(crate) from: Named,
    /// The currency that it becomes on its way, if it does.
    pub(crate) arrives: Option<Currency>,
    /// The person or bank account that is paid.
    pub(crate) payee: Uuid,
    /// The person, if it is one.
    pub(crate) person: Option<UserId>,
    /// How the person is told of it.
    pub(crate) shown: String,
    /// The person's name for it.
    pub(crate) key: IdempotencyKey,
    /// A question about it that was answered.
    pub(crate) challenge: Option<ChallengeId>,
}

impl Payment {
    fn outgoing(&self) -> Outgoing {
        let Self { payer, amount, from, payee, person, .. } = *self;
        Outgoing { payer, amount, from: from.id, payee, person }
    }

    fn bound(&self) -> Bound {
        let arrives = self.arrives.map(|currency| format!(" as {currency}")).unwrap_or_default();
        let words =
            format!("payment to {} of {}{arrives} with {}", self.payee, self.amount, self.key.as_str());
        Bound { act: Act::Payment, session: Some(self.payer.session), words }
    }
}

/// What a payment may be made by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    /// Why it may leave.
    pub(crate) consent: Consent,
    /// How it is measured against its payer's limit.
    pub(crate) measure: Measure,
    /// The account in which it waits for an operator, if it does.
    pub(crate) review: Option<AccountId>,
    /// What had left the payer's accounts when it was looked at, if that made a difference.
    pub(crate) seen: Option<Spent>,
}

/// Decides whether a payment may leave: as it was looked at, within its payer's limit, and with the consent that it needs. Says
/// what will have left then, and which account keeps the count.
pub(crate) fn decide(books: &Books, draft: &Draft, permit: Permit) -> Result<(AccountId, Spent), Refusal> {
    if let Some(seen) = permit.seen
        && seen != books.account(permit.measure.home)?.spent
    {
        return Err(Code::PaymentsAtOnce.into());
    }
    let spent = limit::decide(books, permit.measure)?;
    let spent = exemption::decide(books.account(draft.debit)?, draft.amount, permit.consent, spent)?;
    Ok((permit.measure.home, spent))
}

/// What came of a payment.
#[derive(Clone, Debug)]
pub enum Paid {
    /// It is made, or was before, or waits for an operator.
    Done(Transaction),
    /// The person is asked first. With the answer and the same key it can be asked for again.
    Asked(Challenge),
}

/// Makes a payment within its payer's limit, with the consent that there is, or asks for it; or has it wait for an
/// operator. What something else of the payer has overtaken in another process is looked at again.
pub(crate) async fn pay<F: Future<Output = Result<Transaction>>>(
    bank: &Bank,
    payment: Payment,
    submit: impl Fn(Permit) -> F,
) -> Result<Paid> {
    for _ in 1..LOOKS {
        match look_and_pay(bank, &payment, &submit).await {
            Err(Error::Refused(Refusal { code: Code::PaymentsAtOnce, .. })) => {}
            done => return done,
        }
    }
    look_and_pay(bank, &payment, &submit).await
}

async fn look_and_pay<F: Future<Output = Result<Transaction>>>(
    bank: &Bank,
    payment: &Payment,
    submit: impl Fn(Permit) -> F,
) -> Result<Paid> {
    let worth = limit::worth(bank, payment.amount).await?;
    let looked = fraud::screen(bank, &payment.outgoing(), &payment.key, worth).await?;
    let review = match looked.outcome {
        Outcome::Review => Some(account::house(bank, Purpose::InReview, payment.amount.currency()).await?),
        Outcome::Allow | Outcome::Challenge | Outcome::Block => None,
    };
    let submit = async |consent| {
        let permitted = |measure| submit(Permit { consent, measure, review, seen: looked.seen });
        limit::within(bank, payment.payer, (payment.from.home, worth), permitted).await
    };
    // What is only asked about takes no share of what a guarded person may spend.
    let reserve = || guard::reserve(bank, payment.payer, payment.amount, &payment.key);
    if payment.payer.scopes.is_some() {
        reserve().await?;
        return Box::pin(api_key::pay(bank, payment, || submit(Consent::Limited))).await.map(Paid::Done);
    }
    let consent = consent(bank, payment, worth).await?;
    let asks = looked.outcome == Outcome::Challenge && consent != Consent::Given;
    let consent = if asks { Consent::Missing } else { consent };
    if consent != Consent::Missing {
        reserve().await?;
    }
    let first = submit(consent).await;
    let Err(Error::Refused(Refusal { code: Code::ChallengeRequired, .. })) = first else {
        return first.map(Paid::Done);
    };
    if payment.challenge.is_some() {
        return Err(Code::ChallengeInvalid.at("challengeId").into());
    }
    let payer = payment.payer;
    let exempt = payer.confirmed && looked.outcome != Outcome::Challenge;
    if exempt && Box::pin(payee::is_trusted(&bank.db, payer.user, payment.payee)).await? {
        reserve().await?;
        return submit(Consent::Trusted).await.map(Paid::Done);
    }
    Box::pin(ask(bank, payment)).await.map(Paid::Asked)
}

/// Whether the person would be asked about this payment.
pub(crate) async fn would_ask(bank: &Bank, payment: &Outgoing) -> Result<bool> {
    let Outgoing { payer, payee, amount, .. } = *payment;
    if payer.scopes.is_some() {
        return Ok(false);
    }
    if !payer.confirmed || fraud::would_challenge(bank, payment).await? {
        return Ok(true);
    }
    if payee::is_trusted(&bank.db, payer.user, payee).await? {
        return Ok(false);
    }
    let spent = account::spent(&bank.db, payer.user).await?;
    Ok(match small(bank, limit::worth(bank, amount).await?) {
        Consent::Small(worth, allowance) => !exemption::is_small(spent, worth, allowance),
        Consent::Given | Consent::Trusted | Consent::Limited | Consent::Missing => true,
    })
}

/// The consent that needs nobody to be asked, if the payment is not too large by itself.
fn small(bank: &Bank, worth: Option<i64>) -> Consent {
    let allowance = bank.step_up.in_cents();
    let consent = |(worth, allowance): (i64, Allowance)| {
        (worth <= allowance.single).then_some(Consent::Small(worth, allowance))
    };
    worth.zip(allowance).and_then(consent).unwrap_or(Consent::Missing)
}

async fn consent(bank: &Bank, payment: &Payment, worth: Option<i64>) -> Result<Consent> {
    let payer = payment.payer;
    if let Some(id) = payment.challenge {
        let (db, now) = (bank.db.connection(), bank.clock.now());
        if Box::pin(challenge::is_passed(db, payer.user, id, &payment.bound(), now)).await? {
            return Ok(Consent::Given);
        }
    }
    if !payer.confirmed {
        return Ok(Consent::Missing);
    }
    Ok(small(bank, worth))
}

async fn ask(bank: &Bank, payment: &Payment) -> Result<Challenge> {
    challenge::count(bank, payment.payer).await?;
    let tx = bank.db.begin().await?;
    let (row, key) = user::lock(bank, &tx, payment.payer.user).await?;
    let (bound, amount) = (payment.bound(), payment.amount.to_string());
    let purpose = CodePurpose::Payment { payee: payment.shown.clone(), amount };
    let asked = challenge::ask(bank, &tx, &key, &row, bound, purpose).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(asked)
}
