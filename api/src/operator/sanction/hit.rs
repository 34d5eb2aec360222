//! Hits as reviewers see them: who is like whom on a list, and why it is thought so.

use crate::id::Named;
use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::sanction;

/// Whose list it is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sanction::Source", name = "SanctionSource")]
pub(crate) enum Source {
    /// Of the Office of Foreign Assets Control of the United States.
    Ofac,
    /// Of the European Union.
    Eu,
    /// Of the Security Council of the United Nations.
    Un,
}

/// What somebody on a list is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sanction::EntryKind", name = "SanctionEntryKind")]
pub(crate) enum EntryKind {
    /// A human being.
    Person,
    /// A company, a bank, a band.
    Organisation,
}

/// Which of a person's names it is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sanction::Field", name = "ScreenedName")]
pub(crate) enum Field {
    /// What it calls itself.
    DisplayName,
    /// What it is called in its documents.
    FullName,
    /// In whose name its bank account is.
    AccountHolder,
}

/// How the birth of a person fits that of somebody on a list.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sanction::BirthMatch")]
pub(crate) enum BirthMatch {
    /// It is the same day.
    Same,
    /// It may be the same.
    Possible,
    /// One of the two is not known.
    Unknown,
    /// It is another.
    Contradicts,
}

/// What has become of a hit.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "sanction::HitState", name = "SanctionHitState")]
pub(crate) enum HitState {
    /// Somebody has to look.
    Open,
    /// The person is somebody else.
    Cleared,
    /// The person is who is on the list.
    Confirmed,
}

/// When somebody on a list may have been born.
#[derive(SimpleObject)]
pub(crate) struct BirthSpan {
    /// Not before.
    from: NaiveDate,
    /// Not after.
    to: NaiveDate,
}

/// Somebody on a list.
#[derive(SimpleObject)]
pub(crate) struct SanctionEntry {
    /// Whose list.
    source: Source,
    /// The SHA-256 of the file of the list, in hexadecimal digits.
    list_version: String,
    /// How its authority names it.
    reference: String,
    /// What it is.
    kind: EntryKind,
    /// What it is called, the chief name first.
    names: Vec<String>,
    /// When it may have been born, as far as that can be read.
    births: Vec<BirthSpan>,
    /// By which programmes it is listed.
    programmes: Vec<String>,
}

/// Words that were matched, or one that was not.
#[derive(SimpleObject)]
pub(crate) struct WordMatch {
    /// The word of the person's name.
    given: Option<String>,
    /// The word of the name on the list.
    listed: Option<String>,
    /// How like they are, of 1000.
    similarity: i64,
    /// How much it counts: more the fewer on the lists have it.
    weight: i64,
}

/// Why a hit was raised.
#[derive(SimpleObject)]
pub(crate) struct HitExplanation {
    /// The person's name, as it has written it.
    given: String,
    /// The name on the list that is most like it.
    listed: String,
    /// How like they are, of 1000: two thirds what is covered of the name that is covered better, and one third of the other.
    name_score: i64,
    /// What made the score, word by word.
    words: Vec<WordMatch>,
}

/// A person whose name is like one on a sanctions list.
#[derive(SimpleObject)]
pub(crate) struct SanctionHit {
    /// The global id.
    id: ID,
    /// The global id of the person.
    user_id: ID,
    /// Which of its names.
    name: Field,
    /// Whom it may be.
    entry: SanctionEntry,
    /// How the births fit. One that contradicts takes 200 off the score.
    birth: BirthMatch,
    /// Of name and birth, of 1000; from 850 on it is a hit.
    score: i32,
    /// Whether it has frozen the wallet: born on the same day, or from 950 on where nothing contradicts.
    strong: bool,
    /// Why; none, if the person has left.
    explanation: Option<HitExplanation>,
    /// What has become of it.
    state: HitState,
    /// Why it was decided so.
    reason: Option<String>,
    /// When it was raised.
    raised_at: DateTime<Utc>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
    /// The global id of who has decided it.
    decided_by_id: Option<ID>,
    /// The global id of the proposal by which it was cleared after it had been confirmed.
    overturned_by_id: Option<ID>,
}

impl From<sanction::WordMatch> for WordMatch {
    fn from(word: sanction::WordMatch) -> Self {
        let sanction::WordMatch { given, listed, similarity, weight } = word;
        Self { given, listed, similarity, weight }
    }
}

impl From<sanction::Explanation> for HitExplanation {
    fn from(explanation: sanction::Explanation) -> Self {
        Self {
            given: explanation.given,
            listed: explanation.listed,
            name_score: explanation.name_score,
            words: explanation.words.into_iter().map(WordMatch::from).collect(),
        }
    }
}

impl From<(sanction::Source, String, sanction::Entry)> for SanctionEntry {
    fn from((source, list_version, entry): (sanction::Source, String, sanction::Entry)) -> Self {
        let readable = entry.births.into_iter().filter(|birth| *birth != sanction::Birth::UNREADABLE);
        Self {
            source: source.into(),
            list_version,
            reference: entry.reference,
            kind: entry.kind.into(),
            names: entry.names,
            births: readable.map(|birth| BirthSpan { from: birth.from, to: birth.to }).collect(),
            programmes: entry.programmes,
        }
    }
}

impl From<sanction::Hit> for SanctionHit {
    fn from(hit: sanction::Hit) -> Self {
        Self {
            id: hit.id.to_global().to_id(),
            user_id: hit.user.to_global().to_id(),
            name: hit.field.into(),
            entry: (hit.source, hit.version, hit.entry).into(),
            birth: hit.birth.into(),
            score: hit.score,
            strong: hit.strong,
            explanation: hit.explanation.map(HitExplanation::from),
            state: hit.state.into(),
            reason: hit.reason,
            raised_at: hit.raised_at,
            decided_at: hit.decided_at,
            decided_by_id: hit.decided_by.map(|id| id.to_global().to_id()),
            overturned_by_id: hit.overturned_by.map(|id| id.to_global().to_id()),
        }
    }
}
