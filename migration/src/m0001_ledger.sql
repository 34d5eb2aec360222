-- The ledger. One crate writes these tables, through one path.

-- The house owns accounts under the nil id; a person owns one WALLET account a currency.
-- What a person holds can never fall below zero, whatever the program does. `unasked` is what has left
-- since the person last answered for a payment, in so many payments.
CREATE TABLE accounts (
    id {id},
    owner {uuid} NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN (
        'WALLET', 'BANK_CLEARING', 'CARD_CLEARING', 'WITHDRAWAL_IN_TRANSIT', 'IN_REVIEW',
        'UNCLAIMED', 'SUSPENSE', 'FEE', 'FX_POSITION')),
    currency TEXT NOT NULL CHECK (length(currency) BETWEEN 3 AND 12),
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'FROZEN', 'CLOSED')),
    balance {int} NOT NULL DEFAULT 0,
    seq {int} NOT NULL DEFAULT 0 CHECK (seq >= 0),
    unasked {int} NOT NULL DEFAULT 0,
    unasked_count {int} NOT NULL DEFAULT 0,
    opened_at {time} NOT NULL,
    UNIQUE (owner, purpose, currency),
    CHECK (balance >= 0 OR purpose IN ('BANK_CLEARING', 'CARD_CLEARING', 'FX_POSITION')),
    CHECK (seq > 0 OR balance = 0),
    CHECK (unasked >= 0 AND unasked_count >= 0)
) {hot};

-- One act that moves money. `actor` chose the idempotency key; the same key is the same act.
-- Money goes from the debit account to the credit account when (and if) the act is settled.
CREATE TABLE transactions (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN (
        'TRANSFER', 'DEPOSIT', 'WITHDRAWAL', 'CONVERSION', 'FEE', 'REFUND', 'REVERSAL')),
    state TEXT NOT NULL CHECK (state IN ('REQUESTED', 'SUBMITTED', 'UNKNOWN', 'SETTLED', 'FAILED')),
    actor {uuid} NOT NULL,
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 64),
    currency TEXT NOT NULL,
    amount {int} NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000000),
    debit_account {int} NOT NULL REFERENCES accounts (id),
    credit_account {int} NOT NULL REFERENCES accounts (id),
    payer {uuid},
    payee {uuid},
    instrument {uuid} REFERENCES instruments (id),
    note TEXT CHECK (length(note) BETWEEN 1 AND 140),
    failure TEXT,
    created_at {time} NOT NULL,
    updated_at {time} NOT NULL,
    UNIQUE (actor, idempotency_key),
    CHECK (debit_account <> credit_account),
    CHECK (payer IS NOT NULL OR payee IS NOT NULL),
    CHECK ((state = 'FAILED') = (failure IS NOT NULL))
) {table};
-- A history is read along the chains of postings. Only what has no posting yet is found here, so that
-- transfers never enter the index.
CREATE INDEX transactions_unsettled ON transactions (payee, id) WHERE state <> 'SETTLED';

-- Half a leg: what one account gained (positive) or lost (negative). The primary key is the
-- account's gapless chain, so two writers can't both continue it.
CREATE TABLE postings (
    account_id {int} NOT NULL REFERENCES accounts (id),
    seq {int} NOT NULL CHECK (seq > 0),
    transaction_id {uuid} NOT NULL REFERENCES transactions (id),
    amount {int} NOT NULL CHECK (amount <> 0),
    balance_after {int} NOT NULL,
    PRIMARY KEY (account_id, seq)
) {table};

-- Private to one party of a transaction.
CREATE TABLE annotations (
    user_id {uuid} NOT NULL REFERENCES users (id),
    transaction_id {uuid} NOT NULL REFERENCES transactions (id),
    note TEXT CHECK (length(note) BETWEEN 1 AND 500),
    tags TEXT NOT NULL,
    updated_at {time} NOT NULL,
    PRIMARY KEY (user_id, transaction_id)
) {table};

{refuse postings_not_changed ON UPDATE ON postings: a posting is never changed}
{refuse postings_not_removed ON DELETE ON postings: a posting is never removed}
{refuse transactions_not_removed ON DELETE ON transactions: a transaction is never removed}
{refuse transactions_terms_fixed ON UPDATE OF id, kind, actor, idempotency_key, currency, amount, debit_account, credit_account, payer, payee, instrument, note, created_at ON transactions: the terms of a transaction are never changed}
{refuse transactions_end_is_final ON UPDATE OF state ON transactions WHEN (OLD.state IN ('SETTLED', 'FAILED')): a settled or failed transaction has ended}
{refuse accounts_not_removed ON DELETE ON accounts: an account is never removed}
{refuse accounts_terms_fixed ON UPDATE OF id, owner, purpose, currency, opened_at ON accounts: the terms of an account are never changed}
