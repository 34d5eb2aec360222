//! Exchange rates: what one unit of a currency costs in another.
//!
//! They come in [sheets](Sheet): what one source said at one time, all for one unit of its base. A rate between two
//! other currencies is the quotient of theirs. Of several sheets the newest leads; what an operator has set by hand
//! leads all others as long as it is good.
//!
//! Guarantees: a rate is a decimal number above zero, never a float; a quotient has [`DIGITS`] significant digits,
//! rounded half to even, and nothing else is rounded. A sheet is good until a time that was set when it came; after
//! that its rates are stale: shown as such, and nothing is priced with them. A sheet in which a rate jumps is held for
//! an operator ([`sheet`]).
//!
//! Refuses `PAIR_UNKNOWN`, `RATE_STALE`. Costs one look at the newest sheets a second.

mod history;
mod sheet;

pub use history::{Interval, Point, history, thin_out};
pub use sheet::{Sheet, SheetState, Taken, good_until, reject, take, waiting};
pub(crate) use sheet::{accept, check_by_hand, check_held, set_by_hand};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::money::Currency;
use crate::refusal::{Code, Refusal};
use chrono::Duration;
use rust_decimal::{Decimal, RoundingStrategy};
use std::sync::{Arc, Mutex, PoisonError};

/// The significant digits of a rate between two currencies that no source has named together.
pub const DIGITS: u32 = 12;

/// What the names of the sources begin with that are operators.
pub const BY_HAND: &str = "MANUAL";

/// What one unit of a currency costs in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What is priced.
    pub base: Currency,
    /// In what.
    pub quote: Currency,
    /// How many quote units one base unit costs; above zero.
    pub rate: Decimal,
    /// Who says so.
    pub source: String,
    /// As of when.
    pub as_of: Time,
    /// Whether it is too old to be used.
    pub stale: bool,
}

/// The newest accepted sheet of each source.
#[derive(Clone, Debug, Default)]
pub struct Book(Vec<Sheet>);

impl Book {
    /// With these sheets: what leads comes first.
    fn new(mut sheets: Vec<Sheet>) -> Self {
        sheets.sort_by_key(|sheet| std::cmp::Reverse((sheet.source.starts_with(BY_HAND), sheet.as_of)));
        Self(sheets)
    }

    /// What all sources say, the leading first.
    pub fn rates(&self, base: Currency, quote: Currency, now: Time) -> Vec<Rate> {
        let of = |sheet: &Sheet| {
            Some(Rate {
                base,
                quote,
                rate: sheet.rate(base, quote)?,
                source: sheet.source.clone(),
                as_of: sheet.as_of,
                stale: sheet.good_until <= now,
            })
        };
        let mut rates: Vec<Rate> = self.0.iter().filter_map(of).collect();
        rates.sort_by_key(|rate| rate.stale);
        rates
    }

    /// The leading rate, stale or not.
    ///
    /// # Errors
    /// `PAIR_UNKNOWN`.
    pub fn rate(&self, base: Currency, quote: Currency, now: Time) -> Result<Rate, Refusal> {
        self.rates(base, quote, now).into_iter().next().ok_or(Code::PairUnknown.into())
    }

    /// The leading rate, to be used.
    ///
    /// # Errors
    /// `PAIR_UNKNOWN`, `RATE_STALE`.
    pub fn fresh(&self, base: Currency, quote: Currency, now: Time) -> Result<Rate, Refusal> {
        let rate = self.rate(base, quote, now)?;
        if rate.stale { Err(Code::RateStale.into()) } else { Ok(rate) }
    }

    /// The currencies that have a rate in another.
    pub fn currencies(&self) -> std::collections::BTreeSet<Currency> {
        self.0.iter().flat_map(|sheet| sheet.rates.keys().copied().chain([sheet.base])).collect()
    }
}

/// How many units of `quote` one of `base` costs, from what one of a third costs in each.
fn cross(in_base: Decimal, in_quote: Decimal) -> Option<Decimal> {
    let rate = in_quote.checked_div(in_base)?;
    let rate = rate.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven)?;
    (rate > Decimal::ZERO).then(|| rate.normalize())
}

