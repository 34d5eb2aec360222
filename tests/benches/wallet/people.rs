//! The people of a benchmark: rows made in bulk, as if each had signed up and topped up once.
//!
//! Guarantees: the audit finds nothing wrong with them. The first [`SIGNED_IN`] have open sessions;
//! their tokens are signed with the key of the house, and verified by the api like any other.

use api::authentication::Authentication;
use entity::clock::Clock;
use entity::handle::Handle;
use entity::id::{InstrumentId, SessionId, UserId};
use entity::instrument::{self, BankAccount};
use entity::keys::Keys;
use entity::kyc::Level;
use entity::limit::Limits;
use entity::session::Caller;
use entity::standing::Standing;
use entity::step_up::Rules;
use entity::terms::Terms;
use entity::{Bank, Db, Writing};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use uuid::Uuid;

/// The secret of the benchmarked house.
pub(crate) const MASTER_KEY: &str = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
/// People who pay; everybody is paid.
pub(crate) const SIGNED_IN: usize = 10_000;
/// Cents that everybody starts with.
pub(crate) const OPENING: i64 = 100_000_000;

/// The keys of the house.
pub(crate) fn keys() -> Keys {
    Keys::load(Some(MASTER_KEY), "").expect("a master key")
}

/// An open bank.
///
/// # Errors
/// What the database says.
pub(crate) async fn bank(db: Db) -> Result<Bank, String> {
    bank_writing(db, Writing::Coalescing).await
}

/// The same with another way to write.
///
/// # Errors
/// What the database says.
pub(crate) async fn bank_writing(db: Db, writing: Writing) -> Result<Bank, String> {
    let bank = Bank::open_with(db, keys(), Clock::system(), true, writing).await;
    let most = Decimal::from(1_000_000_000);
    // Nobody is asked and nothing is too much; what has left is counted all the same.
    let rules = Rules { single: most, total: most, count: i64::MAX };
    bank.map(|bank| bank.with_step_up(rules).with_limits(Limits::NONE)).map_err(|error| error.to_string())
}

/// The person of this number.
pub(crate) fn user(number: usize) -> UserId {
    UserId(id(0x8000, number))
}

/// The person of this number, in its session.
pub(crate) fn caller(number: usize) -> Caller {
    let standing =
        Some(Standing { terms: Some(Terms::default().version), guarded_until: None, level: Level::Unknown });
    Caller {
        user: user(number),
        session: SessionId(id(0x9000, number)),
        confirmed: true,
        standing,
        scopes: None,
    }
}

/// How a person is reached.
pub(crate) fn email(number: usize) -> String {
    format!("person{number}@bench.example")
}

/// A version 7 UUID that no clock makes: its time is 1970.
fn id(part: u128, number: usize) -> Uuid {
    let number = u128::try_from(number).expect("a number of a person");
    Uuid::from_u128((0x7000 << 64) | (part << 48) | number)
}

/// Access tokens of the first `count` people, good for ten minutes from now.
pub(crate) async fn tokens(bank: &Bank, count: usize) -> Vec<String> {
    let signer = Authentication::open(bank).await.expect("a key to sign with");
    let now = Clock::system().now();
    let token = |number| signer.token(caller(number), now);
    (0..count).map(|number| token(number).expect("a token").0).collect()
}

/// The first `count` people link a bank account, at which the simulated bank settles at once.
///
/// # Errors
/// What the bank says.
pub(crate) async fn link(bank: &Bank, count: usize) -> Result<Vec<InstrumentId>, String> {
    let mut linked = Vec::with_capacity(count);
    for number in 0..count {
        let account = BankAccount::parse("DE89370400440532013000", "Person", None);
        let account = account.map_err(|refusal| refusal.to_string())?;
        let instrument = instrument::link(bank, user(number), account).await;
        linked.push(instrument.map_err(|error| error.to_string())?.id);
    }
    Ok(linked)
}

/// People in a statement.
const CHUNK: usize = 2_000;

