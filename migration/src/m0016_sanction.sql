-- Lists of who may not be dealt with, as states publish them, and people whose names are like one on them. That a list
-- was in force, and that a name was found, stays written.
CREATE TABLE sanction_lists (
    id {uuid} PRIMARY KEY,
    source TEXT NOT NULL CHECK (source IN ('OFAC', 'EU', 'UN')),
    version TEXT NOT NULL CHECK (length(version) = 64),
    size {int} NOT NULL CHECK (size > 0),
    loaded_at {time} NOT NULL,
    replaced_at {time},
    -- How far everybody was screened against it.
    screened_to {uuid},
    screened_at {time}
) {table};
-- One of each source is in force.
CREATE UNIQUE INDEX sanction_lists_in_force ON sanction_lists (source) WHERE replaced_at IS NULL;

-- What stands in those in force: who it is can be had of them again by the version, which is a digest of the file.
CREATE TABLE sanction_contents (
    list_id {uuid} PRIMARY KEY REFERENCES sanction_lists (id),
    entries TEXT NOT NULL
) {table};

CREATE TABLE sanction_hits (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    list_id {uuid} NOT NULL REFERENCES sanction_lists (id),
    source TEXT NOT NULL CHECK (source IN ('OFAC', 'EU', 'UN')),
    reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 100),
    -- The entry as it stood in the list.
    entry TEXT NOT NULL,
    -- A fingerprint of the name, and which of the person's names it is.
    name {uuid} NOT NULL,
    field TEXT NOT NULL CHECK (field IN ('DISPLAY_NAME', 'FULL_NAME', 'ACCOUNT_HOLDER')),
    birth TEXT NOT NULL CHECK (birth IN ('SAME', 'POSSIBLE', 'UNKNOWN', 'CONTRADICTS')),
    score INTEGER NOT NULL CHECK (score BETWEEN 0 AND 1000),
    strong {bool} NOT NULL,
    explanation {bytes} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OPEN', 'CLEARED', 'CONFIRMED')),
    reason {bytes},
    raised_at {time} NOT NULL,
    decided_at {time},
    decided_by {uuid} REFERENCES operators (id),
    CHECK ((state = 'OPEN') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK ((decided_at IS NULL) = (reason IS NULL))
) {table};
CREATE UNIQUE INDEX sanction_hits_once ON sanction_hits (user_id, source, reference, name) WHERE state = 'OPEN';
CREATE INDEX sanction_hits_user ON sanction_hits (user_id);
CREATE INDEX sanction_hits_state ON sanction_hits (state, id);

{refuse sanction_lists_not_removed ON DELETE ON sanction_lists: a list that was in force is never removed}
{refuse sanction_lists_fixed ON UPDATE OF id, source, version, size, loaded_at ON sanction_lists: what a list is is never changed}
{refuse sanction_lists_replaced_once ON UPDATE OF replaced_at ON sanction_lists WHEN (OLD.replaced_at IS NOT NULL): a list that was replaced stays so}
{refuse sanction_hits_not_removed ON DELETE ON sanction_hits: a hit is never removed}
{refuse sanction_hits_terms_fixed ON UPDATE OF id, user_id, source, reference, name, raised_at ON sanction_hits: what a hit is about is never changed}
{refuse sanction_hits_end_is_final ON UPDATE ON sanction_hits WHEN (OLD.state <> 'OPEN'): a decided hit has ended}
