-- People: who they are, how they are reached, how they sign in. What is known of a person is sealed with
-- its data key, which is sealed with the master key. Without the data key the person is forgotten.

CREATE TABLE house_secrets (
    name TEXT PRIMARY KEY,
    sealed {bytes} NOT NULL,
    created_at {time} NOT NULL
) {table};

-- What access tokens are signed with: Ed25519 seeds, sealed. The latest that has begun signs.
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    seed {bytes} NOT NULL,
    signs_from {time} NOT NULL,
    created_at {time} NOT NULL
) {table};

CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    data_key {bytes},
    name {bytes},
    phrase {bytes},
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'FROZEN', 'CLOSED')),
    frozen_by TEXT CHECK (frozen_by IN ('PERSON', 'OPERATOR')),
    frozen_at {time},
    password_hash TEXT NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    password_set_at {time} NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('EN', 'ZH')),
    time_zone TEXT NOT NULL,
    terms_version TEXT NOT NULL,
    terms_accepted_at {time} NOT NULL,
    created_at {time} NOT NULL,
    CHECK ((data_key IS NULL) = (name IS NULL)),
    CHECK ((state = 'FROZEN') = (frozen_by IS NOT NULL)),
    CHECK ((frozen_by IS NULL) = (frozen_at IS NULL)),
    CHECK (data_key IS NOT NULL OR (state = 'CLOSED' AND phrase IS NULL))
) {table};

-- A handle is here only once its owner has shown the code that was sent to it. It is found by its
-- fingerprint, and read with the data key of its owner. Warnings go to the primary one.
CREATE TABLE handles (
    fingerprint {uuid} PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    user_id {uuid} NOT NULL REFERENCES users (id),
    value {bytes} NOT NULL,
    is_primary {bool} NOT NULL,
    verified_at {time} NOT NULL
) {table};
CREATE INDEX handles_user ON handles (user_id);
CREATE UNIQUE INDEX handles_primary ON handles (user_id) WHERE is_primary;

-- A code that was sent to a handle: its HMAC. Without one it is for a handle that is taken already: it
-- can't be shown, and looks from outside like any other.
CREATE TABLE verifications (
    id {uuid} PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('SIGN_UP', 'ADD_HANDLE')),
    user_id {uuid} REFERENCES users (id),
    fingerprint {uuid} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    handle {bytes} NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('EN', 'ZH')),
    code {bytes} CHECK (length(code) = 32),
    tries_left INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    expires_at {time} NOT NULL,
    completed_at {time},
    created_at {time} NOT NULL,
    CHECK ((purpose = 'SIGN_UP') = (user_id IS NULL))
) {table};
CREATE INDEX verifications_expiry ON verifications (expires_at);
CREATE INDEX verifications_handle ON verifications (fingerprint);

-- What somebody who signs up has said, until the code is shown.
CREATE TABLE registrations (
    id {uuid} PRIMARY KEY REFERENCES verifications (id) ON DELETE CASCADE,
    form {bytes} NOT NULL,
    password_hash TEXT NOT NULL CHECK (password_hash LIKE '$argon2id$%')
) {table};

-- A device is known by a token of its own; only its SHA-256 is kept.
CREATE TABLE devices (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    token_hash {bytes} NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    agent {bytes} NOT NULL,
    first_seen_at {time} NOT NULL,
    last_seen_at {time} NOT NULL
) {table};
CREATE INDEX devices_user ON devices (user_id);

