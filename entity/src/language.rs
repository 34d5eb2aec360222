//! The languages that people are spoken to in, and the time zones that they live in.

use crate::clock::Time;
use crate::refusal::{Code, Refusal};
use chrono_tz::Tz;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// A language (ISO 639-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese, in simplified characters.
    Zh,
}

/// How somebody is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locale {
    /// In which language.
    pub language: Language,
    zone: Tz,
}

impl Locale {
    /// A language and a time zone by its name in the IANA database, such as `Europe/Berlin`.
    ///
    /// # Errors
    /// `TIME_ZONE_UNKNOWN`.
    pub fn parse(language: Language, zone: Option<&str>) -> Result<Self, Refusal> {
        let zone = zone.unwrap_or("UTC").parse().map_err(|_| Code::TimeZoneUnknown.at("timeZone"))?;
        Ok(Self { language, zone })
    }

    /// As it was stored; an unknown time zone is UTC.
    pub(crate) fn stored(language: Language, zone: &str) -> Self {
        Self { language, zone: zone.parse().unwrap_or(Tz::UTC) }
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// A moment, as a clock on the wall shows it.
    pub fn show(&self, at: Time) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M %Z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_the_clock_on_the_wall() {
        let at = "2026-07-01T12:00:00Z".parse().unwrap();
        let berlin = Locale::parse(Language::En, Some("Europe/Berlin")).unwrap();
        assert_eq!(berlin.show(at), "2026-07-01 14:00 CEST");
        assert_eq!(Locale::stored(Language::Zh, "Mars/Olympus").show(at), "2026-07-01 12:00 UTC");
        assert_eq!(Locale::parse(Language::En, Some("Berlin")).unwrap_err().code, Code::TimeZoneUnknown);
    }
}
