//! Security questions: what a person has chosen to be asked, for houses that want them (`SECURITY_QUESTIONS=on`).
//!
//! They are off unless a house turns them on: what others can find out or guess is no proof (ASVS 5.0, 6.4.2, wants
//! none at all). Guarantees: nothing is opened by an answer; [`check`] is one signal among others for the people
//! who look at a recovery. An answer is kept as its Argon2id hash, which is sealed with the person's data key. It
//! is compared without regard to case, width, accents written in two ways, and spaces. All answers have to be
//! right, and which was wrong is not told. Tries are counted by person: five a day.
//!
//! Refuses `SECURITY_QUESTIONS_OFF`, `SECURITY_QUESTIONS_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`, and whatever the
//! proof is refused with.

use crate::bank::Bank;
use crate::error::Result;
use crate::id::{QuestionId, UserId};
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::password::Password;
use crate::proof::{self, Proof};
use crate::refusal::{Code, Refusal};
use crate::security_event::SecurityEventKind;
use crate::session::Caller;
use crate::table::security_question;
use crate::throttle::{By, Counted, take};
use crate::user::{self, parse_text};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::collections::HashSet;
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Questions that a person has, if it has some.
const COUNT: std::ops::RangeInclusive<usize> = 3..=10;

/// A question and its answer, as the person wants them. The answer is never printed.
pub struct Chosen {
    question: String,
    answer: String,
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chosen({:?})", self.question)
    }
}

impl Chosen {
    /// A question of 1 to 100 characters, and an answer of 3 to 100 that is not in the question itself.
    ///
    /// # Errors
    /// `SECURITY_QUESTIONS_INVALID`.
    pub fn parse(question: &str, answer: &str) -> Result<Self, Refusal> {
        let (question, answer) = (parse_text(question, invalid())?, normal(answer));
        let fits = (3..=100).contains(&answer.chars().count()) && !normal(&question).contains(&answer);
        if fits { Ok(Self { question, answer }) } else { Err(invalid()) }
    }
}

fn invalid() -> Refusal {
    Code::SecurityQuestionsInvalid.at("questions")
}

/// What is the same answer is the same text: NFKC (Unicode TR 15), small letters, single spaces.
fn normal(text: &str) -> String {
    let small: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    small.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// None, or three to ten, of which no two are the same.
fn refuse_unless_good(chosen: &[Chosen]) -> Result<(), Refusal> {
    let questions: HashSet<_> = chosen.iter().map(|chosen| normal(&chosen.question)).collect();
    let answers: HashSet<_> = chosen.iter().map(|chosen| &chosen.answer).collect();
    let differ = questions.len() == chosen.len() && answers.len() == chosen.len();
    let good = chosen.is_empty() || (COUNT.contains(&chosen.len()) && differ);
    if good { Ok(()) } else { Err(invalid()) }
}

const QUESTION: &str = "security_questions.question";
const ANSWER: &str = "security_questions.answer";

/// Chooses questions in place of those before; none for none any more, which is also taken where they are off.
///
/// # Errors
/// See the module.
pub async fn set(
    bank: &Bank,
    caller: Caller,
    chosen: Vec<Chosen>,
    proof: Proof,
    origin: &Origin,
) -> Result<()> {
    if !bank.security_questions && !chosen.is_empty() {
        return Err(Code::SecurityQuestionsOff.into());
    }
    refuse_unless_good(&chosen)?;
    proof::confirm(bank, caller, proof).await?;
    let mut hashed = Vec::new();
    for Chosen { question, answer } in chosen {
        hashed.push((question, bank.passwords.hash(Password::typed(answer)).await?));
    }
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let own = security_question::COLUMN.user_id.eq(caller.user);
    security_question::Entity::delete_many().filter(own).exec(&tx).await?;
    for (question, answer) in hashed {
        let id = QuestionId(bank.ids.next(now));
        let row = security_question::Model {
            id,
            user_id: caller.user,
            question: key.seal(QUESTION, id.0, &question)?,
            answer: key.seal(ANSWER, id.0, &answer)?,
            created_at: now,
        };
        security_question::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    }
    let notice = Notice::SecurityQuestionsChanged;
    notification::warn(bank, &tx, &key, SecurityEventKind::SecurityQuestionsChanged, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

async fn rows(bank: &Bank, id: UserId) -> Result<Vec<security_question::Model>> {
    let own = security_question::Entity::find().filter(security_question::COLUMN.user_id.eq(id));
    Ok(own.order_by_asc(security_question::Column::Id).all(bank.db.connection()).await?)
}

/// The questions of a person, in its order.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, id: UserId) -> Result<Vec<String>> {
    let key = user::data_key(bank, bank.db.connection(), id).await?;
    let rows = rows(bank, id).await?.into_iter();
    rows.map(|row| Ok(key.open(QUESTION, row.id.0, &row.question)?)).collect()
}

/// Whether the answers, in the order of the questions, are all right; none, where questions are off or the person
/// has none. It counts in a transaction of its own, so it must not be asked inside another one. It opens nothing:
/// whoever asks takes it as one signal, and never as enough.
///
/// # Errors
/// `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn check(bank: &Bank, id: UserId, answers: &[String]) -> Result<Option<bool>> {
    let rows = if bank.security_questions { rows(bank, id).await? } else { Vec::new() };
    if rows.is_empty() {
        return Ok(None);
    }
    take(bank, Counted::SecurityQuestions, By::user(id)).await?;
    let key = user::data_key(bank, bank.db.connection(), id).await?;
    let mut right = answers.len() == rows.len();
    let given = answers.iter().map(String::as_str).chain(std::iter::repeat(""));
    for (row, answer) in rows.iter().zip(given) {
        let hash = key.open(ANSWER, row.id.0, &row.answer)?;
        // Each is looked at, so that the time does not tell which was wrong.
        let verdict = bank.passwords.verify(Password::typed(normal(answer)), hash).await?;
        right &= verdict.is_right();
    }
    Ok(Some(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_is_written_in_many_ways() {
        for text in ["Saint  Étienne", " saint e\u{301}tienne\t", "ＳＡＩＮＴ ÉTIENNE"] {
            assert_eq!(normal(text), "saint étienne", "{text}");
        }
        assert_eq!(normal("①"), "1");
    }

    #[test]
    fn questions_are_three_and_differ_and_don_t_hold_their_answers() {
        let chosen = |pairs: &[(&str, &str)]| {
            let chosen: Result<Vec<_>, _> = pairs.iter().map(|(q, a)| Chosen::parse(q, a)).collect();
            chosen.and_then(|chosen| refuse_unless_good(&chosen))
        };
        let (one, two, three) =
            (("First street?", "Elm"), ("First boat?", "Argo"), ("First song?", "Blackbird"));
        assert!(chosen(&[one, two, three]).is_ok() && chosen(&[]).is_ok());
        for bad in [
            &[one, two][..],
            &[one, two, ("first  STREET?", "other")],
            &[one, two, ("Another?", "elm ")],
            &[one, two, ("Is it Rex?", "rex")],
            &[one, two, ("Short?", "x ")],
            &[one, two, ("\u{200b}", "Blackbird")],
        ] {
            assert!(chosen(bad).is_err(), "{bad:?}");
        }
        assert!(!format!("{:?}", Chosen::parse(one.0, one.1)).contains("lm"));
    }
}
