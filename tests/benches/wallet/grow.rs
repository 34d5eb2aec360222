//! A database that has grown: many accounts with a long past, made in bulk.
//!
//! Everybody tops up once ([`people`]). Then, in rounds, each pays another by one cent, the other a
//! place further in each round; among these transfers, evenly, are those that all make in turn to one
//! merchant, who has a tenth of all postings. So the number of each transfer says who pays whom, and
//! how many each of them has made and got before: every chunk is one statement that reads nothing.
//!
//! Guarantees: the audit finds nothing wrong with it. The ids rise with the numbers, and are older than
//! any that a clock makes. One that was interrupted is to be dropped.

use crate::people::{self, OPENING};
use entity::Db;
use entity::history::Place;
use entity::id::AccountId;
use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

/// Transfers in a statement.
const CHUNK: usize = 50_000;

/// How large it is to be.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Size {
    /// Accounts of people
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) accounts: usize,
    /// Postings in all
    #[arg(long, default_value_t = 10_000_000)]
    pub(crate) postings: usize,
}

/// What is in it, as numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// People, the merchant included: person 0.
    pub(crate) accounts: usize,
    /// All transfers.
    transfers: usize,
    /// Those to the merchant.
    pub(crate) to_merchant: usize,
}

impl Shape {
    /// The shape that a size leads to.
    ///
    /// # Errors
    /// What can't be done.
    pub(crate) fn of(size: Size) -> Result<Self, String> {
        let Size { accounts, postings } = size;
        let transfers = postings.saturating_sub(accounts * 2) / 2;
        let least = (postings / 10).saturating_sub(1);
        if accounts < 3 || transfers <= least {
            return Err("a grown database needs three accounts, and three postings for each".to_owned());
        }
        // Whole rounds, so that everybody has as many; what is left goes to the merchant.
        let between = (transfers - least) / (accounts - 1) * (accounts - 1);
        if between / (accounts - 1) >= accounts - 1 {
            return Err("a grown database needs more accounts for so many postings".to_owned());
        }
        Ok(Self { accounts, transfers, to_merchant: transfers - between })
    }

    /// The place in the merchant's history of the transfer that came after so many others.
    pub(crate) fn merchants(&self, before: usize) -> Place {
        // The house has account 1, the merchant 2; its first posting is the opening.
        Place::of_posting(AccountId(2), i64::try_from(before + 2).unwrap_or(i64::MAX))
    }

    /// Those who pay.
    fn payers(&self) -> usize {
        self.accounts - 1
    }

    /// How many postings a payer has, and its balance, after so many transfers `between` payers and so
    /// many `to_merchant`; all three are SQL, a payer is its number from 0.
    fn standing(&self, payer: &str, between: &str, to_merchant: &str) -> (String, String) {
        let n = self.payers();
        let paid = format!("(({between}) + {n} - 1 - ({payer})) / {n}");
        let before = format!("((({payer}) - ({between}) / {n} - 1) % {n} + {n}) % {n}");
        let got = format!("(({between}) / {n} + CASE WHEN {before} < ({between}) % {n} THEN 1 ELSE 0 END)");
        let spent = format!("(({to_merchant}) + {n} - 1 - ({payer})) / {n}");
        (format!("(1 + {paid} + {got} + {spent})"), format!("({OPENING} - {paid} + {got} - {spent})"))
    }

