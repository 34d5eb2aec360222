-- Questions that a person has chosen and answered, for houses that want them. The question is sealed with the
-- person's data key, and so is the Argon2id hash of the answer: what people answer is soon guessed by who has it.
CREATE TABLE security_questions (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    question {bytes} NOT NULL,
    answer {bytes} NOT NULL,
    created_at {time} NOT NULL
) {table};
CREATE INDEX security_questions_user ON security_questions (user_id);
