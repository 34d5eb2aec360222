//! A seeded workload against an independent auditor.
//!
//! The workload hands random commands to the books, wrong ones and repeated ones among them. The
//! auditor keeps its own account of what must follow, from the rules as a person would state them
//! and with none of the ledger's code. `WORKLOAD_SEED=n cargo test workload` replays one seed.

use super::auditor::{Auditor, Known};
use super::books::Balance;
use super::{Books, Claim, Command, Proven};
use crate::account::{AccountState, HOUSE, Purpose};
use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::{AccountId, SessionId, TransactionId, UserId};
use crate::limit::{Limit, Measure, Spent};
use crate::money::{Amount, Currency};
use crate::rail::Outcome;
use crate::refusal::Code;
use crate::step_up::{Consent, Permit};
use crate::transaction::{Draft, Failure, IdempotencyKey, Kind, State};
use crate::{deposit, review, transfer, withdrawal};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

pub(super) const PEOPLE: u64 = 5;
/// Prices have a property test of their own, and conversions their stories.
pub(super) const NO_CONVERSIONS: &str = "everything here is in one currency";
pub(super) const CLEARING: AccountId = AccountId(100);
pub(super) const IN_TRANSIT: AccountId = AccountId(101);
pub(super) const IN_REVIEW: AccountId = AccountId(102);
/// What the first person may send away.
pub(super) const LIMIT: i64 = 20_000;

fn currency() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn person(number: u64) -> UserId {
    UserId(Uuid::from_u128(u128::from(number) + 1))
}

pub(super) fn wallet(number: u64) -> AccountId {
    AccountId(i64::try_from(number).unwrap())
}

/// The last person is frozen from the start.
pub(super) fn open_books() -> Books {
    let account = |owner, purpose, state| Balance {
        owner,
        purpose,
        currency: currency(),
        state,
        amount: 0,
        seq: 0,
        spent: Spent::default(),
        proven: Proven::default(),
    };
    let mut accounts = BTreeMap::new();
    for number in 0..PEOPLE {
        let state = if number + 1 == PEOPLE { AccountState::Frozen } else { AccountState::Open };
        accounts.insert(wallet(number), account(person(number), Purpose::Wallet, state));
    }
    accounts.insert(CLEARING, account(HOUSE, Purpose::BankClearing, AccountState::Open));
    accounts.insert(IN_TRANSIT, account(HOUSE, Purpose::WithdrawalInTransit, AccountState::Open));
    accounts.insert(IN_REVIEW, account(HOUSE, Purpose::InReview, AccountState::Open));
    Books::open(Time::default(), accounts)
}

pub(super) fn draft(rng: &mut StdRng, owner: u64, step: u64) -> (Draft, Command) {
    let kind = [Kind::Transfer, Kind::Deposit, Kind::Withdrawal][rng.random_range(0..3)];
    let other = (owner + rng.random_range(1..PEOPLE)) % PEOPLE;
    let (debit, credit, payer, payee) = match kind {
        Kind::Transfer => (wallet(owner), wallet(other), Some(person(owner)), Some(person(other))),
        Kind::Deposit => (CLEARING, wallet(owner), None, Some(person(owner))),
        Kind::Withdrawal => (wallet(owner), CLEARING, Some(person(owner)), None),
        Kind::Conversion => unreachable!("{NO_CONVERSIONS}"),
    };
    let draft = Draft {
        id: TransactionId(Uuid::from_u128(u128::from(step))),
        kind,
        actor: person(owner),
        // Few keys, so that many are used again.
        key: IdempotencyKey::parse(&rng.random_range(0..step / 2 + 2).to_string()).unwrap(),
        amount: Amount::try_new(rng.random_range(1..500), currency()).unwrap(),
        exchanged: None,
        debit,
        credit,
        payer,
        payee,
        instrument: None,
        note: None,
    };
    let review = rng.random_bool(0.2).then_some(IN_REVIEW);
    let permit =
        Permit { consent: Consent::Given, measure: measure(owner, draft.amount), review, seen: None };
    let command = match kind {
        Kind::Transfer => Command::Transfer(transfer::Create {
            draft: draft.clone(),
            claims: claims(owner, other).to_vec(),
            exchange: None,
            permit,
        }),
        Kind::Deposit => Command::RequestDeposit(deposit::Request { draft: draft.clone() }),
        Kind::Withdrawal => {
            let in_transit = IN_TRANSIT;
            Command::RequestWithdrawal(withdrawal::Request { draft: draft.clone(), in_transit, permit })
        }
        Kind::Conversion => unreachable!("{NO_CONVERSIONS}"),
    };
    (draft, command)
}

/// Everybody pays from its only account, and the first person has a limit that it reaches.
fn measure(owner: u64, amount: Amount) -> Measure {
    Measure { home: wallet(owner), worth: Some(amount.minor()), limit: limit(owner) }
}

fn limit(owner: u64) -> Limit {
    let most = if owner == 0 { LIMIT } else { i64::MAX };
    Limit { once: most, day: most, month: most }
}

fn claims(payer: u64, payee: u64) -> [Claim; 2] {
    let handle = Fingerprint(Uuid::from_u128(u128::from(payee)));
    let session = SessionId(Uuid::from_u128(u128::from(payer)));
    [Claim::Session(session, person(payer)), Claim::Handle(handle, person(payee))]
}

