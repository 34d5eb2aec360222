-- PostgreSQL only. Six foreign keys a transfer were two fifths of what the ledger's statement cost:
-- each row of each key is a query of its own. Accounts and transactions are never removed, so that
-- one query for all rows of a statement says the same. It also says what no foreign key can: the
-- postings that a statement adds to a transaction sum to zero in each currency.

ALTER TABLE transactions
    DROP CONSTRAINT transactions_debit_account_fkey,
    DROP CONSTRAINT transactions_credit_account_fkey;
ALTER TABLE postings
    DROP CONSTRAINT postings_account_id_fkey,
    DROP CONSTRAINT postings_transaction_id_fkey;

CREATE FUNCTION transactions_have_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written
        LEFT JOIN accounts debit ON debit.id = written.debit_account
        LEFT JOIN accounts credit ON credit.id = written.credit_account
        WHERE debit.id IS NULL OR credit.id IS NULL)
    THEN
        RAISE EXCEPTION 'a transaction names an account that does not exist'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transactions_have_accounts AFTER INSERT ON transactions
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION transactions_have_accounts();

CREATE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written
        LEFT JOIN accounts ON accounts.id = written.account_id
        LEFT JOIN transactions ON transactions.id = written.transaction_id
        WHERE accounts.id IS NULL OR transactions.id IS NULL)
    THEN
        RAISE EXCEPTION 'a posting names an account or a transaction that does not exist'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM written JOIN accounts ON accounts.id = written.account_id
        GROUP BY written.transaction_id, accounts.currency HAVING sum(written.amount) <> 0)
    THEN
        RAISE EXCEPTION 'the postings of a transaction do not sum to zero'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER postings_balance AFTER INSERT ON postings
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION postings_balance();
