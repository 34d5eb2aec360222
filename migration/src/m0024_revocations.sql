-- Another number each time that the owner loses a session or a handle, on PostgreSQL: what was found to be its own is so until this
-- number is another one (see m0025).
ALTER TABLE accounts ADD COLUMN revocations {int} NOT NULL DEFAULT 0;
