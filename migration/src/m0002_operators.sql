-- Operators: the people who run the wallet. Each has an account of its own, which begins as an invitation.

CREATE TABLE operators (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 2 AND 40),
    roles TEXT NOT NULL CHECK (length(roles) > 0),
    state TEXT NOT NULL CHECK (state IN ('INVITED', 'ACTIVE', 'DISMISSED')),
    invitation_hash {bytes} UNIQUE CHECK (length(invitation_hash) = 32),
    invited_until {time},
    password_hash TEXT CHECK (password_hash LIKE '$argon2id$%'),
    totp_secret {bytes},
    totp_step {int} NOT NULL,
    created_at {time} NOT NULL,
    CHECK ((invitation_hash IS NULL) = (invited_until IS NULL)),
    CHECK (state <> 'ACTIVE' OR (password_hash IS NOT NULL AND totp_secret IS NOT NULL)),
    CHECK (state <> 'DISMISSED' OR invitation_hash IS NULL)
) {table};

-- Only the SHA-256 of a token is kept.
CREATE TABLE operator_sessions (
    id {uuid} PRIMARY KEY,
    operator_id {uuid} NOT NULL REFERENCES operators (id),
    token_hash {bytes} NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at {time} NOT NULL,
    used_at {time} NOT NULL,
    ended_at {time}
) {table};
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);

-- What an operator has done and seen, each entry chained to the one before by SHA-256.
CREATE TABLE operator_events (
    operator_id {uuid} NOT NULL REFERENCES operators (id),
    seq {int} NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    subject {uuid},
    detail {bytes} NOT NULL,
    at {time} NOT NULL,
    hash {bytes} NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (operator_id, seq)
) {table};
CREATE INDEX operator_events_subject ON operator_events (subject);

-- What touches money or identity: one operator proposes it, another approves it.
CREATE TABLE proposals (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('UNFREEZE_USER', 'RAISE_LEVEL', 'RECOVER_HANDLE', 'INVITE_OPERATOR')),
    subject {uuid} NOT NULL,
    content {bytes} NOT NULL,
    reason {bytes} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'APPROVED', 'REJECTED')),
    proposed_by {uuid} NOT NULL REFERENCES operators (id),
    decided_by {uuid} REFERENCES operators (id),
    created_at {time} NOT NULL,
    decided_at {time},
    CHECK ((state = 'OPEN') = (decided_by IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK (state <> 'APPROVED' OR decided_by <> proposed_by)
) {table};
CREATE UNIQUE INDEX proposals_open ON proposals (kind, subject) WHERE state = 'OPEN';

{refuse operator_events_not_changed ON UPDATE ON operator_events: what an operator did is never changed}
{refuse operator_events_not_removed ON DELETE ON operator_events: what an operator did is never removed}
