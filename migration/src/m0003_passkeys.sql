-- Passkeys (WebAuthn): key pairs whose private half a device keeps. Found by the SHA-256 of the credential's
-- id; the public key with its counter, and the name, are sealed with the person's data key.
CREATE TABLE passkeys (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    credential_hash {bytes} NOT NULL UNIQUE CHECK (length(credential_hash) = 32),
    credential {bytes} NOT NULL,
    name {bytes} NOT NULL,
    created_at {time} NOT NULL,
    last_used_at {time}
) {table};
CREATE INDEX passkeys_user ON passkeys (user_id);

-- Registrations and sign-ins under way: what the device was asked, sealed. Each is deleted when it is answered,
-- so that it is answered once. Who signs in is not known before the answer.
CREATE TABLE passkey_ceremonies (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('REGISTER', 'SIGN_IN')),
    user_id {uuid} REFERENCES users (id),
    session_id {uuid} REFERENCES sessions (id) ON DELETE CASCADE,
    state {bytes} NOT NULL,
    expires_at {time} NOT NULL,
    CHECK ((kind = 'REGISTER') = (user_id IS NOT NULL)),
    CHECK ((user_id IS NULL) = (session_id IS NULL))
) {table};
CREATE INDEX passkey_ceremonies_expiry ON passkey_ceremonies (expires_at);

-- What the passkeys of the person were asked with a question, sealed.
ALTER TABLE challenges ADD COLUMN passkey {bytes};

-- The same for a password that is replaced.
ALTER TABLE password_resets ADD COLUMN passkey {bytes};
