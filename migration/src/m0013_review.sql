-- Payments that wait for an operator before they go on, and what was found of payments before they were made.

{allow IN_REVIEW IN transactions.state: REQUESTED, SUBMITTED, UNKNOWN, SETTLED, FAILED}
CREATE INDEX transactions_in_review ON transactions (id) WHERE state = 'IN_REVIEW';

{allow RELEASE_PAYMENT IN proposals.kind: UNFREEZE_USER, RAISE_LEVEL, RECOVER_HANDLE, INVITE_OPERATOR, ACCEPT_RATES, SET_RATE, SET_FEES}

-- Which rules have fired for a payment before it was made, whatever became of it, and what they were asked about. A key
-- that moved no money may be asked about again; then the last time counts.
CREATE TABLE fraud_verdicts (
    payer {uuid} NOT NULL REFERENCES users (id),
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 64),
    outcome TEXT NOT NULL CHECK (outcome IN ('ALLOW', 'CHALLENGE', 'REVIEW', 'BLOCK')),
    fired TEXT NOT NULL,
    signals TEXT NOT NULL,
    decided_at {time} NOT NULL,
    PRIMARY KEY (payer, idempotency_key)
) {table};
