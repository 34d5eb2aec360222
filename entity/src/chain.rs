//! Chains: logs whose entries each carry the SHA-256 of the one before, so that a missing or altered entry is
//! seen by anybody, without any key.
//!
//! Two logs are chained: what happened to each person's security, and what each operator did. The end of a
//! chain can be cut off without trace by who owns the database; keep a copy of its last hashes elsewhere.

use crate::clock::Time;
use crate::db::Db;
use crate::error::Result;
use crate::table::{operator_event, security_event};
use sea_orm::{DatabaseTransaction, EntityTrait, PaginatorTrait, QueryOrder};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What comes before the first entry.
pub(crate) const START: [u8; 32] = [0; 32];
/// Entries that are read at once.
const PAGE: u64 = 10_000;

/// An entry, as far as its hash tells of it.
pub(crate) struct Link<'a> {
    pub(crate) owner: Uuid,
    pub(crate) seq: i64,
    pub(crate) kind: &'a str,
    pub(crate) at: Time,
    pub(crate) detail: &'a [u8],
    pub(crate) subject: Option<Uuid>,
}

impl Link<'_> {
    /// SHA-256 over the hash before (32 zero bytes for the first), whose log it is, the number, the kind, the time
    /// in microseconds since 1970, the sealed detail, and whom it is about, if anybody.
    pub(crate) fn hash(&self, before: &[u8]) -> Vec<u8> {
        let mut sha = Sha256::new();
        sha.update(before);
        sha.update(self.owner.as_bytes());
        sha.update(self.seq.to_be_bytes());
        sha.update(self.kind.as_bytes());
        sha.update(self.at.timestamp_micros().to_be_bytes());
        sha.update(self.detail);
        if let Some(subject) = self.subject {
            sha.update(subject.as_bytes());
        }
        sha.finalize().to_vec()
    }
}

/// An entry that does not continue its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which log.
    pub log: &'static str,
    /// Whose.
    pub owner: Uuid,
    /// Its number.
    pub seq: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were read.
    pub entries: u64,
    /// Those that do not continue their chain: of each log the first.
    pub broken: Vec<Broken>,
}

/// Follows chains one after the other.
#[derive(Default)]
struct Walk {
    owner: Option<Uuid>,
    next: i64,
    before: Vec<u8>,
    is_broken: bool,
    verified: Verified,
}

impl Walk {
    fn step(&mut self, log: &'static str, link: &Link<'_>, hash: &[u8]) {
        if self.owner != Some(link.owner) {
            (self.owner, self.next, self.before, self.is_broken) =
                (Some(link.owner), 1, START.to_vec(), false);
        }
        let continues = link.seq == self.next && hash == link.hash(&self.before);
        if !continues && !self.is_broken {
            self.is_broken = true;
            self.verified.broken.push(Broken { log, owner: link.owner, seq: link.seq });
        }
        (self.next, self.before) = (link.seq.saturating_add(1), hash.to_vec());
        self.verified.entries = self.verified.entries.saturating_add(1);
    }
}

/// Follows every chain of the database at one moment. It needs no master key.
///
/// # Errors
/// Only faults.
pub async fn verify(db: &Db) -> Result<Verified> {
    let tx = db.snapshot().await?;
    let mut walk = Walk::default();
    people(&tx, &mut walk).await?;
    walk.owner = None;
    operators(&tx, &mut walk).await?;
    Ok(walk.verified)
}

async fn people(tx: &DatabaseTransaction, walk: &mut Walk) -> Result<()> {
    use security_event::Column;
    let rows = security_event::Entity::find().order_by_asc(Column::UserId).order_by_asc(Column::Seq);
    let mut pages = rows.paginate(tx, PAGE);
    while let Some(page) = pages.fetch_and_next().await? {
        for row in &page {
            walk.step("security events", &row.link(), &row.hash);
        }
    }
    Ok(())
}

async fn operators(tx: &DatabaseTransaction, walk: &mut Walk) -> Result<()> {
    use operator_event::Column;
    let rows = operator_event::Entity::find().order_by_asc(Column::OperatorId).order_by_asc(Column::Seq);
    let mut pages = rows.paginate(tx, PAGE);
    while let Some(page) = pages.fetch_and_next().await? {
        for row in &page {
            walk.step("operator events", &row.link(), &row.hash);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(owner: Uuid, count: i64) -> Vec<(i64, Vec<u8>)> {
        let mut before = START.to_vec();
        (1..=count)
            .map(|seq| {
                before = link(owner, seq).hash(&before);
                (seq, before.clone())
            })
            .collect()
    }

    fn link<'a>(owner: Uuid, seq: i64) -> Link<'a> {
        Link { owner, seq, kind: "KIND", at: Time::default(), detail: b"detail", subject: None }
    }

    #[test]
    fn what_is_missing_or_altered_is_found_and_what_follows_is_not_blamed() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut walk = Walk::default();
        for (seq, hash) in chain(one, 5).into_iter().filter(|(seq, _)| *seq != 3) {
            walk.step("log", &link(one, seq), &hash);
        }
        for (seq, hash) in chain(other, 3) {
            walk.step("log", &link(other, seq), &hash);
        }
        assert_eq!(walk.verified.entries, 7);
        assert_eq!(walk.verified.broken, [Broken { log: "log", owner: one, seq: 4 }]);
        let mut walk = Walk::default();
        walk.step("log", &Link { subject: Some(other), ..link(one, 1) }, &chain(one, 1)[0].1);
        assert_eq!(walk.verified.broken.len(), 1);
    }
}
