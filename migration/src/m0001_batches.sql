-- PostgreSQL only, instead of foreign keys on the hot tables: six a transfer were two fifths of what the
-- ledger's statement cost, because each row of each key is a query of its own. Accounts and transactions
-- are never removed, so that one query for all rows of a statement says the same. It also says what no
-- foreign key can: the postings that a statement adds to a transaction sum to zero in each currency.
--
-- Scalar subqueries, because a join of so few rows with so large tables is planned as a walk through all
-- of an index as soon as their statistics are old.

ALTER TABLE transactions
    DROP CONSTRAINT transactions_debit_account_fkey,
    DROP CONSTRAINT transactions_credit_account_fkey;
ALTER TABLE postings
    DROP CONSTRAINT postings_account_id_fkey,
    DROP CONSTRAINT postings_transaction_id_fkey;

CREATE FUNCTION transactions_have_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written
        WHERE (SELECT currency FROM accounts WHERE id = debit_account) IS NULL
            OR (SELECT currency FROM accounts WHERE id = credit_account) IS NULL)
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
    IF EXISTS (SELECT 1 FROM (SELECT transaction_id, amount,
            (SELECT currency FROM accounts WHERE id = account_id) AS currency FROM written OFFSET 0) posted
        GROUP BY transaction_id, currency
        HAVING sum(amount) <> 0 OR currency IS NULL
            OR (SELECT state FROM transactions WHERE id = transaction_id) IS NULL)
    THEN
        IF EXISTS (SELECT 1 FROM written
            LEFT JOIN accounts ON accounts.id = written.account_id
            LEFT JOIN transactions ON transactions.id = written.transaction_id
            WHERE accounts.id IS NULL OR transactions.id IS NULL)
        THEN
            RAISE EXCEPTION 'a posting names an account or a transaction that does not exist'
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        RAISE EXCEPTION 'the postings of a transaction do not sum to zero'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER postings_balance AFTER INSERT ON postings
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION postings_balance();
