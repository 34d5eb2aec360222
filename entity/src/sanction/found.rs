//! Found: somebody on a list whom a person may be, by name and birth together.

use super::birth::BirthMatch;
use super::list::{Entry, EntryKind, Source};
use super::score::Likeness;
use crate::id::SanctionListId;

/// From which score on a name is a hit: two words of which one is written differently, or three of which one is left out.
pub(super) const HIT: i64 = 850;
/// From which score on a name is very near: the same, or with a slip of the pen.
const NEAR: i64 = 950;
/// What a birth date takes off that contradicts: more than a name that is the same has above [`HIT`].
const CONTRADICTION: i64 = 200;
/// An entry of a list that is in force.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) list: SanctionListId,
    pub(super) source: Source,
    pub(super) entry: Entry,
}

/// Somebody on a list whom a person may be.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) listed: &'a Listed,
    /// The name on the list that is most like that of the person.
    pub(super) name: &'a str,
    pub(super) birth: BirthMatch,
    pub(super) likeness: Likeness,
    /// Of name and birth, of 1000.
    pub(super) score: i64,
    /// Whether it is so near that nothing may leave the wallet before somebody has looked.
    pub(super) strong: bool,
}

/// What a name and a birth date come to together; nothing, where they are not near enough.
pub(super) fn judge<'a>(
    listed: &'a Listed,
    name: &'a str,
    likeness: Likeness,
    birth: BirthMatch,
) -> Option<Found<'a>> {
    let telling = likeness.matched() > 1 || listed.entry.kind == EntryKind::Organisation;
    let (score, strong) = match birth {
        BirthMatch::Same => (likeness.score, true),
        BirthMatch::Possible | BirthMatch::Unknown => (likeness.score, telling && likeness.score >= NEAR),
        BirthMatch::Contradicts => (likeness.score.saturating_sub(CONTRADICTION), false),
    };
    (score >= HIT).then_some(Found { listed, name, birth, likeness, score, strong })
}
