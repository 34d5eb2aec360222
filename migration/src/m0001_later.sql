-- What is to be done later, and what the outside last said.

-- The outbox. A row is written with the change that calls for it and removed with the change that
-- answers it. `due_at` moves forward with every push: it is lease and backoff in one.
CREATE TABLE jobs (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    due_at {time} NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    last_error TEXT,
    dead_at {time},
    created_at {time} NOT NULL
) {table};
CREATE INDEX jobs_due ON jobs (due_at) WHERE dead_at IS NULL;
CREATE INDEX jobs_dead ON jobs (id) WHERE dead_at IS NOT NULL;

-- One base unit costs `rate` quote units. Text, because neither engine's binary fractions are exact.
CREATE TABLE exchange_rates (
    base TEXT NOT NULL,
    quote TEXT NOT NULL,
    rate TEXT NOT NULL,
    source TEXT NOT NULL,
    as_of {time} NOT NULL,
    PRIMARY KEY (base, quote),
    CHECK (base <> quote)
) {table};

-- The sandbox: what the simulated mail delivered and what the simulated bank was told.
CREATE TABLE sandbox_messages (
    id {uuid} PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at {time} NOT NULL
) {table};
CREATE INDEX sandbox_messages_recipient ON sandbox_messages (recipient, id);

CREATE TABLE sandbox_orders (
    key {uuid} PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('COLLECT', 'PAY')),
    iban TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount {int} NOT NULL CHECK (amount > 0),
    times_asked INTEGER NOT NULL CHECK (times_asked > 0),
    received_at {time} NOT NULL
) {table};
