//! Money: an integer count of minor units, with its currency.
//!
//! Guarantees: [`Amount`] is greater than zero; arithmetic is checked; parsing and printing are
//! exact inverses of each other for every currency. Refuses, with a code each: unknown currencies,
//! text that is no decimal number, more digits than the currency has (never rounded), zero,
//! negative and too large amounts. Exponents come from ISO 4217; an `i64` holds 92 quadrillion
//! euros in cents.
#![deny(clippy::arithmetic_side_effects)]

use crate::refusal::{Code, Refusal};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A currency of ISO 4217 that has minor units (gold and test codes have none and are refused).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[sea_orm(value_type = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro, in which the rules of the house are stated.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The currency of a code such as `EUR`, written in capitals.
    ///
    /// # Errors
    /// `CURRENCY_UNKNOWN`.
    pub fn parse(code: &str) -> Result<Self, Refusal> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(Code::CurrencyUnknown.at("currency"))
    }

    /// The three letters of ISO 4217.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal digits its minor unit has: 0 for JPY, 2 for EUR, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// Every currency that an account can be opened in.
    pub fn all() -> impl Iterator<Item = Self> {
        <iso_currency::Currency as iso_currency::IntoEnumIterator>::iter()
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
    }
}

impl FromStr for Currency {
    type Err = Refusal;
    fn from_str(code: &str) -> Result<Self, Refusal> {
        Self::parse(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = Refusal;
    fn try_from(code: String) -> Result<Self, Refusal> {
        Self::parse(&code)
    }
}

impl From<Currency> for &'static str {
    fn from(currency: Currency) -> Self {
        currency.code()
    }
}

// sea-orm asks it of every key type; a currency never comes from a row counter.
impl TryFromU64 for Currency {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Currency"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A balance or a change: any number of minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// The count of minor units.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// The same in major units, with exactly the digits of the currency.
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// The most that one act may move, in minor units: ten trillion euros. Nobody has that; a mistyped
/// amount does not bring a balance near the end of an `i64`.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Money that can be moved: more than zero, at most [`AMOUNT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount(Money);

impl Amount {
    /// So many minor units.
    ///
    /// # Errors
    /// `AMOUNT_ZERO`, `AMOUNT_NEGATIVE`, `AMOUNT_TOO_LARGE`.
    pub fn try_new(minor: i64, currency: Currency) -> Result<Self, Refusal> {
        match minor {
            0 => Err(Code::AmountZero.at("amount")),
            minor if minor < 0 => Err(Code::AmountNegative.at("amount")),
            minor if minor > AMOUNT_MAX => Err(Code::AmountTooLarge.at("amount")),
            minor => Ok(Self(Money { minor, currency })),
        }
    }

    /// Reads digits with an optional point, such as `12.50`. No sign but a minus (which is
    /// refused as negative), no exponent, no grouping, no spaces.
    ///
    /// # Errors
    /// `AMOUNT_MALFORMED`, `AMOUNT_SCALE`, `AMOUNT_ZERO`, `AMOUNT_NEGATIVE`, `AMOUNT_TOO_LARGE`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Refusal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(Code::AmountMalformed.at("amount")),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return Err(Code::AmountMalformed.at("amount"));
        }
        let exponent = usize::try_from(currency.exponent()).unwrap_or(0);
        if fraction.len() > exponent {
            return Err(Code::AmountScale.at("amount"));
        }
        let minor: i64 = format!("{whole}{fraction:0<exponent$}")
            .parse()
            .map_err(|_| Code::AmountTooLarge.at("amount"))?;
        if digits.len() < text.len() && minor != 0 {
            return Err(Code::AmountNegative.at("amount"));
        }
        Self::try_new(minor, currency)
    }

    /// The count of minor units, above zero.
    pub fn minor(self) -> i64 {
        self.0.minor
    }

    /// What they are units of.
    pub fn currency(self) -> Currency {
        self.0.currency
    }

    /// The same as a plain sum of money.
    pub fn money(self) -> Money {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The exact count of minor units in a decimal, if it is one.
pub fn minor_units(value: Decimal, currency: Currency) -> Option<i64> {
    let scale = Decimal::from(10_i64.checked_pow(currency.exponent())?);
    let minor = value.checked_mul(scale)?;
    if minor.fract().is_zero() { minor.to_i64() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency() -> impl Strategy<Value = Currency> {
        proptest::sample::select(Currency::all().collect::<Vec<_>>())
    }

    fn code(text: &str, currency: &str) -> Code {
        let currency = Currency::parse(currency).unwrap();
        Amount::parse(text, currency).unwrap_err().code
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn printing_and_parsing_are_inverses(minor in 1..=AMOUNT_MAX, currency in currency()) {
            let amount = Amount::try_new(minor, currency).unwrap();
            let text = amount.money().decimal().to_string();
            prop_assert_eq!(Amount::parse(&text, currency).unwrap(), amount);
            prop_assert_eq!(minor_units(amount.money().decimal(), currency), Some(minor));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,30}", currency in currency()) {
            if let Ok(amount) = Amount::parse(&text, currency) {
                prop_assert!(amount.minor() > 0);
            }
        }

        #[test]
        fn one_digit_too_many_is_never_rounded(minor in 1..=i64::MAX, digit in 0..=9, currency in currency()) {
            let text = Money { minor, currency }.decimal().to_string();
            let text = if text.contains('.') { format!("{text}{digit}") } else { format!("{text}.{digit}") };
            prop_assert_eq!(Amount::parse(&text, currency).unwrap_err().code, Code::AmountScale);
        }
    }

    #[test]
    fn exponents_are_those_of_iso_4217() {
        for (code, exponent) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(Currency::parse(code).unwrap().exponent(), exponent, "{code}");
        }
        for code in ["XAU", "XXX", "XTS", "eur", "EURO", "", "€"] {
            assert_eq!(Currency::parse(code).unwrap_err().code, Code::CurrencyUnknown, "{code}");
        }
    }

    #[test]
    fn each_wrong_amount_has_its_code() {
        for text in ["", ".", "1.", ".5", "1e3", "+1", " 1", "1_000", "1,5", "٣", "--1", "NaN"] {
            assert_eq!(code(text, "EUR"), Code::AmountMalformed, "{text}");
        }
        assert_eq!(code("1.234", "EUR"), Code::AmountScale);
        assert_eq!(code("1.0", "JPY"), Code::AmountScale);
        assert_eq!(code("0.00", "EUR"), Code::AmountZero);
        assert_eq!(code("-0", "EUR"), Code::AmountZero);
        assert_eq!(code("-1", "EUR"), Code::AmountNegative);
        assert_eq!(code("92233720368547758.08", "EUR"), Code::AmountTooLarge);
        assert_eq!(code("10000000000000.01", "EUR"), Code::AmountTooLarge);
        assert!(Amount::parse("10000000000000.00", Currency::parse("EUR").unwrap()).is_ok());
        assert_eq!(code("99999999999999999999999", "EUR"), Code::AmountTooLarge);
    }
}
