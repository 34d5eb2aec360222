-- PostgreSQL only. The same rules as before, in one pass over what a statement adds. Scalar
-- subqueries, because a join of so few rows with so large tables is planned as a walk through all of
-- an index as soon as their statistics are old.

CREATE OR REPLACE FUNCTION transactions_have_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
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
