-- Payments of which their payer says that they were not its own. One that is decided stays decided.
CREATE TABLE disputes (
    id {uuid} PRIMARY KEY,
    transaction_id {uuid} NOT NULL UNIQUE REFERENCES transactions (id),
    user_id {uuid} NOT NULL REFERENCES users (id),
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'UPHELD', 'DISMISSED')),
    opened_at {time} NOT NULL,
    due_at {time} NOT NULL,
    decided_at {time},
    decided_by {uuid} REFERENCES operators (id),
    CHECK (due_at > opened_at),
    CHECK ((state = 'OPEN') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL))
) {table};
CREATE INDEX disputes_user ON disputes (user_id, id);
CREATE INDEX disputes_open ON disputes (id) WHERE state = 'OPEN';

{refuse disputes_not_removed ON DELETE ON disputes: a dispute is never removed}
{refuse disputes_terms_fixed ON UPDATE OF id, transaction_id, user_id, opened_at, due_at ON disputes: what a dispute is about is never changed}
{refuse disputes_end_is_final ON UPDATE OF state ON disputes WHEN (OLD.state <> 'OPEN'): a decided dispute has ended}
