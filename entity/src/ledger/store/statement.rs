//! The statement by which PostgreSQL writes a batch: everything at once, which is one database transaction. It takes
//! effect as a whole or not at all, locked or not.
//!
//! Guarantees: where an account, a transaction or a claim is no longer what the batch was decided on, it divides by zero,
//! and nothing of it was. It has only the parts that the batch needs, since the database sets up each part that there is,
//! rows or none: batches of one kind are the same prepared statement, and there are few kinds.
//!
//! Only one array of each part is unnested, and the others are read at its places: each array that is unnested is a table
//! that the database makes first. That was a sixteenth of what a batch costs; only where five hundred write at once,
//! looking for the place in an array of texts costs more than that.
//!
//! Arrays have no nulls here: the nil id and the empty text stand for them.

use super::Claim;
use super::postgres::array;
use crate::ledger::books::Books;
use crate::money::Currency;
use crate::outbox;
use crate::table::transaction;
use crate::transaction::Transaction;
use sea_orm::{ActiveEnum, DbBackend, Statement, Value};
use std::collections::HashSet;
use uuid::Uuid;

/// What a batch may write or rest on. Its values are `#1`, `#2` and so on; `#0` is the time.
struct Part {
    /// What it writes, if it does.
    writes: Option<&'static str>,
    /// What has to be true, if anything has.
    holds: Option<&'static str>,
    /// Until when it will be, if that is asked.
    until: Option<&'static str>,
    values: Vec<Value>,
}

const CREATED: &str = "created AS ( \
        INSERT INTO transactions (id, kind, state, actor, idempotency_key, currency, amount, \
            debit_account, credit_account, payer, payee, instrument, note, quote_id, target_currency, \
            target_amount, created_at, updated_at) \
        SELECT id, (#2::text[])[at], (#3::text[])[at], (#4::uuid[])[at], (#5::text[])[at], (#6::text[])[at], \
            (#7::bigint[])[at], (#8::bigint[])[at], (#9::bigint[])[at], \
            NULLIF((#10::uuid[])[at], '00000000-0000-0000-0000-000000000000'), \
            NULLIF((#11::uuid[])[at], '00000000-0000-0000-0000-000000000000'), \
            NULLIF((#12::uuid[])[at], '00000000-0000-0000-0000-000000000000'), \
            NULLIF((#13::text[])[at], ''), NULLIF((#14::uuid[])[at], '00000000-0000-0000-0000-000000000000'), \
            NULLIF((#15::text[])[at], ''), NULLIF((#16::bigint[])[at], 0), #0, #0 \
        FROM unnest(#1::uuid[]) WITH ORDINALITY AS new (id, at))";

const POSTED: &str = "posted AS ( \
        INSERT INTO postings (account_id, seq, transaction_id, amount, balance_after) \
        SELECT account, (#2::bigint[])[at], (#3::uuid[])[at], (#4::bigint[])[at], (#5::bigint[])[at] \
        FROM unnest(#1::bigint[]) WITH ORDINALITY AS new (account, at))";

const MOVED: &str = "moved AS ( \
        UPDATE accounts SET seq = (#4::bigint[])[at], balance = (#5::bigint[])[at], \
            unasked = (#6::bigint[])[at], unasked_count = (#7::bigint[])[at], spent_on = (#8::int[])[at], \
            spent_day = (#9::bigint[])[at], spent_month = (#10::bigint[])[at] \
        FROM unnest(#1::bigint[]) WITH ORDINALITY AS now (account, at) \
        WHERE accounts.id = account AND seq = (#2::bigint[])[at] AND state = (#3::text[])[at] \
            AND spent_on = (#11::int[])[at] AND spent_month = (#12::bigint[])[at] \
            AND unasked = (#13::bigint[])[at] AND unasked_count = (#14::bigint[])[at] \
            AND revocations = (#15::bigint[])[at] \
        RETURNING 1)";
const ALL_MOVED: &str = "(SELECT count(*) FROM moved) = cardinality(#1::bigint[])";

const ADVANCED: &str = "advanced AS ( \
        UPDATE transactions SET state = (#3::text[])[at], failure = NULLIF((#4::text[])[at], ''), updated_at = #0 \
        FROM unnest(#1::uuid[]) WITH ORDINALITY AS now (act, at) \
        WHERE transactions.id = act AND state = (#2::text[])[at] \
        RETURNING 1)";
const ALL_ADVANCED: &str = "(SELECT count(*) FROM advanced) = cardinality(#1::uuid[])";

const PUT: &str = "put AS ( \
        INSERT INTO jobs (id, kind, payload, due_at, attempts, created_at) \
        SELECT id, (#2::text[])[at], (#3::text[])[at], #0, 0, #0 \
        FROM unnest(#1::uuid[]) WITH ORDINALITY AS new (id, at))";

const DONE: &str = "done AS (DELETE FROM jobs WHERE id = ANY(#1::uuid[]))";

