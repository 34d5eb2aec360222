-- Exchange rates, and what is bought and sold at them.

DROP TABLE exchange_rates;

-- What one source said at one time: a sheet of rates, all of them for one unit of its base. It is used until it is no
-- longer good. HELD is what an operator has to look at first. A rate is a decimal number in a text.
CREATE TABLE rate_sheets (
    id {uuid} PRIMARY KEY,
    source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 40),
    base TEXT NOT NULL CHECK (length(base) BETWEEN 3 AND 12),
    as_of {time} NOT NULL,
    good_until {time} NOT NULL,
    received_at {time} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACCEPTED', 'HELD', 'REJECTED')),
    UNIQUE (source, as_of),
    CHECK (good_until > as_of)
) {table};
CREATE INDEX rate_sheets_time ON rate_sheets (as_of);

CREATE TABLE rates (
    sheet_id {uuid} NOT NULL REFERENCES rate_sheets (id) ON DELETE CASCADE,
    currency TEXT NOT NULL CHECK (length(currency) BETWEEN 3 AND 12),
    per_base TEXT NOT NULL CHECK (length(per_base) BETWEEN 1 AND 32),
    PRIMARY KEY (sheet_id, currency)
) {table};

{refuse rates_not_changed ON UPDATE ON rates: a rate is never changed}
{refuse rate_sheets_terms_fixed ON UPDATE OF id, source, base, as_of, good_until, received_at ON rate_sheets: what a source said is never changed}

-- What exchanging costs: the latest is in force.
CREATE TABLE fee_schedules (
    id {uuid} PRIMARY KEY,
    rules TEXT NOT NULL,
    created_at {time} NOT NULL
) {table};

{refuse fee_schedules_not_changed ON UPDATE ON fee_schedules: a schedule is never changed}
{refuse fee_schedules_not_removed ON DELETE ON fee_schedules: a schedule is never removed}

-- A price that the house stands by until it expires. Its parts sum to what is paid, to the minor unit. It is used up
-- by the transaction that names it.
CREATE TABLE quotes (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    side TEXT NOT NULL CHECK (side IN ('SOURCE', 'TARGET')),
    source_currency TEXT NOT NULL,
    source_amount {int} NOT NULL CHECK (source_amount BETWEEN 1 AND 1000000000000000),
    target_currency TEXT NOT NULL,
    target_amount {int} NOT NULL CHECK (target_amount BETWEEN 1 AND 1000000000000000),
    net {int} NOT NULL CHECK (net > 0),
    spread {int} NOT NULL CHECK (spread >= 0),
    fee {int} NOT NULL CHECK (fee >= 0),
    rounding {int} NOT NULL CHECK (rounding >= 0),
    mid TEXT NOT NULL,
    rate TEXT NOT NULL,
    rate_source TEXT NOT NULL,
    rate_as_of {time} NOT NULL,
    others TEXT NOT NULL,
    schedule {uuid} REFERENCES fee_schedules (id),
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    CHECK (source_currency <> target_currency),
    CHECK (source_amount = net + spread + fee + rounding),
    CHECK (expires_at > created_at)
) {table};
CREATE INDEX quotes_expiry ON quotes (expires_at);

{refuse quotes_not_changed ON UPDATE ON quotes: a quote is never changed}

-- What an act exchanges: the amount goes out as another amount in another currency.
ALTER TABLE transactions ADD COLUMN quote_id {uuid} REFERENCES quotes (id);
ALTER TABLE transactions ADD COLUMN target_currency TEXT CHECK ((target_currency IS NULL) = (quote_id IS NULL));
ALTER TABLE transactions ADD COLUMN target_amount {int}
    CHECK ((target_amount IS NULL) = (quote_id IS NULL) AND target_amount BETWEEN 1 AND 1000000000000000);
CREATE UNIQUE INDEX transactions_quote_id_key ON transactions (quote_id) WHERE quote_id IS NOT NULL;

{refuse transactions_exchange_fixed ON UPDATE OF quote_id, target_currency, target_amount ON transactions: the terms of a transaction are never changed}

{allow FX_SPREAD, FX_ROUNDING IN accounts.purpose: WALLET, BANK_CLEARING, CARD_CLEARING, WITHDRAWAL_IN_TRANSIT, IN_REVIEW, UNCLAIMED, SUSPENSE, FEE, FX_POSITION}

{allow ACCEPT_RATES, SET_RATE, SET_FEES IN proposals.kind: UNFREEZE_USER, RAISE_LEVEL, RECOVER_HANDLE, INVITE_OPERATOR}

-- Whom to tell when a rate is reached, once.
CREATE TABLE rate_alerts (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    base TEXT NOT NULL,
    quote TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('ABOVE', 'BELOW')),
    rate TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'REACHED', 'CANCELLED')),
    created_at {time} NOT NULL,
    ended_at {time},
    CHECK (base <> quote),
    CHECK ((state = 'OPEN') = (ended_at IS NULL))
) {table};
CREATE INDEX rate_alerts_user ON rate_alerts (user_id);
CREATE INDEX rate_alerts_open ON rate_alerts (id) WHERE state = 'OPEN';

-- What to convert as soon as it brings at least so much. Executed under its own id as the idempotency key.
CREATE TABLE conversion_orders (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    source_currency TEXT NOT NULL,
    source_amount {int} NOT NULL CHECK (source_amount BETWEEN 1 AND 1000000000000000),
    target_currency TEXT NOT NULL,
    limit_rate TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'EXECUTING', 'DONE', 'FAILED', 'CANCELLED', 'EXPIRED')),
    failure TEXT,
    transaction_id {uuid} REFERENCES transactions (id),
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    ended_at {time},
    CHECK (source_currency <> target_currency),
    CHECK ((state IN ('OPEN', 'EXECUTING')) = (ended_at IS NULL)),
    CHECK ((state = 'DONE') = (transaction_id IS NOT NULL)),
    CHECK ((state = 'FAILED') = (failure IS NOT NULL))
) {table};
CREATE INDEX conversion_orders_user ON conversion_orders (user_id);
CREATE INDEX conversion_orders_open ON conversion_orders (created_at) WHERE ended_at IS NULL;

-- What operators have to know: one open alert for one thing, however often it happens.
CREATE TABLE operator_alerts (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    times INTEGER NOT NULL CHECK (times > 0),
    raised_at {time} NOT NULL,
    last_at {time} NOT NULL,
    cleared_at {time}
) {table};
CREATE UNIQUE INDEX operator_alerts_open ON operator_alerts (kind, subject) WHERE cleared_at IS NULL;
