//! A place in a history: how far somebody has read each of its strands.
//!
//! A history has several strands (see [`super`]), each in an order of its own, and new items can only
//! be put on top of one. So a place is a position in each strand, and that of the item that it
//! belongs to: what is older stays older, whatever is added later. Nothing is shown twice or left
//! out by somebody who reads on. Costs some bytes for each account of the person.

use super::Filter;
use crate::id::{AccountId, TransactionId, UserId};
use crate::keys;
use crate::vault::Vault;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use uuid::Uuid;

/// One of the rows of items that a history is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strand {
    /// What has no posting of the person's, by id.
    Unposted,
    /// What is posted to an account, by the number of the posting.
    Posted(AccountId),
}

/// Where something is in its strand: larger is newer.
pub(super) type Position = u128;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    own: Strand,
    positions: BTreeMap<Strand, Position>,
}

impl Place {
    /// The place of a posting, for somebody with one account.
    pub fn of_posting(account: AccountId, seq: i64) -> Self {
        let own = Strand::Posted(account);
        Self { own, positions: BTreeMap::from([(own, u128::try_from(seq).unwrap_or_default())]) }
    }

    /// The place of an item, from where a reader stands in each strand.
    pub(super) fn of(own: Strand, position: Position, reader: &BTreeMap<Strand, Position>) -> Self {
        let mut positions = reader.clone();
        positions.insert(own, position);
        Self { own, positions }
    }

    /// As a client gets it: signed for this person and this list, so that it is read nowhere else.
    pub fn signed(&self, vault: &Vault, user: UserId, filter: &Filter) -> String {
        format!("{self}~{}", signature(&self.to_string(), vault, user, filter))
    }

    /// The place that a client got from a page of this list.
    pub fn read(text: &str, vault: &Vault, user: UserId, filter: &Filter) -> Option<Self> {
        let (place, signed) = text.rsplit_once('~')?;
        let right = signature(place, vault, user, filter);
        if keys::same(right.as_bytes(), signed.as_bytes()) { place.parse().ok() } else { None }
    }

    /// What is older in a strand is below this. A strand that did not exist then is newer as a whole.
    pub(super) fn older(&self, strand: Strand) -> Position {
        self.positions.get(&strand).copied().unwrap_or_default()
    }

    /// What is newer in a strand is this, or above.
    pub(super) fn newer(&self, strand: Strand) -> Position {
        self.older(strand).saturating_add(u128::from(strand == self.own))
    }
}

/// The strand of the item first, then the others: `3f.12;1.a;0.0`, account and position in hexadecimal
/// digits, 0 for what has no posting.
impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.positions.iter().filter(|(strand, _)| **strand != self.own);
        for (strand, position) in self.positions.get_key_value(&self.own).into_iter().chain(others) {
            let account = match strand {
                Strand::Unposted => 0,
                Strand::Posted(account) => account.0,
            };
            let between = if *strand == self.own { "" } else { ";" };
            write!(f, "{between}{account:x}.{position:x}")?;
        }
        Ok(())
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let strand = |text: &str| {
            let (account, position) = text.split_once('.')?;
            let position = u128::from_str_radix(position, 16).ok()?;
            let strand = match i64::from_str_radix(account, 16).ok()? {
                0 => Strand::Unposted,
                account => Strand::Posted(AccountId(account)),
            };
            Some((strand, position))
        };
        let read: Option<Vec<_>> = text.split(';').map(strand).collect();
        let positions = read.ok_or(())?;
        let (own, _) = *positions.first().ok_or(())?;
        Ok(Self { own, positions: positions.into_iter().collect() })
    }
}

fn signature(place: &str, vault: &Vault, user: UserId, filter: &Filter) -> String {
    let list = format!("{filter:?}");
    let tag = vault.digest(&[b"history", user.0.as_bytes(), list.as_bytes(), place.as_bytes()]);
    let mut digits = tag.0.simple().to_string();
    digits.truncate(16);
    digits
}

/// The position of a posting.
pub(super) fn of_seq(seq: i64) -> Position {
    u128::try_from(seq).unwrap_or_default()
}

/// The number of the posting at a position; the last there can be, beyond.
pub(super) fn to_seq(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// The position of what has no posting.
pub(super) fn of_id(id: TransactionId) -> Position {
    id.0.as_u128()
}

/// The id at a position.
pub(super) fn to_id(position: Position) -> TransactionId {
    TransactionId(Uuid::from_u128(position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let reader = BTreeMap::from([
            (Strand::Unposted, u128::MAX),
            (Strand::Posted(AccountId(7)), 9),
            (Strand::Posted(AccountId(255)), 16),
        ]);
        let place = Place::of(Strand::Posted(AccountId(255)), 15, &reader);
        assert_eq!(place.to_string(), format!("ff.f;0.{:x};7.9", u128::MAX));
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", ";", "1", "1.", ".1", "1.2;", "g.1", "1.g", "1.2.3", &"f".repeat(40)] {
            assert_eq!(text.parse::<Place>(), Err(()), "{text}");
        }
    }

    #[test]
    fn an_item_is_neither_older_nor_newer_than_itself() {
        let strands = [Strand::Posted(AccountId(1)), Strand::Posted(AccountId(2)), Strand::Unposted];
        let reader = BTreeMap::from([(strands[0], 5), (strands[1], 8)]);
        let place = Place::of(strands[0], 4, &reader);
        assert_eq!(strands.map(|strand| place.older(strand)), [4, 8, 0]);
        assert_eq!(strands.map(|strand| place.newer(strand)), [5, 8, 0]);
    }
}