const UNMOVED: &str = "(SELECT count(*) FROM unnest(#1::bigint[]) WITH ORDINALITY AS seen (id, at) \
        JOIN accounts USING (id) WHERE state = (#2::text[])[at]) = cardinality(#1::bigint[])";

const SESSIONS: &str = "(SELECT count(*) FROM unnest(#1::uuid[]) WITH ORDINALITY AS open (id, at) \
        JOIN sessions USING (id) \
        WHERE user_id = (#2::uuid[])[at] AND ended_at IS NULL AND expires_at > #0) = cardinality(#1::uuid[])";

const UNTIL: &str = "(SELECT min(expires_at) FROM sessions WHERE id = ANY(#1::uuid[]))";

const HANDLES: &str = "(SELECT count(*) FROM unnest(#1::uuid[]) WITH ORDINALITY AS reached (fingerprint, at) \
        JOIN handles USING (fingerprint) WHERE user_id = (#2::uuid[])[at]) = cardinality(#1::uuid[])";

const QUOTES: &str = "(SELECT count(*) FROM unnest(#1::uuid[]) WITH ORDINALITY AS unused (id, at) \
        JOIN quotes USING (id) WHERE user_id = (#2::uuid[])[at] \
            AND NOT EXISTS (SELECT 1 FROM transactions t WHERE t.quote_id = quotes.id)) = cardinality(#1::uuid[])";

/// The statement that writes these books, if all that they and these claims say still holds. It answers with one, and
/// with the time until which the sessions of the claims are open.
pub(super) fn written(books: &Books, claims: &HashSet<Claim>) -> Statement {
    let parts = [created(books), posted(books), moved(books), advanced(books), put(books), done(books)];
    let parts = parts.into_iter().chain([unmoved(books)]).chain(claimed(claims)).flatten();
    let (mut writes, mut holds, mut values) = (Vec::new(), Vec::new(), vec![books.now.into()]);
    let mut until = "NULL::timestamptz".to_owned();
    for part in parts {
        writes.extend(part.writes.map(|text| numbered(text, values.len())));
        holds.extend(part.holds.map(|text| format!(" AND {}", numbered(text, values.len()))));
        until = part.until.map_or(until, |text| numbered(text, values.len()));
        values.extend(part.values);
    }
    let with = if writes.is_empty() { String::new() } else { format!("WITH {} ", writes.join(", ")) };
    let holds = holds.concat();
    let sql =
        format!("{with}SELECT 1 / (CASE WHEN $1::timestamptz IS NOT NULL{holds} THEN 1 ELSE 0 END), {until}");
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// A part with the places of its values, which come after so many others.
fn numbered(text: &str, before: usize) -> String {
    let mut pieces = text.split('#');
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let place = match number.parse() {
            Ok(0) | Err(_) => 1,
            Ok(number) => before.saturating_add(number),
        };
        all.push_str(&format!("${place}{rest}"));
    }
    all
}

fn created(books: &Books) -> Option<Part> {
    let created: Vec<transaction::Model> = books.created().collect();
    let nil = |id: Option<Uuid>| id.unwrap_or_default();
    let code = |currency: Option<Currency>| currency.map(|it| it.code().to_owned()).unwrap_or_default();
    let values = vec![
        array(created.iter().map(|row| row.id.0)),
        array(created.iter().map(|row| row.kind.to_value())),
        array(created.iter().map(|row| row.state.to_value())),
        array(created.iter().map(|row| row.actor.0)),
        array(created.iter().map(|row| row.idempotency_key.clone())),
        array(created.iter().map(|row| row.currency.code().to_owned())),
        array(created.iter().map(|row| row.amount)),
        array(created.iter().map(|row| row.debit_account.0)),
        array(created.iter().map(|row| row.credit_account.0)),
        array(created.iter().map(|row| nil(row.payer.map(|user| user.0)))),
        array(created.iter().map(|row| nil(row.payee.map(|user| user.0)))),
        array(created.iter().map(|row| nil(row.instrument.map(|instrument| instrument.0)))),
        array(created.iter().map(|row| row.note.clone().unwrap_or_default())),
        array(created.iter().map(|row| nil(row.quote_id.map(|quote| quote.0)))),
        array(created.iter().map(|row| code(row.target_currency))),
        array(created.iter().map(|row| row.target_amount.unwrap_or_default())),
    ];
    (!created.is_empty()).then_some(Part { writes: Some(CREATED), holds: None, until: None, values })
}

fn posted(books: &Books) -> Option<Part> {
    let postings = &books.pages.postings;
    let values = vec![
        array(postings.iter().map(|posting| posting.account.0)),
        array(postings.iter().map(|posting| posting.seq)),
        array(postings.iter().map(|posting| posting.transaction.0)),
        array(postings.iter().map(|posting| posting.amount)),
        array(postings.iter().map(|posting| posting.balance_after)),
    ];
    (!postings.is_empty()).then_some(Part { writes: Some(POSTED), holds: None, until: None, values })
}

