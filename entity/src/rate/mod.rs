//! Exchange rates: what one unit of a currency costs in another.
//!
//! They come in [sheets](Sheet): what one source said at one time, all for one unit of its base. Of them each currency
//! has one value, what a euro costs in it: by the newest sheet that is good, or by what operators have set by hand. A
//! rate between two currencies is the quotient of theirs, so that no way through others brings more.
//!
//! Guarantees: a rate is a decimal number above zero, never a float; a quotient has [`DIGITS`] significant digits,
//! rounded half to even, and nothing else is rounded. A sheet is good until a time that was set when it came; after
//! that its rates are stale: shown as such, and nothing is priced with them. A sheet in which a rate jumps is held for
//! an operator ([`sheet`]).
//!
//! Refuses `PAIR_UNKNOWN`, `RATE_STALE`. Costs one look at the newest sheets a second.

mod history;
mod newest;
mod review;
mod sheet;
mod stored;

pub use history::{Interval, Point, history, thin_out};
pub(crate) use newest::Rates;
pub use newest::{book, follow, keep};
pub(crate) use review::{accept, check_by_hand, check_held, set_by_hand};
pub use review::{reject, waiting};
pub use sheet::{Sheet, SheetState, Taken, take};
pub use stored::good_until;

use crate::clock::Time;
use crate::money::Currency;
use crate::refusal::{Code, Refusal};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, BTreeSet};

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

/// What one euro costs in a currency, and who says so.
#[derive(Clone, Debug)]
struct Value {
    per_euro: Decimal,
    source: String,
    as_of: Time,
    good_until: Time,
}

/// The newest accepted sheet of each source.
#[derive(Clone, Debug, Default)]
pub struct Book(Vec<Sheet>);

impl Book {
    /// What one euro costs in each currency: one value for each, of the sheet that leads for it. Every rate is made of
    /// two of them, so that no way through several currencies brings more than another.
    fn values(&self, now: Time) -> BTreeMap<Currency, Value> {
        let mut sheets: Vec<&Sheet> = self.0.iter().collect();
        // What leads comes last: what is good before what is not, and what an operator has set before all.
        let by_hand = |sheet: &Sheet| sheet.source.starts_with(BY_HAND);
        sheets.sort_by_key(|sheet| {
            let good = sheet.good_until > now;
            (good, good && by_hand(sheet), sheet.as_of)
        });
        let mut values = BTreeMap::new();
        for sheet in sheets {
            let Some(base) = sheet.base_value(&values) else { continue };
            let rates = sheet.rates.iter().filter(|(currency, _)| **currency != Currency::EUR);
            let priced = rates.filter_map(|(currency, rate)| {
                Some((*currency, Value { per_euro: base.per_euro.checked_mul(*rate)?, ..base.clone() }))
            });
            let priced: Vec<_> = priced.collect();
            if sheet.rates.contains_key(&Currency::EUR) {
                values.insert(sheet.base, base);
            }
            values.extend(priced);
        }
        values
    }

    /// What each source by itself says, for the record.
    pub(crate) fn said(&self, base: Currency, quote: Currency) -> String {
        let said = self.0.iter().filter_map(|sheet| {
            let rate = sheet.rate(base, quote)?;
            Some(format!("{} {rate} of {}", sheet.source, sheet.as_of.to_rfc3339()))
        });
        said.collect::<Vec<_>>().join("; ")
    }

    /// The rate, stale or not.
    ///
    /// # Errors
    /// `PAIR_UNKNOWN`.
    pub fn rate(&self, base: Currency, quote: Currency, now: Time) -> Result<Rate, Refusal> {
        between(&self.values(now), base, quote, now).ok_or(Code::PairUnknown.into())
    }

    /// The rate, to be used.
    ///
    /// # Errors
    /// `PAIR_UNKNOWN`, `RATE_STALE`.
    pub fn fresh(&self, base: Currency, quote: Currency, now: Time) -> Result<Rate, Refusal> {
        let rate = self.rate(base, quote, now)?;
        if rate.stale { Err(Code::RateStale.into()) } else { Ok(rate) }
    }

    /// The rates of a currency in all others.
    pub fn all(&self, base: Currency, now: Time) -> Vec<Rate> {
        let values = self.values(now);
        let quotes = values.keys().copied().chain([Currency::EUR]);
        let mut rates: Vec<_> = quotes.filter_map(|quote| between(&values, base, quote, now)).collect();
        rates.sort_by_key(|rate| rate.quote);
        rates
    }

