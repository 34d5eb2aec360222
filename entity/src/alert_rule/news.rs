//! News: what of a page of the watch people with rules are told.
//!
//! Costs one question for the rules of all people of the page; where a rule is reached, one for the people and one for the bank
//! accounts at the other ends, and what a notice costs. Pages without rules cost the first alone.

use super::{RuleKind, wait};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::{Error, Result};
use crate::fraud::Moved;
use crate::id::{EventId, InstrumentId, TransactionId, UserId};
use crate::money::Money;
use crate::notification::{self, Alert, Notice};
use crate::table::{alert_rule, transaction};
use crate::transaction::{Kind, State};
use crate::{instrument, user};
use chrono::Duration;
use sea_orm::{DatabaseTransaction, EntityTrait, Iterable, QueryFilter};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How old news may be.
const NEWS: Duration = Duration::days(1);

/// What is to be told, and what is waited for, once a page is read.
#[derive(Debug)]
pub(crate) struct News {
    /// By person, in the order of their ids, so that two watches never wait for each other.
    told: BTreeMap<UserId, Vec<(EventId, Alert)>>,
    open: Vec<TransactionId>,
    ended: Vec<TransactionId>,
}

type Rules = HashMap<UserId, Vec<alert_rule::Model>>;

impl News {
    /// What a page says: its transactions, those that were waited for and have [ended](super::ended), and what has moved.
    pub(crate) async fn of(
        bank: &Bank,
        rows: &[transaction::Model],
        ended: &[transaction::Model],
        moved: &[Moved],
    ) -> Result<Self> {
        let owners = moved.iter().map(|moved| moved.owner);
        let rules = rules(bank, owners.chain(rows.iter().filter_map(|row| row.payee)).collect()).await?;
        let open = rows.iter().filter(|row| !row.state.is_final());
        let open = open.filter(|row| row.payee.is_some_and(|payee| rules.contains_key(&payee)));
        let mut news = Self {
            told: BTreeMap::new(),
            open: open.map(|row| row.id).collect(),
            ended: ended.iter().map(|row| row.id).collect(),
        };
        let now = bank.clock.now();
        let reached: Vec<(RuleKind, &Moved)> = moved
            .iter()
            .filter_map(|moved| Some((rules.get(&moved.owner)?, moved)))
            .flat_map(|(rules, moved)| reached(rules, moved, now).map(move |kind| (kind, moved)))
            .collect();
        if reached.is_empty() {
            return Ok(news);
        }
        let others = Others::of(bank, &reached).await?;
        for (kind, moved) in reached {
            let alert = (event(bank, kind, moved), alert(kind, moved, &others));
            news.told.entry(moved.owner).or_default().push(alert);
        }
        Ok(news)
    }

    /// Writes what is told, with the place of the watch; says how much. The people are locked before anything else is: who
    /// closes its wallet takes the same order.
    pub(crate) async fn tell(&self, bank: &Bank, tx: &DatabaseTransaction) -> Result<usize> {
        let mut count = 0_usize;
        for (user, alerts) in &self.told {
            let key = match user::lock(bank, tx, *user).await {
                Ok((_, key)) => key,
                // It has left meanwhile.
                Err(Error::Refused(_)) => continue,
                Err(fault @ Error::Fault(_)) => return Err(fault),
            };
            for (event, alert) in alerts {
                let notice = Notice::Alert(alert.clone());
                notification::tell(bank, tx, &key, *event, &notice).await?;
                count = count.saturating_add(1);
            }
        }
        wait::begin(tx, &self.open).await?;
        wait::end(tx, &self.ended).await?;
        Ok(count)
    }
}

/// The rules of these people.
async fn rules(bank: &Bank, people: HashSet<UserId>) -> Result<Rules> {
    let db = bank.db.connection();
    let these = one_of(db, alert_rule::Column::UserId, people.into_iter().map(|id| id.0));
    let mut rules = Rules::new();
    for rule in alert_rule::Entity::find().filter(these).all(db).await? {
        rules.entry(rule.user_id).or_default().push(rule);
    }
    Ok(rules)
}

