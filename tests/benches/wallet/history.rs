//! Pages of a history: of the merchant, anywhere in hundreds of thousands of transfers, and of people
//! who have little more than one page.
//!
//! Guarantees: one client; every page is full, or it is an error; a page of one kind is read after
//! each of the other, so that both meet the same moments of the machine.

use crate::checker::{Acknowledged, Log};
use crate::grow::Shape;
use crate::load::{self, Act, Counter, Teller};
use crate::measure;
use crate::people;
use crate::table::Row;
use entity::Bank;
use entity::history::{self, Filter, Place};
use entity::id::UserId;
use entity::page::{Page, SIZE};
use rand::Rng;
use std::time::{Duration, Instant};

/// People with little more than a page: those after the merchant.
const SMALL: usize = 100;
/// Transfers that each of them makes.
const TRANSFERS: usize = 24;

/// Who is read.
pub(crate) struct Pages {
    shape: Shape,
    people: usize,
}

impl Pages {
    /// Gives some people a page and a bit.
    pub(crate) async fn prepare(bank: &Bank, shape: Shape, log: &Log) -> Result<Self, String> {
        let people = SMALL.min(shape.accounts - 1);
        let mut counter = Counter(bank.clone());
        let mut acknowledged = Acknowledged::new();
        for payer in 1..=people {
            for _ in 0..TRANSFERS {
                let act = Act::new(payer, 0);
                counter.act(act).await?;
                acknowledged.push((people::user(payer), act.key()));
            }
        }
        log.append(&acknowledged)?;
        Ok(Self { shape, people })
    }

    /// Reads pages for so long: first those of small accounts, then those of the merchant.
    pub(crate) async fn measure(&self, bank: &Bank, time: Duration) -> Result<[Row; 2], String> {
        let mut random = load::lots();
        let (mut small, mut big) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        // A page of the merchant has as many transfers behind it as it holds, and then some.
        let deepest = usize::try_from(SIZE).unwrap_or_default() + 1;
        if self.shape.to_merchant <= deepest {
            return Err("the merchant has no long history".to_owned());
        }
        while begin.elapsed() < time * 2 {
            let person = people::user(random.random_range(1..=self.people));
            small.push(read(bank, person, None).await?);
            let before = random.random_range(deepest..self.shape.to_merchant);
            big.push(read(bank, people::user(0), Some(self.shape.merchants(before))).await?);
        }
        Ok([row(small), row(big)])
    }
}

async fn read(bank: &Bank, user: UserId, after: Option<Place>) -> Result<Duration, String> {
    let page = Page::parse(None, None, after, None).map_err(|refusal| refusal.to_string())?;
    let began = Instant::now();
    let slice =
        history::list(bank, user, &Filter::default(), &page).await.map_err(|error| error.to_string())?;
    let took = began.elapsed();
    let full = u64::try_from(slice.items.len()) == Ok(SIZE);
    if full { Ok(took) } else { Err(format!("a page of {user} has {} transfers", slice.items.len())) }
}

fn row(mut latencies: Vec<Duration>) -> Row {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    let at = |thousandths: usize| latencies.get(last * thousandths / 1000).copied().unwrap_or_default();
    let count = u64::try_from(latencies.len()).unwrap_or_default();
    let rate = measure::per_second(count, latencies.iter().sum());
    Row { rate, p50: at(500), p99: at(990), ..Row::default() }
}
