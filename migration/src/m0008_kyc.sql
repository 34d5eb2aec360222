-- How well a person is known, from 0 to 3. A level is asked for with a profile and documents, which lie elsewhere and
-- are named by a reference; two operators raise it.

ALTER TABLE users ADD COLUMN kyc_level INTEGER NOT NULL DEFAULT 0 CHECK (kyc_level BETWEEN 0 AND 3);

CREATE TABLE kyc_applications (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 3),
    form {bytes} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'APPROVED', 'REJECTED', 'WITHDRAWN')),
    reason {bytes},
    created_at {time} NOT NULL,
    decided_at {time},
    CHECK ((state = 'OPEN') = (decided_at IS NULL)),
    CHECK (reason IS NULL OR state = 'REJECTED')
) {table};
CREATE UNIQUE INDEX kyc_applications_open ON kyc_applications (user_id) WHERE state = 'OPEN';
CREATE INDEX kyc_applications_user ON kyc_applications (user_id);
