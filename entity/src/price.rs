//! Prices: what is paid for an amount in another currency, and where each minor unit of it goes.
//!
//! Pure arithmetic on whole minor units and exact fractions; nothing is rounded but where it says so.
//!
//! Guarantees, for every price:
//! - what is paid is `net + spread + fee + rounding`, to the last minor unit, and no part is below zero;
//! - what is received is worth no more than `net` at the mid rate, so that rounding never creates money, and a price
//!   there and back never leaves more than there was;
//! - who fixes what is received gets exactly that; who fixes what is paid pays exactly that;
//! - the fee is taken from what is paid before anything is exchanged, and the spread is a share of what is exchanged.
//!
//! Refuses `AMOUNT_TOO_SMALL`, where nothing is left of it or less than a minor unit would come, and
//! `AMOUNT_TOO_LARGE`. Works in 128 bits; what does not fit in them is too large.
#![deny(clippy::arithmetic_side_effects)]

use crate::money::{AMOUNT_MAX, Amount, Currency, Money};
use crate::refusal::{Code, Refusal};
use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul};
use rust_decimal::Decimal;

/// An exact number.
type Exact = Ratio<i128>;

/// A hundredth of a percent is one; all of it are so many.
const BASIS_POINTS: i128 = 10_000;

/// What is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many units of the target one of the source is worth, in the middle.
    pub mid: Decimal,
    /// The share of it that the house keeps, in basis points, below all of it.
    pub spread: u16,
    /// What is taken once, in minor units of the source.
    pub fee_fixed: i64,
    /// What is taken as a share of what is exchanged, in basis points.
    pub fee_share: u16,
}

/// Where each minor unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What is paid: all that follows but the last.
    pub source: i64,
    /// What is worth what is received.
    pub net: i64,
    /// What the house keeps for the exchange.
    pub spread: i64,
    /// What the house takes for its work.
    pub fee: i64,
    /// What is too little to be a minor unit on the other side.
    pub rounding: i64,
    /// What is received, in minor units of the target.
    pub target: i64,
}

/// A price between two currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// What is paid.
    pub source: Amount,
    /// What is received.
    pub target: Amount,
    /// Where each minor unit goes.
    pub parts: Parts,
}

fn too_large() -> Refusal {
    Code::AmountTooLarge.at("amount")
}

fn too_small() -> Refusal {
    Code::AmountTooSmall.at("amount")
}

/// A price for somebody who pays exactly this.
///
/// # Errors
/// See the module.
pub fn paying(source: Amount, target: Currency, terms: Terms) -> Result<Price, Refusal> {
    let desk = Desk::new(terms, source.currency().exponent(), target.exponent()).ok_or_else(too_large)?;
    priced(desk.paying(source.minor())?, source.currency(), target)
}

/// A price for somebody who is to receive exactly this.
///
/// # Errors
/// See the module.
pub fn receiving(source: Currency, target: Amount, terms: Terms) -> Result<Price, Refusal> {
    let desk = Desk::new(terms, source.exponent(), target.currency().exponent()).ok_or_else(too_large)?;
    priced(desk.receiving(target.minor())?, source, target.currency())
}

/// What a balance is worth in another currency in the middle, rounded down; none, where that is too large to count.
pub fn at_mid(balance: Money, target: Currency, mid: Decimal) -> Option<i64> {
    let terms = Terms { mid, spread: 0, fee_fixed: 0, fee_share: 0 };
    let desk = Desk::new(terms, balance.currency.exponent(), target.exponent())?;
    i64::try_from(desk.worth(balance.minor.into())?).ok()
}

fn priced(parts: Parts, source: Currency, target: Currency) -> Result<Price, Refusal> {
    let (source, target) = (Amount::try_new(parts.source, source)?, Amount::try_new(parts.target, target)?);
    Ok(Price { source, target, parts })
}

/// Where it is exchanged: the terms in minor units.
struct Desk {
    /// Minor units of the target that one of the source is worth.
    mid: Exact,
    /// What is left of a whole when the spread is taken.
    kept: Exact,
    spread: Exact,
    fee_fixed: i128,
    fee_share: Exact,
}

