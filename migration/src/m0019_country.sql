-- The country that a session was opened from, where a file says which it is, and since when each person is known in which.
ALTER TABLE sessions ADD COLUMN country TEXT CHECK (length(country) = 2);

CREATE TABLE known_countries (
    user_id {uuid} NOT NULL REFERENCES users (id),
    country TEXT NOT NULL CHECK (length(country) = 2),
    first_seen_at {time} NOT NULL,
    PRIMARY KEY (user_id, country)
) {table};

{refuse known_countries_fixed ON UPDATE ON known_countries: since when somebody is known in a country is never changed}
