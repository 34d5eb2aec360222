-- PostgreSQL only: a payment rests on a session of the payer and a handle of the payee. To look both up for each payment was a
-- sixth of what the ledger's statement cost. Now the end of a session or of a handle is counted in the accounts of its owner,
-- which the statement visits anyhow: as long as the number is the same, what was looked up once is still so. SQLite has one
-- writer, which looks everything up behind its lock.
--
-- Deferred, so that the accounts are locked last and only while the transaction commits, in the ledger's order: neither waits for
-- the other in a circle. The person is locked before, as everybody does who ends a session: accounts are opened behind that lock, so
-- that none is opened uncounted meanwhile. Once for a person and a transaction, however much of it ends: all of it is seen at once.

CREATE FUNCTION revoke() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('wallet.revoked', true) IS DISTINCT FROM OLD.user_id::text THEN
        PERFORM FROM users WHERE id = OLD.user_id FOR NO KEY UPDATE;
        PERFORM FROM accounts WHERE owner = OLD.user_id ORDER BY id FOR NO KEY UPDATE;
        UPDATE accounts SET revocations = revocations + 1 WHERE owner = OLD.user_id;
        PERFORM set_config('wallet.revoked', OLD.user_id::text, true);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER sessions_revoked AFTER UPDATE OF id, user_id, expires_at, ended_at ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL OR NEW.expires_at < OLD.expires_at OR NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id)
    EXECUTE FUNCTION revoke();
-- One that has ended or expired revokes nothing any more; a day, because the api has a clock of its own.
CREATE CONSTRAINT TRIGGER sessions_removed AFTER DELETE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.ended_at IS NULL AND OLD.expires_at > now() - interval '1 day')
    EXECUTE FUNCTION revoke();

CREATE CONSTRAINT TRIGGER handles_revoked AFTER UPDATE OF fingerprint, user_id ON handles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.fingerprint <> OLD.fingerprint OR NEW.user_id <> OLD.user_id)
    EXECUTE FUNCTION revoke();
CREATE CONSTRAINT TRIGGER handles_removed AFTER DELETE ON handles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revoke();
