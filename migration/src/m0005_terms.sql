-- Which terms of use a person has accepted: one row for each version, kept as evidence. `digest` is the SHA-256
-- of the text that was accepted. The address is sealed with the person's data key. Who signed up before this
-- table was there has its version in `users` alone.
CREATE TABLE term_acceptances (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    version TEXT NOT NULL,
    digest {bytes} NOT NULL CHECK (length(digest) = 32),
    address {bytes} NOT NULL,
    accepted_at {time} NOT NULL,
    UNIQUE (user_id, version)
) {table};

{refuse term_acceptances_not_changed ON UPDATE ON term_acceptances: an acceptance is never changed}
{refuse term_acceptances_not_removed ON DELETE ON term_acceptances: an acceptance is never removed}