fn moved(books: &Books) -> Option<Part> {
    let moved: Vec<_> = books.moved().collect();
    let values = vec![
        array(moved.iter().map(|(id, _, _)| id.0)),
        array(moved.iter().map(|(_, (seq_before, _), _)| *seq_before)),
        array(moved.iter().map(|(_, _, balance)| balance.state.to_value())),
        array(moved.iter().map(|(_, _, balance)| balance.seq)),
        array(moved.iter().map(|(_, _, balance)| balance.amount)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.unasked)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.unasked_count)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.on)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.day)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.month)),
        array(moved.iter().map(|(_, (_, before), _)| before.on)),
        array(moved.iter().map(|(_, (_, before), _)| before.month)),
        array(moved.iter().map(|(_, (_, before), _)| before.unasked)),
        array(moved.iter().map(|(_, (_, before), _)| before.unasked_count)),
        array(moved.iter().map(|(_, _, balance)| balance.proven.revocations)),
    ];
    (!moved.is_empty()).then_some(Part { writes: Some(MOVED), holds: Some(ALL_MOVED), until: None, values })
}

fn advanced(books: &Books) -> Option<Part> {
    let advanced: Vec<_> = books.advanced().collect();
    let failure = |transaction: &Transaction| transaction.failure.map(|failure| failure.to_value());
    let values = vec![
        array(advanced.iter().map(|(transaction, _)| transaction.terms.id.0)),
        array(advanced.iter().map(|(_, from)| from.to_value())),
        array(advanced.iter().map(|(transaction, _)| transaction.state.to_value())),
        array(advanced.iter().map(|(transaction, _)| failure(transaction).unwrap_or_default())),
    ];
    (!advanced.is_empty()).then_some(Part {
        writes: Some(ADVANCED),
        holds: Some(ALL_ADVANCED),
        until: None,
        values,
    })
}

fn put(books: &Books) -> Option<Part> {
    let put = books.pages.jobs_put.iter();
    let put: Vec<_> = put.map(|job| outbox::row(*job, books.now)).collect();
    let values = vec![
        array(put.iter().map(|row| row.id.0)),
        array(put.iter().map(|row| row.kind.clone())),
        array(put.iter().map(|row| row.payload.clone())),
    ];
    (!put.is_empty()).then_some(Part { writes: Some(PUT), holds: None, until: None, values })
}

fn done(books: &Books) -> Option<Part> {
    let done = &books.pages.jobs_done;
    let values = vec![array(done.iter().map(|job| job.0))];
    (!done.is_empty()).then_some(Part { writes: Some(DONE), holds: None, until: None, values })
}

/// The accounts that were looked at and have to be as they were.
fn unmoved(books: &Books) -> Option<Part> {
    let unmoved: Vec<_> = books.unmoved().collect();
    let values = vec![
        array(unmoved.iter().map(|(id, _)| id.0)),
        array(unmoved.iter().map(|(_, balance)| balance.state.to_value())),
    ];
    (!unmoved.is_empty()).then_some(Part { writes: None, holds: Some(UNMOVED), until: None, values })
}

/// The claims, each kind by itself.
fn claimed(claims: &HashSet<Claim>) -> [Option<Part>; 3] {
    let part = |holds, until, pairs: Vec<(Uuid, Uuid)>| {
        let values = vec![array(pairs.iter().map(|(id, _)| *id)), array(pairs.iter().map(|(_, user)| *user))];
        (!pairs.is_empty()).then_some(Part { writes: None, holds: Some(holds), until, values })
    };
    let sessions = claims.iter().filter_map(Claim::session_of).map(|(id, user)| (id.0, user.0));
    let handles = claims.iter().filter_map(Claim::handle_of).map(|(handle, user)| (handle.0, user.0));
    let quotes = claims.iter().filter_map(Claim::quote_of).map(|(quote, user)| (quote.0, user.0));
    [
        part(SESSIONS, Some(UNTIL), sessions.collect()),
        part(HANDLES, None, handles.collect()),
        part(QUOTES, None, quotes.collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SessionId, UserId};

    #[test]
    fn only_what_is_needed_is_asked_for_and_every_value_has_its_place() {
        assert_eq!(numbered("a #0 b #2::int[], #12", 20), "a $1 b $22::int[], $32");
        let claim = Claim::Session(SessionId(Uuid::nil()), UserId(Uuid::nil()));
        let statement = written(&Books::default(), &HashSet::from([claim]));
        assert!(statement.sql.starts_with(
            "SELECT 1 / (CASE WHEN $1::timestamptz IS NOT NULL AND (SELECT count(*) FROM unnest($2"
        ));
        assert!(statement.sql.contains("expires_at > $1"));
        assert!(
            statement.sql.ends_with(", (SELECT min(expires_at) FROM sessions WHERE id = ANY($2::uuid[]))")
        );
        assert_eq!(statement.values.map(|values| values.0.len()), Some(3));
    }
}
