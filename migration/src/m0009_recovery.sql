-- A wallet whose handle is lost: the new handle is verified first, so a code may be for that, too. Codes live ten
-- minutes; who waits for one while this is applied asks for another.

DROP TABLE registrations;
DROP TABLE verifications;

CREATE TABLE verifications (
    id {uuid} PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('SIGN_UP', 'ADD_HANDLE', 'RECOVER')),
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
    CHECK ((purpose = 'ADD_HANDLE') = (user_id IS NOT NULL))
) {table};
CREATE INDEX verifications_expiry ON verifications (expires_at);
CREATE INDEX verifications_handle ON verifications (fingerprint);

CREATE TABLE registrations (
    id {uuid} PRIMARY KEY REFERENCES verifications (id) ON DELETE CASCADE,
    form {bytes} NOT NULL,
    password_hash TEXT NOT NULL CHECK (password_hash LIKE '$argon2id$%')
) {table};

-- Who says to have lost a handle. Whose it was is found out later, by a worker, so that asking is the same for
-- everybody. What was said is forgotten with the case.
CREATE TABLE recovery_cases (
    id {uuid} PRIMARY KEY,
    token_hash {bytes} NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    lost {uuid} NOT NULL,
    found {uuid} NOT NULL,
    claim {bytes},
    user_id {uuid} REFERENCES users (id),
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'APPROVED', 'DONE', 'REJECTED', 'CANCELLED')),
    opened_at {time} NOT NULL,
    effective_at {time},
    closed_at {time},
    CHECK (state NOT IN ('APPROVED', 'DONE') OR (user_id IS NOT NULL AND effective_at IS NOT NULL)),
    CHECK ((state IN ('OPEN', 'APPROVED')) = (closed_at IS NULL)),
    CHECK (closed_at IS NOT NULL OR claim IS NOT NULL)
) {table};
CREATE INDEX recovery_cases_user ON recovery_cases (user_id);
CREATE INDEX recovery_cases_effective ON recovery_cases (effective_at) WHERE state = 'APPROVED';