impl Desk {
    fn new(terms: Terms, source_digits: u32, target_digits: u32) -> Option<Self> {
        let ten = |digits| 10_i128.checked_pow(digits).map(Exact::from_integer);
        let mid = Exact::from_integer(terms.mid.mantissa()).checked_div(&ten(terms.mid.scale())?)?;
        let mid = mid.checked_mul(&ten(target_digits)?)?.checked_div(&ten(source_digits)?)?;
        let left = BASIS_POINTS.checked_sub(terms.spread.into()).filter(|left| *left > 0)?;
        let fits = *mid.numer() > 0 && terms.fee_fixed >= 0;
        fits.then(|| Self {
            mid,
            kept: Exact::new(left, BASIS_POINTS),
            spread: Exact::new(terms.spread.into(), BASIS_POINTS),
            fee_fixed: terms.fee_fixed.into(),
            fee_share: Exact::new(terms.fee_share.into(), BASIS_POINTS),
        })
    }

    fn paying(&self, source: i64) -> Result<Parts, Refusal> {
        let left =
            i128::from(source).checked_sub(self.fee_fixed).filter(|left| *left > 0).ok_or_else(too_small)?;
        // The most that leaves room for its fee: `x + ceil(x * share) <= left` says the same as this.
        let whole = Exact::from_integer(1).checked_add(&self.fee_share).ok_or_else(too_large)?;
        let exchanged =
            Exact::from_integer(left).checked_div(&whole).ok_or_else(too_large)?.floor().to_integer();
        let target = self.worth(exchanged).ok_or_else(too_large)?;
        self.parts(source.into(), exchanged, target)
    }

    fn receiving(&self, target: i64) -> Result<Parts, Refusal> {
        let target = i128::from(target);
        let exchanged = self.cost(target).ok_or_else(too_large)?;
        let fee = self.fee(exchanged).ok_or_else(too_large)?;
        let source = exchanged.checked_add(fee).ok_or_else(too_large)?;
        self.parts(source, exchanged, target)
    }

    /// What comes out for what is exchanged: rounded down.
    fn worth(&self, exchanged: i128) -> Option<i128> {
        let kept = Exact::from_integer(exchanged).checked_mul(&self.kept)?;
        Some(kept.checked_mul(&self.mid)?.floor().to_integer())
    }

    /// What has to be exchanged for this to come out: rounded up.
    fn cost(&self, target: i128) -> Option<i128> {
        let kept = Exact::from_integer(target).checked_div(&self.mid)?;
        Some(kept.checked_div(&self.kept)?.ceil().to_integer())
    }

    /// The fee for what is exchanged: rounded up.
    fn fee(&self, exchanged: i128) -> Option<i128> {
        let share = Exact::from_integer(exchanged).checked_mul(&self.fee_share)?.ceil().to_integer();
        share.checked_add(self.fee_fixed)
    }

