-- PostgreSQL only. The same rule as before, in one pass over what a statement adds.

CREATE OR REPLACE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written
        LEFT JOIN accounts ON accounts.id = written.account_id
        LEFT JOIN transactions ON transactions.id = written.transaction_id
        GROUP BY written.transaction_id, accounts.currency
        HAVING count(accounts.id) < count(*) OR count(transactions.id) < count(*) OR sum(written.amount) <> 0)
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
