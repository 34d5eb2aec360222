-- People: who they are, how they are reached, how they sign in. What is known of a person is sealed with
-- its data key, which is sealed with the master key. Without the data key the person is forgotten.

CREATE TABLE house_secrets (
    name TEXT PRIMARY KEY,
    sealed {bytes} NOT NULL,
    created_at {time} NOT NULL
) {table};

CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    data_key {bytes},
    name {bytes},
    state TEXT NOT NULL CHECK (state IN ('PENDING_ACTIVATION', 'ACTIVE', 'FROZEN', 'CLOSED')),
    password_hash TEXT NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    terms_version TEXT NOT NULL,
    terms_accepted_at {time} NOT NULL,
    created_at {time} NOT NULL,
    CHECK ((data_key IS NULL) = (name IS NULL)),
    CHECK (data_key IS NOT NULL OR state = 'CLOSED')
) {table};

-- A handle is here only once its owner has shown the code that was sent to it. It is found by its
-- fingerprint, and read with the data key of its owner.
CREATE TABLE handles (
    fingerprint {uuid} PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    user_id {uuid} NOT NULL REFERENCES users (id),
    value {bytes} NOT NULL,
    verified_at {time} NOT NULL
) {table};
CREATE INDEX handles_user ON handles (user_id);

-- A registration of a handle that is taken already has no user: it can't be completed, and looks
-- from outside like any other.
CREATE TABLE registrations (
    id {uuid} PRIMARY KEY,
    fingerprint {uuid} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    handle {bytes} NOT NULL,
    user_id {uuid} REFERENCES users (id),
    tries_left INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    expires_at {time} NOT NULL,
    completed_at {time},
    created_at {time} NOT NULL
) {table};
CREATE INDEX registrations_expiry ON registrations (expires_at);

CREATE TABLE sessions (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    ended_at {time}
) {table};
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Only the SHA-256 of a refresh token is kept. A used one stays, so that its reuse is seen.
CREATE TABLE refresh_tokens (
    hash {bytes} PRIMARY KEY CHECK (length(hash) = 32),
    session_id {uuid} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at {time} NOT NULL,
    used_at {time}
) {table};
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Bank accounts of people at other banks. The same IBAN has the same fingerprint.
CREATE TABLE instruments (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('BANK_ACCOUNT')),
    fingerprint {uuid} NOT NULL,
    iban {bytes} NOT NULL,
    holder {bytes} NOT NULL,
    nickname {bytes},
    created_at {time} NOT NULL,
    UNIQUE (user_id, fingerprint)
) {table};
