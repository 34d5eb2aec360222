-- Payments that reviewers look into: who has them, who had them, and what was noted. A case comes to be when it is first given
-- to somebody or noted on.
CREATE TABLE cases (
    transaction_id {uuid} PRIMARY KEY REFERENCES transactions (id),
    assignee {uuid} REFERENCES operators (id),
    assigned_at {time},
    opened_at {time} NOT NULL,
    CHECK ((assignee IS NULL) = (assigned_at IS NULL))
) {table};

-- Each time that a case was given to somebody, or to nobody.
CREATE TABLE case_assignments (
    id {uuid} PRIMARY KEY,
    transaction_id {uuid} NOT NULL REFERENCES cases (transaction_id),
    assignee {uuid} REFERENCES operators (id),
    assigned_by {uuid} NOT NULL REFERENCES operators (id),
    at {time} NOT NULL
) {table};
CREATE INDEX case_assignments_case ON case_assignments (transaction_id, id);

CREATE TABLE case_notes (
    id {uuid} PRIMARY KEY,
    transaction_id {uuid} NOT NULL REFERENCES cases (transaction_id),
    author {uuid} NOT NULL REFERENCES operators (id),
    text {bytes} NOT NULL,
    at {time} NOT NULL
) {table};
CREATE INDEX case_notes_case ON case_notes (transaction_id, id);

{refuse cases_not_removed ON DELETE ON cases: a case is never removed}
{refuse cases_terms_fixed ON UPDATE OF transaction_id, opened_at ON cases: what a case is about is never changed}
{refuse case_assignments_not_changed ON UPDATE ON case_assignments: who had a case is never changed}
{refuse case_assignments_not_removed ON DELETE ON case_assignments: who had a case is never removed}
{refuse case_notes_not_changed ON UPDATE ON case_notes: a note on a case is never changed}
{refuse case_notes_not_removed ON DELETE ON case_notes: a note on a case is never removed}

-- What was found lately is counted for those who watch.
CREATE INDEX IF NOT EXISTS fraud_verdicts_decided ON fraud_verdicts (decided_at);
