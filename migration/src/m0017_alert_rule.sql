-- What people want to be told of their money. A rule is removed, and never changed.
CREATE TABLE alert_rules (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('MONEY_OUT_AT_LEAST', 'MONEY_IN_AT_LEAST', 'BALANCE_AT_MOST')),
    currency TEXT NOT NULL CHECK (length(currency) BETWEEN 3 AND 12),
    amount {int} NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000000),
    created_at {time} NOT NULL,
    UNIQUE (user_id, kind, currency, amount)
) {table};

{refuse alert_rules_not_changed ON UPDATE ON alert_rules: an alert rule is never changed}

-- What was still on its way to somebody with rules when the watch passed it: the watch looks again when it has ended.
CREATE TABLE alert_rule_waits (
    transaction_id {uuid} PRIMARY KEY REFERENCES transactions (id)
) {table};