    /// Makes the transfers from one number to another.
    fn chunk(&self, from: usize, to: usize) -> String {
        let (n, all, merchant) = (self.payers(), self.transfers, self.to_merchant);
        let (payer_seq, payer_balance) = self.standing("payer", "u", "j");
        let (payee_seq, payee_balance) = self.standing("payee", "u", "j");
        let user =
            |number: &str| format!("('00000000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid");
        // Person i has account i + 2, the house account 1.
        format!(
            "WITH numbered AS (SELECT t, t * {merchant} / {all} AS j, t - t * {merchant} / {all} AS u, \
                (t + 1) * {merchant} / {all} > t * {merchant} / {all} AS big \
                FROM generate_series({from}::bigint, {to}) AS t), \
            acts AS (SELECT t, j, u, big, CASE WHEN big THEN j % {n} ELSE u % {n} END AS payer, \
                CASE WHEN big THEN -1 ELSE (u % {n} + u / {n} + 1) % {n} END AS payee, \
                ('00000000-0000-7000-b000-' || lpad(to_hex(t), 12, '0'))::uuid AS id FROM numbered), \
            made AS (INSERT INTO transactions (id, kind, state, actor, idempotency_key, currency, amount, \
                debit_account, credit_account, payer, payee, created_at, updated_at) \
                SELECT id, 'TRANSFER', 'SETTLED', {payer}, 'grown-' || t, 'EUR', 1, \
                    payer + 3, payee + 3, {payer}, {payee}, at, at \
                FROM acts, LATERAL (SELECT timestamptz '2026-01-02 00:00:00+00' + t * interval '1 ms' AS at) a) \
            INSERT INTO postings (account_id, seq, transaction_id, amount, balance_after) \
            SELECT payer + 3, {payer_seq} + 1, id, -1, {payer_balance} - 1 FROM acts UNION ALL \
            SELECT payee + 3, {payee_seq} + 1, id, 1, {payee_balance} + 1 FROM acts WHERE NOT big UNION ALL \
            SELECT 2, j + 2, id, 1, {OPENING} + j + 1 FROM acts WHERE big",
            payer = user("payer + 1"),
            payee = user("payee + 1"),
        )
    }

    /// Brings the balances of some accounts to where their postings end.
    fn balances(&self, from: usize, to: usize) -> String {
        let between = (self.transfers - self.to_merchant).to_string();
        let merchant = self.to_merchant;
        let (seq, balance) = self.standing("id - 3", &between, &merchant.to_string());
        format!(
            "UPDATE accounts SET \
             seq = CASE WHEN id = 2 THEN {merchant} + 1 ELSE {seq} END, \
             balance = CASE WHEN id = 2 THEN {OPENING} + {merchant} ELSE {balance} END \
             WHERE id BETWEEN {from} AND {to}"
        )
    }
}

/// Fills a new PostgreSQL database.
///
/// # Errors
/// What can't be done, or what the database says.
pub(crate) async fn fill(url: &str, size: Size) -> Result<Shape, String> {
    let shape = Shape::of(size)?;
    let text = |error: DbErr| error.to_string();
    let db = Db::connect(url).await.map_err(text)?;
    if db.connection().get_database_backend() != DbBackend::Postgres {
        return Err("only PostgreSQL is filled in bulk".to_owned());
    }
    migration::run(db.connection()).await.map_err(text)?;
    eprintln!("{} people settle …", shape.accounts);
    people::settle(&db, shape.accounts).await?;
    write(db.connection(), shape).await.map_err(text)?;
    db.close().await;
    Ok(shape)
}

async fn write(db: &DatabaseConnection, shape: Shape) -> Result<(), DbErr> {
    let bar = ProgressBar::new(u64::try_from(shape.transfers).unwrap_or_default());
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} transfers, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    for from in (0..shape.transfers).step_by(CHUNK) {
        let to = (from + CHUNK).min(shape.transfers) - 1;
        db.execute_unprepared(&shape.chunk(from, to)).await?;
        bar.inc(u64::try_from(to + 1 - from).unwrap_or_default());
    }
    bar.finish();
    eprintln!("balances follow …");
    for from in (2..shape.accounts + 2).step_by(CHUNK) {
        let to = (from + CHUNK).min(shape.accounts + 2) - 1;
        db.execute_unprepared(&shape.balances(from, to)).await?;
    }
    db.execute_unprepared("VACUUM ANALYZE").await.map(drop)
}