    fn parts(&self, source: i128, exchanged: i128, target: i128) -> Result<Parts, Refusal> {
        if target <= 0 || exchanged <= 0 {
            return Err(too_small());
        }
        let parts = || {
            let fee = self.fee(exchanged)?;
            let net = Exact::from_integer(target).checked_div(&self.mid)?.ceil().to_integer();
            let spread = Exact::from_integer(exchanged).checked_mul(&self.spread)?.floor().to_integer();
            // Never below zero: `net` is at most what is exchanged without the spread, rounded up, and with the
            // spread rounded down beside it that is all of it.
            let rounding = source.checked_sub(fee)?.checked_sub(net)?.checked_sub(spread)?;
            let minor = |part: i128| i64::try_from(part).ok().filter(|part| (0..=AMOUNT_MAX).contains(part));
            Some(Parts {
                source: minor(source)?,
                net: minor(net)?,
                spread: minor(spread)?,
                fee: minor(fee)?,
                rounding: minor(rounding)?,
                target: minor(target)?,
            })
        };
        parts().ok_or_else(too_large)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    fn terms(mid: &str, spread: u16, fee_fixed: i64, fee_share: u16) -> Terms {
        Terms { mid: mid.parse().unwrap(), spread, fee_fixed, fee_share }
    }

    fn euros(minor: i64) -> Amount {
        Amount::try_new(minor, Currency::EUR).unwrap()
    }

    fn yen() -> Currency {
        Currency::parse("JPY").unwrap()
    }

    #[test]
    fn an_example_by_hand() {
        // 100.00 EUR, 0.20 and 1 % fee: 98.81 is exchanged, 0.99 + 0.20 is the fee; half a percent is the spread, 0.49.
        let price = paying(euros(10_000), yen(), terms("175.68", 50, 20, 100)).unwrap();
        // 98.81 * 0.995 * 175.68 = 17272.14…; 17272 yen are worth 98.315…, which is 98.32.
        let parts = Parts { source: 10_000, net: 9_832, spread: 49, fee: 119, rounding: 0, target: 17_272 };
        assert_eq!(price.parts, parts);
        let back = receiving(Currency::EUR, price.target, terms("175.68", 50, 20, 100)).unwrap();
        assert_eq!((back.target, back.source), (price.target, euros(10_000)));
    }

    #[test]
    fn what_is_too_small_or_too_large_is_refused() {
        let refused = |minor, mid: &str, fee| {
            paying(euros(minor), yen(), terms(mid, 0, fee, 0))
                .map(|price| price.parts.target)
                .map_err(|r| r.code)
        };
        assert_eq!(refused(1, "99", 0), Err(Code::AmountTooSmall));
        assert_eq!(refused(1, "100", 0), Ok(1));
        assert_eq!(refused(20, "100", 20), Err(Code::AmountTooSmall));
        assert_eq!(refused(AMOUNT_MAX, "175.68", 0), Err(Code::AmountTooLarge));
        assert_eq!(refused(AMOUNT_MAX, "99.9", 0), Ok(999_000_000_000_000));
        let mid = "0.000000000001234567890123";
        assert_eq!(refused(AMOUNT_MAX, mid, 0), Ok(12));
        let much = Amount::try_new(AMOUNT_MAX, yen()).unwrap();
        let price = receiving(Currency::EUR, much, terms(mid, 0, 0, 0));
        assert_eq!(price.unwrap_err().code, Code::AmountTooLarge);
    }

    /// A rate of up to twelve digits, between a millionth and a million.
    fn mid(rng: &mut StdRng) -> Decimal {
        Decimal::new(rng.random_range(1..1_000_000_000_000), rng.random_range(6..13))
    }

    #[test]
    fn a_million_conversions_keep_every_minor_unit() {
        let mut rng = StdRng::seed_from_u64(5);
        let mut priced = 0;
        while priced < 1_000_000 {
            let digits = [0, 2, 3, 8];
            let (from, to) = (digits[rng.random_range(0..4)], digits[rng.random_range(0..4)]);
            let (mid, spread) = (mid(&mut rng), rng.random_range(0..1_000));
            let (fee_fixed, fee_share) = (rng.random_range(0..500), rng.random_range(0..500));
            let terms = Terms { mid, spread, fee_fixed, fee_share };
            let desk = Desk::new(terms, from, to).unwrap();
            let amount =
                10_i64.pow(rng.random_range(0..14)) * rng.random_range(1..10) + rng.random_range(0..7);
            let fixed_source = rng.random_bool(0.5);
            let parts = if fixed_source { desk.paying(amount) } else { desk.receiving(amount) };
            let Ok(parts) = parts else { continue };
            priced += 1;
            check(&desk, terms, (from, to), parts);
            assert_eq!(if fixed_source { parts.source } else { parts.target }, amount);
        }
    }

    /// The guarantees once more, each in its own words: with whole numbers without an end and none of the code above.
    #[expect(clippy::arithmetic_side_effects, reason = "these numbers have no end")]
    fn check(desk: &Desk, terms: Terms, (from, to): (u32, u32), parts: Parts) {
        let said = format!("{terms:?} {from} {to} {parts:?}");
        let Parts { source, net, spread, fee, rounding, target } = parts;
        assert!([net, spread, fee, rounding].iter().all(|part| *part >= 0) && target > 0, "{said}");
        assert_eq!(net + spread + fee + rounding, source, "{said}");
        // net * mid >= target, and one less would not be enough.
        let ten = |digits: u32| BigInt::from(10).pow(digits);
        let worth = |net: i64| BigInt::from(net) * terms.mid.mantissa() * ten(to);
        let cost = BigInt::from(target) * ten(from) * ten(terms.mid.scale());
        assert!(worth(net) >= cost && worth(net - 1) < cost, "{said}");
        // Nothing is left over that would have bought another minor unit, but for what the fee is rounded by.
        let one_more = desk.cost(i128::from(target) + 1).map(i64::try_from);
        if let Some(Ok(cost)) = one_more {
            assert!(net + spread + rounding < cost + 2, "{said}");
        }
        // And back again, at the same mid and for nothing: never more than was exchanged.
        let back = desk.mid.recip() * Exact::from_integer(target.into());
        assert!(back.floor().to_integer() <= i128::from(net), "{said}");
    }
}
