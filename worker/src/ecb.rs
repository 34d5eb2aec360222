//! The euro foreign exchange reference rates of the European Central Bank: a `Cube` with a `time` for each day, and in
//! it one with `currency` and `rate` for each currency, in units for one euro. The daily file has one day, the
//! histories have many.
//!
//! Guarantees: a text that breaks off or is no such file gives nothing. The rates are set at a quarter past two and
//! published at about four in the afternoon, Central European Time: they are as of 15:00 UTC.

use chrono::{NaiveDate, NaiveTime};
use entity::clock::Time;
use entity::money::Currency;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// When a day's rates are of.
const PUBLISHED: NaiveTime = match NaiveTime::from_hms_opt(15, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// A day and its rates.
pub(crate) type Day = (Time, BTreeMap<Currency, Decimal>);

/// Reads all days, oldest first.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn read(text: &str) -> Result<Vec<Day>, String> {
    let mut reader = Reader::from_str(text);
    let (mut days, mut depth): (BTreeMap<Time, BTreeMap<Currency, Decimal>>, i64) = (BTreeMap::new(), 0);
    let mut day = None;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                depth = depth.saturating_add(1);
                if let Some(time) = attribute(&tag, "time")? {
                    day = Some(parse_day(&time)?);
                }
            }
            Event::Empty(tag) => {
                if let (Some(code), Some(rate)) = (attribute(&tag, "currency")?, attribute(&tag, "rate")?) {
                    let day = day.ok_or("a rate is of no day")?;
                    let rate: Decimal = rate.parse().map_err(|_| format!("{rate} is no rate of {code}"))?;
                    // Some currencies of the history are no more.
                    if let Ok(currency) = Currency::parse(&code) {
                        days.entry(day).or_default().insert(currency, rate);
                    }
                }
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth != 0 => return Err("it breaks off".to_owned()),
            Event::Eof if days.is_empty() => return Err("it has no rates".to_owned()),
            Event::Eof => return Ok(days.into_iter().collect()),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

fn parse_day(text: &str) -> Result<Time, String> {
    let day: NaiveDate = text.parse().map_err(|_| format!("{text} is no day"))?;
    Ok(day.and_time(PUBLISHED).and_utc())
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let found = tag.try_get_attribute(name).map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok(None) };
    String::from_utf8(found.value.into_owned()).map(Some).map_err(|_| "an attribute is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAILY: &str = "<?xml version=\"1.0\"?>\n<gesmes:Envelope xmlns:gesmes=\"urn:x\">\n<Cube>\n\
        <Cube time='2026-10-30'>\n<Cube currency='USD' rate='1.1172'/>\n<Cube currency='JPY' rate='175.68'/>\n\
        <Cube currency='ZZZ' rate='2'/></Cube>\n</Cube>\n</gesmes:Envelope>\n";

    #[test]
    fn a_day_is_read() {
        let days = read(DAILY).unwrap();
        assert_eq!(days.len(), 1);
        assert_eq!(days[0].0.to_rfc3339(), "2026-10-30T15:00:00+00:00");
        let rates: Vec<_> = days[0].1.iter().map(|(currency, rate)| format!("{currency} {rate}")).collect();
        assert_eq!(rates, ["JPY 175.68", "USD 1.1172"]);
    }

    #[test]
    fn what_breaks_off_or_is_something_else_gives_nothing() {
        let end = DAILY.trim_end().len();
        for at in (0..end).filter(|at| DAILY.is_char_boundary(*at)) {
            assert!(read(&DAILY[..at]).is_err(), "{at}: {:?}", read(&DAILY[..at]));
        }
        for wrong in ["", "not xml", "<html></html>", "<a><Cube currency='USD' rate='1'/></a>"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read(&DAILY.replace("1.1172", "1,1172")).is_err());
        assert!(read(&DAILY.replace("2026-10-30", "2026-13-30")).is_err());
    }
}