/// How long the newest sheets are remembered.
const FRESH: Duration = Duration::seconds(1);

/// The newest sheets, and when they were looked at.
type Seen = Option<(Time, Arc<Book>)>;

/// The newest sheets, remembered for a second. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(Arc<Mutex<Seen>>);

impl Rates {
    /// The newest sheets.
    pub(crate) async fn book(&self, bank: &Bank) -> Result<Arc<Book>> {
        let now = bank.clock.now();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, book)) = known
            && at <= now
            && now < at + FRESH
        {
            return Ok(book);
        }
        let book = Arc::new(Book::new(sheet::newest(&bank.db, now).await?));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, book.clone()));
        Ok(book)
    }

    /// Forgets them, after a change.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many units of a currency one euro costs, as far as is known and however old that is: for limits, which
    /// need a worth and no price.
    pub(crate) async fn per_euro(&self, bank: &Bank, currency: Currency) -> Result<Option<Decimal>> {
        if currency == Currency::EUR {
            return Ok(Some(Decimal::ONE));
        }
        let rate = self.book(bank).await?.rate(Currency::EUR, currency, bank.clock.now());
        Ok(rate.ok().map(|rate| rate.rate))
    }
}

/// The newest sheets.
///
/// # Errors
/// Only faults.
pub async fn book(bank: &Bank) -> Result<Arc<Book>> {
    bank.rates.book(bank).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn sheet(source: &str, as_of: i64, rates: &[(&str, &str)]) -> Sheet {
        let at = |seconds| Time::from_timestamp(seconds, 0).unwrap();
        let rates: BTreeMap<_, _> =
            rates.iter().map(|(code, rate)| (currency(code), rate.parse().unwrap())).collect();
        let (source, base) = (source.to_owned(), Currency::EUR);
        Sheet { source, base, as_of: at(as_of), good_until: at(as_of + 60), rates }
    }

    #[test]
    fn a_cross_rate_has_twelve_digits() {
        let of = |in_base: &str, in_quote: &str| {
            cross(in_base.parse().unwrap(), in_quote.parse().unwrap()).map(|rate| rate.to_string())
        };
        assert_eq!(of("1.1172", "175.68"), Some("157.250268528".to_owned()));
        assert_eq!(of("175.68", "1.1172"), Some("0.00635928961749".to_owned()));
        assert_eq!(of("3", "2"), Some("0.666666666667".to_owned()));
        assert_eq!(of("2", "1"), Some("0.5".to_owned()));
        assert_eq!(of("0", "1"), None);
    }

    #[test]
    fn the_newest_leads_and_the_operator_leads_all_while_it_is_good() {
        let book = Book::new(vec![
            sheet("ECB", 100, &[("USD", "1.1"), ("JPY", "170")]),
            sheet("LIVE", 130, &[("USD", "1.2")]),
            sheet(BY_HAND, 90, &[("USD", "1.3")]),
        ]);
        let usd = |second| {
            let now = Time::from_timestamp(second, 0).unwrap();
            book.rate(Currency::EUR, currency("USD"), now).map(|rate| (rate.rate.to_string(), rate.stale))
        };
        assert_eq!(usd(140), Ok(("1.3".to_owned(), false)));
        assert_eq!(usd(150), Ok(("1.2".to_owned(), false)), "the operator's is stale");
        assert_eq!(usd(190).map(|(_, stale)| stale), Ok(true));
        let now = Time::from_timestamp(150, 0).unwrap();
        assert_eq!(book.fresh(currency("USD"), currency("JPY"), now).unwrap().source, "ECB");
        assert_eq!(book.rate(currency("USD"), currency("PLN"), now).unwrap_err().code, Code::PairUnknown);
        let late = Time::from_timestamp(500, 0).unwrap();
        assert_eq!(book.fresh(currency("JPY"), Currency::EUR, late).unwrap_err().code, Code::RateStale);
    }
}
