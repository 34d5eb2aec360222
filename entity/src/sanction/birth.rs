//! Days of birth as lists write them: a day, a month, a year, about a year, or between two; and how that of a person fits.
//!
//! Guarantees: what can't be read contradicts nobody. A year beside the span contradicts neither: lists err by that much.

use chrono::{Datelike, NaiveDate};
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// Years by which "about" errs.
const ABOUT: i32 = 2;
/// Years by which a list errs.
const ERROR: i32 = 1;
/// Years that stand in lists.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2200;

/// When somebody may have been born: from a day to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Birth {
    /// Not before.
    pub from: NaiveDate,
    /// Not after.
    pub to: NaiveDate,
}

/// How the birth of a person fits that of somebody on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BirthMatch {
    /// It is the same day.
    Same,
    /// It may be the same.
    Possible,
    /// One of the two is not known.
    Unknown,
    /// It is another.
    Contradicts,
}

impl Birth {
    /// What can't be read: any day.
    pub const UNREADABLE: Self = Self { from: NaiveDate::MIN, to: NaiveDate::MAX };

    /// A day as ISO 8601 writes it.
    pub(super) fn on(text: &str) -> Self {
        // Some have a time zone after the day.
        let day = text.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
        day.filter(|day| YEARS.contains(&day.year()))
            .map_or(Self::UNREADABLE, |day| Self { from: day, to: day })
    }

    /// Between two years.
    pub(super) fn between(from: i32, to: i32) -> Self {
        let known = YEARS.contains(&from) && YEARS.contains(&to) && from <= to;
        let days = NaiveDate::from_ymd_opt(from, 1, 1).zip(NaiveDate::from_ymd_opt(to, 12, 31));
        days.filter(|_| known).map_or(Self::UNREADABLE, |(from, to)| Self { from, to })
    }

    /// About a year.
    pub(super) fn about(year: i32) -> Self {
        Self::between(year.saturating_sub(ABOUT), year.saturating_add(ABOUT))
    }

    /// In English: `17 Feb 1963`, `Feb 1963`, `1963`, `circa 1963`, `1963 to 1965`.
    pub(super) fn in_words(text: &str) -> Self {
        let text = text.trim();
        let spans =
            |text: &str| text.split_once(" to ").map(|(from, to)| (Self::plain(from), Self::plain(to)));
        let span = if let Some((from, to)) = spans(text) {
            from.zip(to).map(|(from, to)| Self { from: from.from, to: to.to })
        } else if let Some(about) = text.strip_prefix("circa ") {
            Self::plain(about).map(|plain| Self::about(plain.from.year()))
        } else {
            Self::plain(text)
        };
        span.filter(|span| span.from <= span.to).unwrap_or(Self::UNREADABLE)
    }

    fn plain(text: &str) -> Option<Self> {
        let text = text.trim();
        let day = |text: &str| NaiveDate::parse_from_str(text, "%d %b %Y").ok();
        let known = |day: &NaiveDate| YEARS.contains(&day.year());
        if let Some(day) = day(text).filter(known) {
            return Some(Self { from: day, to: day });
        }
        if let Some(first) = day(&format!("1 {text}")).filter(known) {
            let next = first.checked_add_months(chrono::Months::new(1))?;
            return Some(Self { from: first, to: next.pred_opt()? });
        }
        let year = text.parse().ok()?;
        Some(Self::between(year, year)).filter(|birth| *birth != Self::UNREADABLE)
    }

    fn may_be(&self, born: NaiveDate) -> bool {
        let year = born.year();
        (self.from.year().saturating_sub(ERROR)..=self.to.year().saturating_add(ERROR)).contains(&year)
    }
}

/// How the day on which a person was born, if it is known, fits what a list says.
pub(super) fn compare(listed: &[Birth], born: Option<NaiveDate>) -> BirthMatch {
    let known = listed.iter().filter(|birth| **birth != Birth::UNREADABLE);
    let (Some(born), true) = (born, known.count() > 0) else {
        return BirthMatch::Unknown;
    };
    if listed.iter().any(|birth| birth.from == born && birth.to == born) {
        BirthMatch::Same
    } else if listed.iter().any(|birth| birth.may_be(born)) {
        BirthMatch::Possible
    } else {
        BirthMatch::Contradicts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn lists_write_days_in_many_ways() {
        for (text, from, to) in [
            ("17 Feb 1963", day(1963, 2, 17), day(1963, 2, 17)),
            ("Feb 1963", day(1963, 2, 1), day(1963, 2, 28)),
            ("Dec 1963", day(1963, 12, 1), day(1963, 12, 31)),
            (" 1963 ", day(1963, 1, 1), day(1963, 12, 31)),
            ("circa 1963", day(1961, 1, 1), day(1965, 12, 31)),
            ("circa Feb 1963", day(1961, 1, 1), day(1965, 12, 31)),
            ("1963 to 1965", day(1963, 1, 1), day(1965, 12, 31)),
            ("01 Jan 1963 to 31 Mar 1963", day(1963, 1, 1), day(1963, 3, 31)),
        ] {
            assert_eq!(Birth::in_words(text), Birth { from, to }, "{text}");
        }
        for text in
            ["", "unknown", "1965 to 1963", "32 Feb 1963", "99999", "to", " to ", "circa ", "1963-1965"]
        {
            assert_eq!(Birth::in_words(text), Birth::UNREADABLE, "{text}");
        }
        assert_eq!(Birth::on("1963-02-17Z"), Birth { from: day(1963, 2, 17), to: day(1963, 2, 17) });
        for text in ["", "1963", "0001-01-01", "1963-02-30", "ééééééé"] {
            assert_eq!(Birth::on(text), Birth::UNREADABLE, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_contradicts_nobody() {
        let exact = [Birth::on("1963-02-17")];
        for (listed, born, fits) in [
            (&exact[..], Some(day(1963, 2, 17)), BirthMatch::Same),
            (&exact, Some(day(1963, 2, 18)), BirthMatch::Possible),
            (&exact, Some(day(1964, 12, 31)), BirthMatch::Possible),
            (&exact, Some(day(1965, 1, 1)), BirthMatch::Contradicts),
            (&exact, None, BirthMatch::Unknown),
            (&[], Some(day(1963, 2, 17)), BirthMatch::Unknown),
            (&[Birth::UNREADABLE], Some(day(1963, 2, 17)), BirthMatch::Unknown),
            (&[Birth::UNREADABLE, exact[0]], Some(day(1990, 2, 17)), BirthMatch::Possible),
            (&[Birth::about(1990), exact[0]], Some(day(1992, 2, 17)), BirthMatch::Possible),
            (&[Birth::about(1990), exact[0]], Some(day(1980, 2, 17)), BirthMatch::Contradicts),
        ] {
            assert_eq!(compare(listed, born), fits, "{listed:?} {born:?}");
        }
    }
}
