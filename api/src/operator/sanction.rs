//! People whose names are like one on a sanctions list, and the lists, as reviewers see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::id::SanctionHitId;
use entity::operator::Role;
use entity::page::Page;
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
        }
    }
}

/// A sanctions list that is or was in force.
#[derive(SimpleObject)]
pub(crate) struct SanctionList {
    /// Whose it is.
    source: Source,
    /// The SHA-256 of its file, in hexadecimal digits.
    version: String,
    /// How many entries it has.
    entries: i64,
    /// When it came into force.
    loaded_at: DateTime<Utc>,
    /// When another took its place; none, if it is in force.
    replaced_at: Option<DateTime<Utc>>,
    /// When everybody had been screened against it.
    screened_at: Option<DateTime<Utc>>,
}

impl From<sanction::ListVersion> for SanctionList {
    fn from(list: sanction::ListVersion) -> Self {
        Self {
            source: list.source.into(),
            version: list.version,
            entries: list.size,
            loaded_at: list.loaded_at,
            replaced_at: list.replaced_at,
            screened_at: list.screened_at,
        }
    }
}

/// The hit to be decided.
#[derive(InputObject)]
pub(crate) struct DecideSanctionHitInput {
    /// The global id.
    id: ID,
    /// Why, for other operators to read: at most 100 characters. The person is told nothing.
    reason: String,
}

/// It is decided.
#[derive(SimpleObject)]
pub(crate) struct DecideSanctionHitPayload {
    /// The hit.
    hit: SanctionHit,
}

#[derive(Default)]
pub(crate) struct SanctionQuery;

#[Object]
impl SanctionQuery {
    /// People whose names are like one on a sanctions list, oldest first. For reviewers.
    async fn sanction_hits(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which state: open, if nothing is said.")] state: Option<HitState>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<SanctionHit>> {
        acting(context, Role::Reviewer, None).await?;
        let after = SanctionHitId::from_cursor(after, "after")?;
        let before = SanctionHitId::from_cursor(before, "before")?;
        let (page, state) = (Page::parse(first, last, after, before)?, state.unwrap_or(HitState::Open));
        let slice = sanction::list(bank(context)?, state.into(), page).await?;
        Ok(connection(slice.map(|hit| (hit.id.to_cursor(), SanctionHit::from(hit)))))
    }

    /// The last hundred sanctions lists that are or were in force, newest first. For reviewers.
    async fn sanction_lists(&self, context: &Context<'_>) -> ApiResult<Vec<SanctionList>> {
        acting(context, Role::Reviewer, None).await?;
        Ok(sanction::lists(bank(context)?).await?.into_iter().map(SanctionList::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct SanctionMutation;

#[Object]
impl SanctionMutation {
    /// Clears a hit: the person is somebody else. It is not raised again for the same entry and name. What it has frozen takes
    /// a proposal and another operator. For reviewers. Refuses `NOT_FOUND`, `SANCTION_HIT_DECIDED`, `REASON_INVALID`.
    async fn clear_sanction_hit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DecideSanctionHitInput,
    ) -> ApiResult<DecideSanctionHitPayload> {
        let id = SanctionHitId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let hit = sanction::clear(bank(context)?, officer, id, &input.reason).await?;
        Ok(DecideSanctionHitPayload { hit: hit.into() })
    }

    /// Confirms a hit: the person is who is on the list. Nothing may leave its wallet. For reviewers. Refuses `NOT_FOUND`,
    /// `SANCTION_HIT_DECIDED`, `REASON_INVALID`.
    async fn confirm_sanction_hit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DecideSanctionHitInput,
    ) -> ApiResult<DecideSanctionHitPayload> {
        let id = SanctionHitId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let hit = sanction::confirm(bank(context)?, officer, id, &input.reason).await?;
        Ok(DecideSanctionHitPayload { hit: hit.into() })
    }
}