    /// How many units of a currency one euro costs, however old that is.
    pub(crate) fn per_euro(&self, currency: Currency, now: Time) -> Option<Decimal> {
        if currency == Currency::EUR {
            return Some(Decimal::ONE);
        }
        self.values(now).get(&currency).map(|value| value.per_euro)
    }
}

/// The rate between two currencies that have a value.
fn between(values: &BTreeMap<Currency, Value>, base: Currency, quote: Currency, now: Time) -> Option<Rate> {
    let value = |currency| values.get(&currency);
    let (of_base, of_quote) = match (base == Currency::EUR, quote == Currency::EUR) {
        (false, false) if base != quote => (Some(value(base)?), Some(value(quote)?)),
        (true, false) => (None, Some(value(quote)?)),
        (false, true) => (Some(value(base)?), None),
        (true, true) | (false, false) => return None,
    };
    let per_euro = |value: Option<&Value>| value.map_or(Decimal::ONE, |value| value.per_euro);
    let said: Vec<&Value> = of_base.into_iter().chain(of_quote).collect();
    let sources: BTreeSet<&str> = said.iter().map(|value| value.source.as_str()).collect();
    Some(Rate {
        base,
        quote,
        rate: cross(per_euro(of_base), per_euro(of_quote))?,
        source: sources.into_iter().collect::<Vec<_>>().join(", "),
        as_of: said.iter().map(|value| value.as_of).min()?,
        stale: said.iter().any(|value| value.good_until <= now),
    })
}

/// How many units of `quote` one of `base` costs, from what one of a third costs in each.
fn cross(in_base: Decimal, in_quote: Decimal) -> Option<Decimal> {
    let rate = in_quote.checked_div(in_base)?;
    let rate = rate.round_sf_with_strategy(DIGITS, RoundingStrategy::MidpointNearestEven)?;
    (rate > Decimal::ZERO).then(|| rate.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let book = Book(vec![
            sheet("ECB", 100, &[("USD", "1.1"), ("JPY", "170")]),
            sheet("LIVE", 130, &[("USD", "1.2")]),
            sheet(BY_HAND, 90, &[("USD", "1.3")]),
        ]);
        let at = |second| Time::from_timestamp(second, 0).unwrap();
        let usd = |second| {
            let rate = book.rate(Currency::EUR, currency("USD"), at(second));
            rate.map(|rate| (rate.rate.to_string(), rate.stale))
        };
        assert_eq!(usd(140), Ok(("1.3".to_owned(), false)));
        assert_eq!(usd(150), Ok(("1.2".to_owned(), false)), "the operator's is stale");
        assert_eq!(usd(190).map(|(_, stale)| stale), Ok(true));
        let mixed = book.fresh(currency("USD"), currency("JPY"), at(155)).unwrap();
        assert_eq!((mixed.source.as_str(), mixed.as_of), ("ECB, LIVE", at(100)));
        assert_eq!(mixed.rate.to_string(), "141.666666667");
        assert_eq!(book.rate(currency("USD"), currency("PLN"), at(150)).unwrap_err().code, Code::PairUnknown);
        assert_eq!(book.fresh(currency("JPY"), Currency::EUR, at(500)).unwrap_err().code, Code::RateStale);
    }

    #[test]
    fn no_way_through_other_currencies_brings_more() {
        let dollars =
            Sheet { base: currency("USD"), ..sheet("LIVE", 130, &[("EUR", "0.8"), ("CHF", "0.9")]) };
        let by_hand = Sheet { base: currency("JPY"), ..sheet("MANUAL JPY/PLN", 120, &[("PLN", "0.03")]) };
        let book = Book(vec![
            sheet("ECB", 100, &[("USD", "1.1"), ("JPY", "170"), ("PLN", "4.2")]),
            dollars,
            by_hand,
        ]);
        let now = Time::from_timestamp(140, 0).unwrap();
        let codes = ["EUR", "USD", "JPY", "PLN", "CHF"].map(currency);
        let rate = |base, quote| book.fresh(base, quote, now).map_or(Decimal::ONE, |rate| rate.rate);
        for a in codes {
            for b in codes {
                for c in codes {
                    let round = rate(a, b) * rate(b, c) * rate(c, a);
                    assert!((round - Decimal::ONE).abs() < Decimal::new(1, 10), "{a} {b} {c} {round}");
                }
            }
        }
        let said = |base: &str, quote: &str| {
            book.rate(currency(base), currency(quote), now).unwrap().rate.to_string()
        };
        assert_eq!(said("EUR", "USD"), "1.25", "by the newest");
        assert_eq!(said("JPY", "PLN"), "0.03", "by hand");
        assert_eq!(said("EUR", "PLN"), "5.1", "and so everywhere");
    }
}
