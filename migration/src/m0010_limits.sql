-- What a person has sent away lately, in cents of euros: kept in the row of its first account. `spent_on` is the day of
-- the last payment, by number from the first of the common era; `spent_month` is what left in the month of that day.
ALTER TABLE accounts ADD COLUMN spent_on INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN spent_day {int} NOT NULL DEFAULT 0 CHECK (spent_day >= 0);
ALTER TABLE accounts ADD COLUMN spent_month {int} NOT NULL DEFAULT 0 CHECK (spent_month >= spent_day);
