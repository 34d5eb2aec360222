-- PostgreSQL only: where a table has a trigger BEFORE UPDATE … FOR EACH ROW, it locks every row before it updates it, which is a
-- record in the log and a change of the page more, even where no column of the trigger is updated. On the two hot tables, what
-- refuses an update whatever the row refuses the statement instead; what depends on the row looks at it afterwards.

DROP TRIGGER accounts_terms_fixed ON accounts;
CREATE TRIGGER accounts_terms_fixed BEFORE UPDATE OF id, owner, purpose, currency, opened_at ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_terms_fixed();

DROP TRIGGER transactions_terms_fixed ON transactions;
CREATE TRIGGER transactions_terms_fixed
    BEFORE UPDATE OF id, kind, actor, idempotency_key, currency, amount, debit_account, credit_account, payer, payee, instrument,
        note, created_at ON transactions
    FOR EACH STATEMENT EXECUTE FUNCTION transactions_terms_fixed();

DROP TRIGGER transactions_exchange_fixed ON transactions;
CREATE TRIGGER transactions_exchange_fixed BEFORE UPDATE OF quote_id, target_currency, target_amount ON transactions
    FOR EACH STATEMENT EXECUTE FUNCTION transactions_exchange_fixed();

DROP TRIGGER transactions_end_is_final ON transactions;
CREATE TRIGGER transactions_end_is_final AFTER UPDATE OF state ON transactions
    FOR EACH ROW WHEN (OLD.state IN ('SETTLED', 'FAILED')) EXECUTE FUNCTION transactions_end_is_final();
