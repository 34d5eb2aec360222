//! The past: what happened in a town, as the rows of a wallet's database, and what other rules would have made of it.
//!
//! Guarantees: the same command that operators have (`replay`) reads the same tables, made by the migrations of the product. The rows
//! are written in bulk; of people there is only what a replay looks at.

use crate::town::{Act, Booked, Town};
use chrono::DateTime;
use entity::clock::Clock;
use entity::fraud::RuleSet;
use entity::keys::Keys;
use entity::{Bank, Db};
use sea_orm::{ConnectionTrait, DbErr};
use std::error::Error;
use std::path::Path;

/// Rows in a statement.
const CHUNK: usize = 2_000;
/// The secret of the house of the past.
const MASTER_KEY: &str = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
/// The account of the house, and that of the first wallet.
const HOUSE: usize = 1;
const FIRST: usize = 2;

/// Judges so many of the town's last transactions by the rules of the house and by others, and prints the difference.
pub(crate) fn replay(town: &Town, rules: &RuleSet, last: u64) -> Result<(), Box<dyn Error>> {
    let place = std::env::temp_dir().join(format!("past-{}", std::process::id()));
    std::fs::create_dir(&place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(report(town, rules, last, &place.join("past.db")));
    std::fs::remove_dir_all(&place)?;
    println!("{}", report?);
    Ok(())
}

async fn report(town: &Town, rules: &RuleSet, last: u64, file: &Path) -> Result<String, Box<dyn Error>> {
    let db = Db::connect(&format!("sqlite://{}", file.display())).await?;
    migration::run(db.connection()).await?;
    eprintln!("{} transactions are written …", town.book.len());
    write(&db, town).await?;
    let bank = Bank::open(db, Keys::load(Some(MASTER_KEY), "")?, Clock::system(), true).await?;
    Ok(api::replay::report(&bank, rules, last).await?)
}

async fn write(db: &Db, town: &Town) -> Result<(), DbErr> {
    let wallets = 0..town.wallets.len();
    let people = wallets.clone().map(|who| {
        let (id, since) = (person(town, who), time(town.wallets[who].since));
        format!("({id}, 'CLOSED', '$argon2id$none', {since}, 'EN', 'UTC', 'past', {since}, {since})")
    });
    let people: Vec<String> = people.collect();
    let columns = "users (id, state, password_hash, password_set_at, language, time_zone, terms_version, terms_accepted_at, created_at)";
    insert(db, columns, &people).await?;
    let banks: Vec<String> = wallets
        .clone()
        .map(|who| {
            let (id, since) = (person(town, who), time(town.wallets[who].since));
            format!("({id}, {id}, 'BANK_ACCOUNT', {id}, x'00', x'00', {since})")
        })
        .collect();
    insert(db, "instruments (id, user_id, kind, fingerprint, iban, holder, created_at)", &banks).await?;
    let mut lines = vec![Line::default(); town.wallets.len() + FIRST];
    let (mut acts, mut postings) = (Vec::new(), Vec::new());
    for (number, booked) in town.book.iter().enumerate() {
        let (id, debit, credit, cents) = act(town, number, booked, &mut acts);
        for (account, amount) in [(debit, -cents), (credit, cents)] {
            let line = &mut lines[account];
            line.seq += 1;
            line.balance += amount;
            postings.push(format!("({account}, {}, {id}, {amount}, {})", line.seq, line.balance));
        }
    }
    let accounts: Vec<String> = (HOUSE..lines.len())
        .map(|account| {
            let (owner, purpose) = match account.checked_sub(FIRST) {
                Some(who) => (person(town, who), "WALLET"),
                None => ("zeroblob(16)".to_owned(), "BANK_CLEARING"),
            };
            let Line { seq, balance } = lines[account];
            format!("({account}, {owner}, '{purpose}', 'EUR', 'OPEN', {balance}, {seq}, {})", time(0))
        })
        .collect();
    insert(db, "accounts (id, owner, purpose, currency, state, balance, seq, opened_at)", &accounts).await?;
    let columns = "transactions (id, kind, state, actor, idempotency_key, currency, amount, debit_account, credit_account, \
        payer, payee, instrument, created_at, updated_at)";
    insert(db, columns, &acts).await?;
    insert(db, "postings (account_id, seq, transaction_id, amount, balance_after)", &postings).await
}

/// How far an account has come.
#[derive(Clone, Copy, Default)]
struct Line {
    seq: i64,
    balance: i64,
}

/// Adds the row of an act; gives its id, which account it leaves, which it goes to, and how much.
fn act(town: &Town, number: usize, booked: &Booked, acts: &mut Vec<String>) -> (String, usize, usize, i64) {
    let (id, none) = (uuid(booked.at, number), || "NULL".to_owned());
    let (kind, actor, debit, credit, cents, payer, payee, instrument) = match booked.act {
        Act::TopUp { who, cents } => {
            let id = person(town, who);
            ("DEPOSIT", id.clone(), HOUSE, who + FIRST, cents, none(), id.clone(), id)
        }
        Act::Pay { from, to, cents } => {
            let (payer, payee) = (person(town, from), person(town, to));
            ("TRANSFER", payer.clone(), from + FIRST, to + FIRST, cents, payer, payee, none())
        }
        Act::Withdraw { who, cents } => {
            let id = person(town, who);
            ("WITHDRAWAL", id.clone(), who + FIRST, HOUSE, cents, id.clone(), none(), id)
        }
    };
    let at = time(booked.at);
    acts.push(format!(
        "({id}, '{kind}', 'SETTLED', {actor}, 'past-{number}', 'EUR', {cents}, {debit}, {credit}, {payer}, {payee}, \
         {instrument}, {at}, {at})"
    ));
    (id, debit, credit, cents)
}

async fn insert(db: &Db, into: &str, rows: &[String]) -> Result<(), DbErr> {
    for rows in rows.chunks(CHUNK) {
        let statement = format!("INSERT INTO {into} VALUES {}", rows.join(", "));
        db.connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// The id of a wallet's owner, which says since when it is one, and of its bank account.
fn person(town: &Town, who: usize) -> String {
    uuid(town.wallets[who].since, who)
}

/// A version 7 UUID (RFC 9562, section 5.7) of a second and a number, as SQLite is told of it.
fn uuid(at: i64, number: usize) -> String {
    let (at, number) = (u128::try_from(at).unwrap_or(0), u128::try_from(number).unwrap_or(0));
    format!("x'{:032x}'", (at * 1_000) << 80 | 0x7 << 76 | 0x8 << 60 | number)
}

/// A moment, as SQLite is told of it.
fn time(at: i64) -> String {
    format!("'{}'", DateTime::from_timestamp(at, 0).unwrap_or_default().to_rfc3339())
}