/// Makes the people themselves: their names and handles are sealed one by one.
async fn sign_up(bank: &Bank, from: usize, to: usize) -> Result<(), String> {
    let db = bank.db.connection();
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let bytes = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if postgres { format!("'\\x{digits}'::bytea") } else { format!("x'{digits}'") }
    };
    let uuid = |id: Uuid| if postgres { format!("'{id}'::uuid") } else { format!("x'{}'", id.simple()) };
    let (then, yes) = ("'2026-01-01T00:00:00+00:00'", if postgres { "true" } else { "1" });
    let (mut people, mut handles) = (Vec::new(), Vec::new());
    for number in from..to {
        let (id, text) = (user(number), |error: entity::Error| error.to_string());
        let (key, data_key) = bank.vault.new_data_key(id).map_err(text)?;
        let handle = Handle::email(&email(number)).map_err(|refusal| refusal.to_string())?;
        let fingerprint = bank.vault.fingerprint(&handle).0;
        let name = key.seal_own("users.name", "Person").map_err(|fault| fault.to_string())?;
        let value = key.seal("handles.value", fingerprint, handle.as_str());
        let value = value.map_err(|fault| fault.to_string())?;
        let (id, fingerprint) = (uuid(id.0), uuid(fingerprint));
        let (data_key, name, value) = (bytes(&data_key.0), bytes(&name.0), bytes(&value.0));
        people
            .push(format!("({id}, {data_key}, {name}, 'ACTIVE', '$argon2id$none', {then}, 'EN', 'UTC', 'bench', {then}, {then})"));
        handles.push(format!("({fingerprint}, 'EMAIL', {id}, {value}, {yes}, {then})"));
    }
    for (table, rows) in [
        (
            "users (id, data_key, name, state, password_hash, password_set_at, language, time_zone, terms_version, terms_accepted_at, created_at)",
            people,
        ),
        ("handles (fingerprint, kind, user_id, value, is_primary, verified_at)", handles),
    ] {
        let insert = format!("INSERT INTO {table} VALUES {}", rows.join(", "));
        db.execute_unprepared(&insert).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Makes so many people in an empty database.
///
/// # Errors
/// What the database says.
pub(crate) async fn settle(db: &Db, count: usize) -> Result<(), String> {
    let bank = bank(db.clone()).await?;
    for from in (0..count).step_by(CHUNK) {
        sign_up(&bank, from, (from + CHUNK).min(count)).await?;
    }
    // Made now, so that every copy of the database has the same.
    entity::signing_key::ring(&bank).await.map_err(|error| error.to_string())?;
    open_accounts(db, count).await.map_err(|error| error.to_string())
}

/// Everybody tops up; the first are signed in.
async fn open_accounts(db: &Db, count: usize) -> Result<(), DbErr> {
    let postgres = db.connection().get_database_backend() == DbBackend::Postgres;
    let uuid = |part: &str| {
        if postgres {
            format!("('00000000-0000-7000-{part}-' || lpad(to_hex(i), 12, '0'))::uuid")
        } else {
            format!("unhex('000000000000 7000 {part}' || printf('%012x', i), ' ')")
        }
    };
    let people = format!(
        "WITH RECURSIVE people (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM people WHERE i < {})",
        count.saturating_sub(1)
    );
    let (user, session, opening) = (uuid("8000"), uuid("9000"), uuid("a000"));
    let (then, later) = ("'2026-01-01T00:00:00+00:00'", "'2036-01-01T00:00:00+00:00'");
    let house = if postgres { "'00000000-0000-0000-0000-000000000000'" } else { "zeroblob(16)" };
    let total = OPENING.saturating_mul(i64::try_from(count).expect("a count of people"));
    let signed_in = SIGNED_IN.min(count);
    // SQLite converts texts to no other type, and has none for times.
    let (then, later) = if postgres {
        (format!("{then}::timestamptz"), format!("{later}::timestamptz"))
    } else {
        (then.to_owned(), later.to_owned())
    };
    let house = if postgres { format!("{house}::uuid") } else { house.to_owned() };
    let statements = [
        format!(
            "INSERT INTO sessions (id, user_id, created_at, refreshed_at, expires_at) \
             {people} SELECT {session}, {user}, {then}, {then}, {later} FROM people WHERE i < {signed_in}"
        ),
        format!(
            "INSERT INTO accounts (owner, purpose, currency, state, balance, seq, opened_at) \
             VALUES ({house}, 'BANK_CLEARING', 'EUR', 'OPEN', -{total}, {count}, {then})"
        ),
        format!(
            "INSERT INTO accounts (owner, purpose, currency, state, balance, seq, opened_at) \
             {people} SELECT {user}, 'WALLET', 'EUR', 'OPEN', {OPENING}, 1, {then} FROM people ORDER BY i"
        ),
        format!(
            "INSERT INTO transactions (id, kind, state, actor, idempotency_key, currency, amount, \
             debit_account, credit_account, payee, created_at, updated_at) \
             {people} SELECT {opening}, 'DEPOSIT', 'SETTLED', {user}, 'opening', 'EUR', {OPENING}, \
             house.id, own.id, own.owner, {then}, {then} \
             FROM people JOIN accounts own ON own.owner = {user} \
             JOIN accounts house ON house.purpose = 'BANK_CLEARING'"
        ),
        "INSERT INTO postings (account_id, seq, transaction_id, amount, balance_after) \
         SELECT credit_account, 1, id, amount, amount FROM transactions UNION ALL \
         SELECT debit_account, row_number() OVER by_id, id, -amount, -sum(amount) OVER by_id \
         FROM transactions WINDOW by_id AS (ORDER BY id)"
            .to_owned(),
    ];
    for statement in statements {
        db.connection().execute_unprepared(&statement).await?;
    }
    let tidy = if postgres { "VACUUM ANALYZE" } else { "ANALYZE" };
    db.connection().execute_unprepared(tidy).await.map(drop)
}
