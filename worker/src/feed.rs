//! Feeds: exchange rates from the world outside, by HTTP.
//!
//! Two forms: the reference rates of the European Central Bank (`eurofxref-daily.xml`, and its histories in the same
//! form), and a JSON text as most providers have it:
//!
//! ```json
//! { "base": "USD", "timestamp": 1767225600, "rates": { "EUR": 0.8951, "JPY": "157.25" } }
//! ```
//!
//! Guarantees: a number is read as the decimal digits that stand there, never as a float, to twelve places; a text that breaks off, that
//! is too long, or in which one rate can't be read gives none. Refuses redirects. Costs one request a period.

use crate::ecb;
use crate::gateway::{RateSource, Unreachable};
use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use entity::clock::{Clock, Time};
use entity::money::Currency;
use entity::rate::Sheet;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long a request may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
/// What a text may be long: the whole history of the European Central Bank is a third of it.
const LONGEST: usize = 32 * 1024 * 1024;
/// Digits after the point that are kept; providers that reckon with floats send what is noise beyond.
const PLACES: u32 = 12;

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Of the European Central Bank.
    Ecb,
    /// JSON.
    Json,
}

/// A feed. Clones would ask twice as often.
pub struct Feed {
    name: String,
    form: Form,
    url: String,
    http: reqwest::Client,
    clock: Clock,
    /// How long its rates are good.
    good_for: Duration,
    /// How often it is asked.
    period: Duration,
    asked: Mutex<Option<Time>>,
    patience: std::time::Duration,
}

impl Feed {
    /// The European Central Bank speaks once a working day, at about four in the afternoon. It is asked twice an hour.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn ecb(url: &str, clock: Clock) -> Result<Self, String> {
        let times = (Duration::hours(36), Duration::minutes(30));
        Self::new("ECB", Form::Ecb, url, times, clock).map_err(|error| format!("ECB_URL: {error}"))
    }

    /// A provider of live rates, asked four times a minute; good for a minute.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn live(url: &str, clock: Clock) -> Result<Self, String> {
        let times = (Duration::seconds(60), Duration::seconds(10));
        Self::new("LIVE", Form::Json, url, times, clock).map_err(|error| format!("RATES_URL: {error}"))
    }

    fn new(
        name: &str,
        form: Form,
        url: &str,
        (good_for, period): (Duration, Duration),
        clock: Clock,
    ) -> Result<Self, String> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.build().map_err(|error| error.to_string())?;
        reqwest::Url::parse(url).map_err(|_| "expected https://HOST/PATH".to_owned())?;
        let (name, url, asked) = (name.to_owned(), url.to_owned(), Mutex::new(None));
        Ok(Self { name, form, url, http, clock, good_for, period, asked, patience: PATIENCE })
    }

    /// The same that waits so long for an answer.
    #[must_use]
    pub fn with_patience(self, patience: std::time::Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whether it is time to ask; who asks is the next not to.
    fn is_due(&self, now: Time) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_none_or(|asked| now >= asked + self.period || now < asked);
        if due {
            *asked = Some(now);
        }
        due
    }

    async fn text(&self) -> Result<String, Unreachable> {
        let gone = |error: reqwest::Error| Unreachable(error.without_url().to_string());
        let mut answer = self.http.get(&self.url).timeout(self.patience).send().await.map_err(gone)?;
        if !answer.status().is_success() {
            return Err(Unreachable(format!("it answered {}", answer.status())));
        }
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(gone)? {
            text.extend_from_slice(&chunk);
            if text.len() > LONGEST {
                return Err(Unreachable("its answer does not end".to_owned()));
            }
        }
        String::from_utf8(text).map_err(|_| Unreachable("its answer is no text".to_owned()))
    }

    fn read(&self, text: &str, now: Time) -> Result<Vec<Sheet>, String> {
        match self.form {
            Form::Ecb => ecb::read(text)?
                .into_iter()
                .map(|(as_of, rates)| {
                    Sheet::new(&self.name, Currency::EUR, (as_of, self.good_for), rates, now)
                })
                .collect(),
            Form::Json => {
                let (base, as_of, rates) = read_json(text)?;
                Ok(vec![Sheet::new(&self.name, base, (as_of, self.good_for), rates, now)?])
            }
        }
    }
}

#[async_trait]
impl RateSource for Feed {
    fn name(&self) -> &str {
        &self.name
    }

    async fn sheets(&self) -> Result<Vec<Sheet>, Unreachable> {
        let now = self.clock.now();
        if !self.is_due(now) {
            return Ok(Vec::new());
        }
        let read = match self.text().await {
            Ok(text) => self.read(&text, now).map_err(Unreachable),
            Err(reason) => Err(reason),
        };
        if read.is_err() {
            // It is asked again the next time.
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        read
    }
}

#[derive(Deserialize)]
struct Json<'a> {
    base: &'a str,
    timestamp: i64,
    #[serde(borrow)]
    rates: BTreeMap<&'a str, &'a RawValue>,
}

/// What a provider says: its base, as of when, and its rates. Currencies that nobody has an account in are left out.
type Read = (Currency, Time, BTreeMap<Currency, Decimal>);

fn read_json(text: &str) -> Result<Read, String> {
    let json: Json<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let base = Currency::parse(json.base).map_err(|_| format!("{} is no currency", json.base))?;
    let as_of = DateTime::<Utc>::from_timestamp(json.timestamp, 0).ok_or("its timestamp is no time")?;
    let mut rates = BTreeMap::new();
    for (code, raw) in json.rates {
        let digits = raw.get().trim_matches('"');
        let rate: Decimal = digits.parse().map_err(|_| format!("{digits} is no rate of {code}"))?;
        if let Ok(currency) = Currency::parse(code)
            && currency != base
        {
            rates.insert(currency, rate.round_dp(PLACES));
        }
    }
    Ok((base, as_of, rates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_stand_there() {
        let text = r#"{"disclaimer":"none","base":"USD","timestamp":1767225600,
            "rates":{"EUR":0.8951,"JPY":"157.250268528","BTC":0.00001,"USD":1,"KWD":0.1000000000000000055511151231}}"#;
        let (base, as_of, rates) = read_json(text).unwrap();
        assert_eq!((base.code(), as_of.to_rfc3339().as_str()), ("USD", "2026-01-01T00:00:00+00:00"));
        let of = |code: &str| rates.get(&Currency::parse(code).unwrap()).map(ToString::to_string);
        assert_eq!(of("EUR").as_deref(), Some("0.8951"));
        assert_eq!(of("JPY").as_deref(), Some("157.250268528"));
        assert_eq!(of("KWD").as_deref(), Some("0.100000000000"), "what a float leaves is noise");
        assert_eq!(rates.len(), 3, "no rate of itself, and none of what is no currency");
    }

    #[test]
    fn what_breaks_off_or_can_not_be_read_gives_nothing() {
        let whole = r#"{"base":"USD","timestamp":1767225600,"rates":{"EUR":0.8951,"JPY":157.25}}"#;
        assert!(read_json(whole).is_ok());
        for at in 0..whole.len() {
            assert!(read_json(&whole[..at]).is_err(), "{at}");
        }
        for wrong in ["NaN", "null", "1e400", "\"\"", "[]", "true", "\"0x1\""] {
            let text = format!(r#"{{"base":"USD","timestamp":1767225600,"rates":{{"EUR":{wrong}}}}}"#);
            assert!(read_json(&text).is_err(), "{wrong}");
        }
    }
}
