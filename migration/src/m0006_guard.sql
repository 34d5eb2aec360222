-- Until when little may leave the wallet of somebody who has come back without its password.
ALTER TABLE users ADD COLUMN guarded_until {time};

-- What payments of guarded people take of the little that may leave, in cents of euros, by their idempotency key.
-- A payment that was refused, or given back, takes nothing in the end: `transactions` tells.
CREATE TABLE guarded_payments (
    user_id {uuid} NOT NULL REFERENCES users (id),
    idempotency_key TEXT NOT NULL,
    cents {int} NOT NULL CHECK (cents > 0),
    reserved_at {time} NOT NULL,
    PRIMARY KEY (user_id, idempotency_key)
) {table};
CREATE INDEX guarded_payments_time ON guarded_payments (reserved_at);