-- A session expires when it was not refreshed for a while, and in any case when its life is over. It is
-- confirmed when the person has shown in it more than the password.
CREATE TABLE sessions (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    device_id {uuid} REFERENCES devices (id),
    address {bytes},
    created_at {time} NOT NULL,
    refreshed_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    confirmed_at {time},
    ended_at {time},
    end_reason TEXT CHECK (end_reason IN ('SIGNED_OUT', 'REVOKED', 'TOKEN_REUSED', 'NOT_ME', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'LOCKED', 'CLOSED', 'FACTOR_CHANGED')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
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

-- The secret of an authenticator app. No code of `last_step` or before is taken any more.
CREATE TABLE totp_secrets (
    user_id {uuid} PRIMARY KEY REFERENCES users (id),
    secret {bytes} NOT NULL,
    last_step {int} NOT NULL,
    confirmed_at {time},
    created_at {time} NOT NULL
) {table};

-- Codes for the day that the app is lost: their HMAC. Each works once.
CREATE TABLE recovery_codes (
    user_id {uuid} NOT NULL REFERENCES users (id),
    hash {bytes} NOT NULL CHECK (length(hash) = 32),
    used_at {time},
    PRIMARY KEY (user_id, hash)
) {table};

-- A question that only the person can answer, before an act. `digest` is the act that it is for, `code`
-- the HMAC of a code that was sent, where one was.
CREATE TABLE challenges (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    session_id {uuid} REFERENCES sessions (id) ON DELETE CASCADE,
    act TEXT NOT NULL CHECK (act IN ('SIGN_IN', 'PAYMENT', 'SECURITY')),
    digest {bytes} NOT NULL CHECK (length(digest) = 32),
    code {bytes} CHECK (length(code) = 32),
    tries_left INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    expires_at {time} NOT NULL,
    passed_at {time},
    spent_at {time},
    created_at {time} NOT NULL,
    CHECK ((act = 'SIGN_IN') = (session_id IS NULL)),
    CHECK (spent_at IS NULL OR passed_at IS NOT NULL)
) {table};
CREATE INDEX challenges_expiry ON challenges (expires_at);

-- People and bank accounts that a person is not asked about again.
CREATE TABLE trusted_payees (
    user_id {uuid} NOT NULL REFERENCES users (id),
    payee {uuid} NOT NULL,
    name {bytes} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (user_id, payee)
) {table};

-- A password that is to be replaced by whoever reads a handle. Who that is, and whether there is somebody,
-- is found out later, by a worker, so that asking is the same for everybody.
CREATE TABLE password_resets (
    id {uuid} PRIMARY KEY,
    fingerprint {uuid} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    handle {bytes} NOT NULL,
    user_id {uuid} REFERENCES users (id),
    token_hash {bytes} UNIQUE CHECK (length(token_hash) = 32),
    tries_left INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    expires_at {time} NOT NULL,
    used_at {time},
    created_at {time} NOT NULL,
    CHECK ((user_id IS NULL) = (token_hash IS NULL))
) {table};
CREATE INDEX password_resets_expiry ON password_resets (expires_at);

-- How often something was tried, by whatever is counted: a handle or an address, as a digest.
CREATE TABLE throttles (
    key {uuid} PRIMARY KEY,
    used INTEGER NOT NULL CHECK (used >= 0),
    strikes INTEGER NOT NULL CHECK (strikes >= 0),
    ends_at {time} NOT NULL
) {table};
CREATE INDEX throttles_end ON throttles (ends_at);

-- What happened to a person's security, each entry chained to the one before by SHA-256.
CREATE TABLE security_events (
    user_id {uuid} NOT NULL REFERENCES users (id),
    seq {int} NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    detail {bytes} NOT NULL,
    at {time} NOT NULL,
    hash {bytes} NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, seq)
) {table};

-- The inbox of a person: one entry for each event.
CREATE TABLE notifications (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    event {uuid} NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('SECURITY', 'PAYMENTS', 'NEWS')),
    content {bytes} NOT NULL,
    created_at {time} NOT NULL,
    read_at {time},
    UNIQUE (user_id, event)
) {table};
CREATE INDEX notifications_inbox ON notifications (user_id, id);

-- By which channels a person wants to hear of a category; without a row, by all that fit.
CREATE TABLE notification_preferences (
    user_id {uuid} NOT NULL REFERENCES users (id),
    category TEXT NOT NULL CHECK (category IN ('PAYMENTS', 'NEWS')),
    mail {bool} NOT NULL,
    sms {bool} NOT NULL,
    PRIMARY KEY (user_id, category)
) {table};

-- What is to be sent to a handle: once for each event, channel and recipient. What it says is
-- forgotten when it is sent.
CREATE TABLE messages (
    id {uuid} PRIMARY KEY,
    event {uuid} NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('MAIL', 'SMS')),
    recipient {uuid} NOT NULL,
    content {bytes},
    created_at {time} NOT NULL,
    sent_at {time},
    UNIQUE (event, channel, recipient),
    CHECK ((content IS NULL) = (sent_at IS NOT NULL))
) {table};
CREATE INDEX messages_sent ON messages (sent_at);

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

{refuse security_events_not_changed ON UPDATE ON security_events: a security event is never changed}
{refuse security_events_not_removed ON DELETE ON security_events: a security event is never removed}