fn conclusion(known: &Known, outcome: Outcome) -> Option<Command> {
    let (transaction, wallet) = (known.draft.id, wallet(known.owner));
    let (clearing, in_transit) = (CLEARING, IN_TRANSIT);
    match known.draft.kind {
        Kind::Transfer | Kind::Conversion => None,
        Kind::Deposit => {
            Some(Command::ConcludeDeposit(deposit::Conclude { transaction, outcome, wallet, clearing }))
        }
        Kind::Withdrawal => Some(Command::ConcludeWithdrawal(withdrawal::Conclude {
            transaction,
            outcome,
            wallet,
            in_transit,
            clearing,
        })),
    }
}

/// What operators say of a payment, whether it waits for them or not.
fn reviewed(known: &Known, released: bool) -> Option<Command> {
    let wallet = wallet(known.owner);
    let onward = match known.draft.kind {
        Kind::Transfer => review::Onward::Payee(known.draft.credit),
        Kind::Withdrawal => review::Onward::Bank(IN_TRANSIT),
        Kind::Deposit | Kind::Conversion => return None,
    };
    let (transaction, onward) = (known.draft.id, released.then_some(onward));
    Some(Command::ConcludeReview(review::Conclude {
        transaction,
        review: IN_REVIEW,
        wallet,
        onward,
        job: None,
    }))
}

/// Whether a payment is to wait for an operator.
fn is_held(command: &Command) -> bool {
    match command {
        Command::Transfer(command) => command.permit.review.is_some(),
        Command::RequestWithdrawal(command) => command.permit.review.is_some(),
        Command::Convert(_)
        | Command::RequestDeposit(_)
        | Command::ConcludeDeposit(_)
        | Command::ConcludeWithdrawal(_)
        | Command::ConcludeReview(_) => false,
    }
}

fn run(seed: u64, steps: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut books, mut auditor) = (open_books(), Auditor::default());
    for step in 1..=steps {
        if rng.random_bool(0.5) || auditor.acts.is_empty() {
            let owner = rng.random_range(0..PEOPLE);
            let (draft, command) = draft(&mut rng, owner, step);
            let expected = auditor.expect_request(&draft, owner, is_held(&command));
            let got = books.decide(&command).map(|done| done.state).map_err(|refusal| refusal.code);
            assert_eq!(got, expected, "seed {seed}, step {step}: {command:?}");
        } else {
            let at = rng.random_range(0..auditor.acts.len());
            let outcomes =
                [Outcome::Accepted, Outcome::Silent, Outcome::Settled, Outcome::Failed(Failure::Declined)];
            let outcome = outcomes[rng.random_range(0..4)];
            if rng.random_bool(0.3) {
                let released = rng.random_bool(0.5);
                if let Some(command) = reviewed(&auditor.acts[at], released) {
                    let expected = auditor.expect_review(at, released);
                    let got = books.decide(&command).map(|done| done.state);
                    assert_eq!(got, Ok(expected), "seed {seed}, step {step}");
                }
            } else if let Some(command) = conclusion(&auditor.acts[at], outcome) {
                let expected = auditor.expect_conclusion(at, outcome);
                assert_eq!(
                    books.decide(&command).map(|done| done.state),
                    Ok(expected),
                    "seed {seed}, step {step}"
                );
            }
        }
        auditor.check(&books, step);
    }
    check_chains(&books);
}

/// Every posting continues its account's chain, and the end of the chain is the balance.
fn check_chains(books: &Books) {
    let mut ends: HashMap<AccountId, (i64, i64)> = HashMap::new();
    for posting in &books.pages.postings {
        let (seq, balance) = ends.entry(posting.account).or_default();
        assert_eq!((posting.seq, posting.balance_after), (*seq + 1, *balance + posting.amount));
        (*seq, *balance) = (posting.seq, posting.balance_after);
    }
    for (id, (seq, balance)) in ends {
        assert_eq!((books.accounts[&id].seq, books.accounts[&id].amount), (seq, balance));
    }
}

#[test]
fn a_million_commands_are_decided_as_the_auditor_says() {
    if let Ok(seed) = std::env::var("WORKLOAD_SEED") {
        return run(seed.parse().unwrap(), 10_000);
    }
    for seed in 0..100 {
        run(seed, 10_000);
    }
}

#[test]
fn no_balance_overflows_and_no_leg_is_half_posted() {
    let mut books = open_books();
    // As much as the accounts can hold, less one.
    books.accounts.get_mut(&wallet(0)).unwrap().amount = i64::MAX - 1;
    books.accounts.get_mut(&CLEARING).unwrap().amount = 1 - i64::MAX;
    let one = Amount::try_new(1, currency()).unwrap();
    let request = |id: u128| Draft {
        id: TransactionId(Uuid::from_u128(id)),
        kind: Kind::Deposit,
        actor: person(0),
        key: IdempotencyKey::parse(&id.to_string()).unwrap(),
        amount: one,
        exchanged: None,
        debit: CLEARING,
        credit: wallet(0),
        payer: None,
        payee: Some(person(0)),
        instrument: None,
        note: None,
    };
    let mut conclude = |id| {
        books.decide(&Command::RequestDeposit(deposit::Request { draft: request(id) })).unwrap();
        let transaction = TransactionId(Uuid::from_u128(id));
        let (wallet, clearing, outcome) = (wallet(0), CLEARING, Outcome::Settled);
        books.decide(&Command::ConcludeDeposit(deposit::Conclude { transaction, outcome, wallet, clearing }))
    };
    assert_eq!(conclude(1).unwrap().state, State::Settled);
    assert_eq!(conclude(2).unwrap_err().code, Code::AccountLimit);
    assert_eq!(books.accounts[&wallet(0)].amount, i64::MAX);
    assert_eq!(books.accounts[&CLEARING].amount, -i64::MAX);
    assert_eq!(books.pages.postings.len(), 2);
}
