-- How people use their wallets, as far as fraud is looked for: what came and went lately, and what is usual. It is made of
-- postings and can be made again from them.
CREATE TABLE fraud_profiles (
    user_id {uuid} PRIMARY KEY REFERENCES users (id),
    profile TEXT NOT NULL,
    version {int} NOT NULL CHECK (version > 0),
    updated_at {time} NOT NULL
) {table};

-- How far the watch over what has moved has come; none, before it has begun.
CREATE TABLE fraud_watch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    place {uuid} NOT NULL
) {table};