/// The kinds of which a rule is reached.
fn reached(rules: &[alert_rule::Model], moved: &Moved, now: Time) -> impl Iterator<Item = RuleKind> {
    // What comes may have been under way for long.
    let at = if moved.posting.amount > 0 { moved.transaction.updated_at } else { moved.at };
    let is_reached = move |rule: &alert_rule::Model| {
        let in_time = at > now - NEWS && at >= rule.created_at;
        in_time && rule.currency == moved.currency && rule.kind.is_reached(rule.amount, moved)
    };
    RuleKind::iter().filter(move |kind| rules.iter().any(|rule| rule.kind == *kind && is_reached(rule)))
}

impl RuleKind {
    /// Whether what has moved reaches a limit.
    fn is_reached(self, limit: i64, moved: &Moved) -> bool {
        let (amount, after) = (moved.posting.amount, moved.posting.balance_after);
        match self {
            Self::MoneyOutAtLeast => changes_hands(moved) && amount <= limit.saturating_neg(),
            Self::MoneyInAtLeast => changes_hands(moved) && amount >= limit,
            Self::BalanceAtMost => after <= limit && after.saturating_sub(amount) > limit,
        }
    }
}

/// Whether money goes to, or comes from, somebody else or a bank; not where one's own changes, or comes back.
fn changes_hands(moved: &Moved) -> bool {
    let (row, came) = (&moved.transaction, moved.posting.amount > 0);
    match row.kind {
        Kind::Transfer => row.state != State::Failed && came != (row.payer == Some(moved.owner)),
        Kind::Withdrawal => row.state != State::Failed && !came,
        Kind::Deposit => came,
        Kind::Conversion => false,
    }
}

/// The name of an event: the same, whoever reads the posting.
fn event(bank: &Bank, kind: RuleKind, moved: &Moved) -> EventId {
    let kind = format!("alert {kind:?}");
    let parts = [kind.as_bytes(), moved.owner.0.as_bytes(), moved.transaction.id.0.as_bytes()];
    EventId(bank.vault.digest(&parts).0)
}

fn alert(kind: RuleKind, moved: &Moved, others: &Others) -> Alert {
    let money = |minor: i64| Money { minor, currency: moved.currency }.to_string();
    Alert {
        kind,
        amount: money(moved.posting.amount.saturating_abs()),
        other: others.name(moved),
        balance: money(moved.posting.balance_after),
    }
}

/// Who and what is at the other ends, with most of it hidden.
struct Others {
    people: HashMap<UserId, String>,
    instruments: HashMap<InstrumentId, String>,
}

impl Others {
    async fn of(bank: &Bank, reached: &[(RuleKind, &Moved)]) -> Result<Self> {
        let people: HashSet<UserId> = reached.iter().filter_map(|(_, moved)| person(moved)).collect();
        let people = people.into_iter().collect::<Vec<_>>();
        let people = user::find_many(bank, &people).await?.into_iter();
        let instruments = reached.iter().filter_map(|(_, moved)| moved.transaction.instrument);
        let instruments = instruments.collect::<Vec<_>>();
        let instruments = instrument::find_many(&bank.db, &bank.vault, &instruments).await?.into_iter();
        Ok(Self {
            people: people.filter_map(|(id, person)| Some((id, masked(&person.name?)))).collect(),
            instruments: instruments.map(|(id, linked)| (id, linked.masked_iban())).collect(),
        })
    }

    fn name(&self, moved: &Moved) -> Option<String> {
        let linked = moved.transaction.instrument.and_then(|id| self.instruments.get(&id));
        linked.or_else(|| self.people.get(&person(moved)?)).cloned()
    }
}

/// The person at the other end.
fn person(moved: &Moved) -> Option<UserId> {
    let parties = [moved.transaction.payer, moved.transaction.payee];
    parties.into_iter().flatten().find(|party| *party != moved.owner)
}

/// A name with most of it hidden: who chose it can't speak through our messages.
fn masked(name: &str) -> String {
    let initials = name.split_whitespace().take(4).filter_map(|word| word.chars().next());
    initials.map(|initial| format!("{initial}…")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_is_recognised_only_by_who_knows_it() {
        assert_eq!(masked("Alice Example"), "A… E…");
        assert_eq!(masked("李小龍"), "李…");
        assert_eq!(masked("Call +49 151 23456789 at once"), "C… +… 1… 2…");
    }
}
