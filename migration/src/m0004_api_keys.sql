-- Keys with which programs act for a person. A key is a session without a device: it has its id, and ends with
-- it. Only the SHA-256 of the secret is kept; `hint` is its beginning and its last four letters. What its payments
-- have used up of the limit since `window_start` is `spent`, which no race can bring above the limit.
CREATE TABLE api_keys (
    id {uuid} PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES users (id),
    secret_hash {bytes} NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    hint TEXT NOT NULL CHECK (length(hint) <= 20),
    name {bytes} NOT NULL,
    scopes TEXT NOT NULL CHECK (length(scopes) > 0),
    networks {bytes} NOT NULL,
    spend_currency TEXT CHECK (length(spend_currency) = 3),
    spend_limit {int} CHECK (spend_limit > 0),
    spend_interval TEXT CHECK (spend_interval IN ('DAY', 'WEEK', 'MONTH')),
    window_start {time},
    spent {int} NOT NULL CHECK (spent >= 0 AND (spent = 0 OR spent <= spend_limit)),
    created_at {time} NOT NULL,
    last_used_at {time},
    CHECK ((spend_limit IS NULL) = (spend_currency IS NULL)),
    CHECK ((spend_limit IS NULL) = (spend_interval IS NULL)),
    CHECK (spend_limit IS NOT NULL OR spent = 0)
) {table};
CREATE INDEX api_keys_user ON api_keys (user_id);

-- What of it stands for which act: `act` is a digest of the idempotency key and the amount. `attempts` are those
-- that have made it, are under way, or of which nobody knows.
CREATE TABLE api_key_spends (
    key_id {uuid} NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    act {uuid} NOT NULL,
    amount {int} NOT NULL CHECK (amount > 0),
    window_start {time} NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    PRIMARY KEY (key_id, act)
) {table};
CREATE INDEX api_key_spends_window ON api_key_spends (window_start);
