-- Versions of the rules by which payments are screened. The newest is in force; none is changed, so that each verdict can
-- be explained by the version that it names. Version 0 is what the house begins with.
CREATE TABLE fraud_rule_versions (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    rules TEXT NOT NULL CHECK (length(rules) BETWEEN 2 AND 200000),
    proposal_id {uuid} NOT NULL UNIQUE REFERENCES proposals (id),
    created_at {time} NOT NULL
) {table};

{refuse fraud_rule_versions_fixed ON UPDATE ON fraud_rule_versions: a version of the rules is never changed}
{refuse fraud_rule_versions_not_removed ON DELETE ON fraud_rule_versions: a version of the rules is never removed}

{allow SET_FRAUD_RULES IN proposals.kind: UNFREEZE_USER, RAISE_LEVEL, RECOVER_HANDLE, INVITE_OPERATOR, ACCEPT_RATES, SET_RATE, SET_FEES, RELEASE_PAYMENT}

-- A payment is judged twice: before the money moves, and after. A table's key can't be changed in SQLite.
ALTER TABLE fraud_verdicts RENAME TO fraud_verdicts_before;
CREATE TABLE fraud_verdicts (
    payer {uuid} NOT NULL REFERENCES users (id),
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 64),
    moved {bool} NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    outcome TEXT NOT NULL CHECK (outcome IN ('ALLOW', 'CHALLENGE', 'REVIEW', 'BLOCK')),
    fired TEXT NOT NULL,
    signals TEXT NOT NULL,
    decided_at {time} NOT NULL,
    PRIMARY KEY (payer, idempotency_key, moved)
) {table};
INSERT INTO fraud_verdicts (payer, idempotency_key, moved, version, outcome, fired, signals, decided_at)
    SELECT payer, idempotency_key, FALSE, 0, outcome, fired, signals, decided_at FROM fraud_verdicts_before;
DROP TABLE fraud_verdicts_before;
CREATE INDEX fraud_verdicts_decided ON fraud_verdicts (decided_at);
