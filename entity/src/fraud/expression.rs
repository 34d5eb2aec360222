//! Expressions: what a rule says, made ready to be asked. The crate `cel` reads the text; what of it rules may say is made into
//! these once, and asked of the signals of each payment without a map, a name or an allocation.
//!
//! Guarantees: what is made answers with true or false, whatever the signals are, in a time that its length bounds. A number
//! beyond range is the last one within it: where the language gives up, and a rule would let the largest amounts pass, these
//! go on. What depends on a signal that is not known is neither, unless the other side of an `and` or `or` decides alone.
//!
//! Refuses, in words, whatever else the language can say.

use super::signal::SIGNALS;
use cel::common::ast::{CallExpr, Expr, LiteralValue};
use cel::{IdedExpr, Program};

/// The largest number that a rule may name: with more, sums and products of signals are soon beyond range.
const NUMBER: u64 = 1_000_000_000_000;

/// What is true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Known(bool),
    /// A signal, by its place.
    Signal(usize),
    Not(Box<Flag>),
    And(Box<[Flag; 2]>),
    Or(Box<[Flag; 2]>),
    Same(Box<[Flag; 2]>),
    Compared(Comparison, Box<[Number; 2]>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Same,
}

/// What is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Known(i64),
    /// A signal, by its place.
    Signal(usize),
    Negative(Box<Number>),
    Computed(Operation, Box<[Number; 2]>),
}

/// What is computed of two numbers. Divisors are known, and not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Sum,
    Difference,
    Product,
    Quotient,
    Remainder,
}

/// An expression of either kind.
enum Either {
    Flag(Flag),
    Number(Number),
}

impl Flag {
    /// Reads a text.
    ///
    /// # Errors
    /// In words.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let program = Program::compile(text).map_err(|error| error.to_string().trim().to_owned())?;
        match read(program.expression())? {
            Either::Flag(flag) => Ok(flag),
            Either::Number(_) => Err("it is a number, and neither true nor false".to_owned()),
        }
    }

    /// Whether it is true of these signals; none, where that is not known.
    pub(super) fn holds(&self, signals: &[Option<i64>]) -> Option<bool> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Signal(place) => Some((*signals.get(*place)?)? != 0),
            Self::Not(flag) => Some(!flag.holds(signals)?),
            Self::And(both) => joined(both, signals, false),
            Self::Or(both) => joined(both, signals, true),
            Self::Same(both) => Some(both[0].holds(signals)? == both[1].holds(signals)?),
            Self::Compared(comparison, both) => {
                let (left, right) = (both[0].of(signals)?, both[1].of(signals)?);
                Some(match comparison {
                    Comparison::Less => left < right,
                    Comparison::AtMost => left <= right,
                    Comparison::More => left > right,
                    Comparison::AtLeast => left >= right,
                    Comparison::Same => left == right,
                })
            }
        }
    }
}

/// Joins two flags, of which either decides alone if it is so.
fn joined([left, right]: &[Flag; 2], signals: &[Option<i64>], decides: bool) -> Option<bool> {
    let left = left.holds(signals);
    if left == Some(decides) {
        return left;
    }
    match right.holds(signals) {
        Some(right) if right == decides => Some(decides),
        right => left.and(right),
    }
}

impl Number {
    fn of(&self, signals: &[Option<i64>]) -> Option<i64> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Signal(place) => *signals.get(*place)?,
            Self::Negative(number) => Some(number.of(signals)?.saturating_neg()),
            Self::Computed(operation, both) => {
                let (left, right) = (both[0].of(signals)?, both[1].of(signals)?);
                match operation {
                    Operation::Sum => Some(left.saturating_add(right)),
                    Operation::Difference => Some(left.saturating_sub(right)),
                    Operation::Product => Some(left.saturating_mul(right)),
                    // The one quotient beyond range is that of the last number below zero and -1, which leaves nothing.
                    Operation::Quotient => Some(left.checked_div(right).unwrap_or(i64::MAX)),
                    Operation::Remainder => Some(left.checked_rem(right).unwrap_or(0)),
                }
            }
        }
    }
}

fn read(expression: &IdedExpr) -> Result<Either, String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else the language has, rules have not")]
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(flag)) => Ok(Either::Flag(Flag::Known(*flag.inner()))),
        Expr::Literal(LiteralValue::Int(number)) if number.inner().unsigned_abs() <= NUMBER => {
            Ok(Either::Number(Number::Known(*number.inner())))
        }
        Expr::Literal(LiteralValue::Int(_)) => Err(format!("a number is beyond {NUMBER}")),
        Expr::Ident(name) => {
            let place = SIGNALS.iter().position(|signal| signal.name == name);
            let place = place.ok_or_else(|| format!("there is no signal {name}"))?;
            Ok(if SIGNALS.get(place).is_some_and(|signal| signal.is_flag) {
                Either::Flag(Flag::Signal(place))
            } else {
                Either::Number(Number::Signal(place))
            })
        }
        Expr::Call(call) if call.target.is_none() => read_call(call),
        _ => Err("it may speak of signals and whole numbers only, and call nothing".to_owned()),
    }
}

fn read_call(call: &CallExpr) -> Result<Either, String> {
    use {Comparison as C, Either as E, Operation as O};
    let name = call.func_name.as_str();
    let mut read = call.args.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter();
    let (first, second, third) = (read.next(), read.next(), read.next());
    let compared = |how, both| Ok(E::Flag(Flag::Compared(how, Box::new(both))));
    let computed = |how, both| Ok(E::Number(Number::Computed(how, Box::new(both))));
    match (name, first, second, third) {
        ("_?_:_", ..) => Err("there is no ?:".to_owned()),
        ("!_", Some(E::Flag(flag)), None, None) => Ok(E::Flag(Flag::Not(Box::new(flag)))),
        ("-_", Some(E::Number(number)), None, None) => Ok(E::Number(Number::Negative(Box::new(number)))),
        (_, Some(E::Flag(left)), Some(E::Flag(right)), None) => {
            let both = Box::new([left, right]);
            match name {
                "_&&_" => Ok(E::Flag(Flag::And(both))),
                "_||_" => Ok(E::Flag(Flag::Or(both))),
                "_==_" => Ok(E::Flag(Flag::Same(both))),
                "_!=_" => Ok(E::Flag(Flag::Not(Box::new(Flag::Same(both))))),
                _ => unknown(name),
            }
        }
        (_, Some(E::Number(left)), Some(E::Number(right)), None) => {
            let is_safe = matches!(right, Number::Known(number) if number != 0);
            let both = [left, right];
            match name {
                "_<_" => compared(C::Less, both),
                "_<=_" => compared(C::AtMost, both),
                "_>_" => compared(C::More, both),
                "_>=_" => compared(C::AtLeast, both),
                "_==_" => compared(C::Same, both),
                "_!=_" => Ok(E::Flag(Flag::Not(Box::new(Flag::Compared(C::Same, Box::new(both)))))),
                "_+_" => computed(O::Sum, both),
                "_-_" => computed(O::Difference, both),
                "_*_" => computed(O::Product, both),
                "_/_" | "_%_" if !is_safe => Err("it may divide by a number other than zero only".to_owned()),
                "_/_" => computed(O::Quotient, both),
                "_%_" => computed(O::Remainder, both),
                _ => unknown(name),
            }
        }
        _ => unknown(name),
    }
}

/// What is no operator of ours, or joins what it can't.
fn unknown(name: &str) -> Result<Either, String> {
    if name.contains('_') {
        Err(format!("{} joins what does not fit: a flag is no number", shown(name)))
    } else {
        Err(format!("there is no {name}"))
    }
}

/// An operator as it is written.
fn shown(name: &str) -> &str {
    name.trim_matches('_')
}

#[cfg(test)]
mod tests {
    use super::super::signal::Signals;
    use super::*;

    fn holds(text: &str, signals: &Signals) -> Option<bool> {
        Flag::read(text).unwrap().holds(&signals.numbers())
    }

    #[test]
    fn each_operator_means_what_the_language_says() {
        let signals = Signals { amount: 7, new_payee: 1, idle_days: -3, ..Signals::default() };
        for (text, expected) in [
            ("amount == 7 && amount != 8", true),
            ("amount < 7 || amount > 7", false),
            ("amount <= 7 && amount >= 7", true),
            ("amount + 1 == 8 && amount - 8 == -1 && amount * 2 == 14", true),
            ("amount / 2 == 3 && amount % 4 == 3 && idle_days / 2 == -1 && idle_days % 2 == -1", true),
            ("-amount == -7 && -idle_days == 3", true),
            ("new_payee && !night", true),
            ("new_payee == true && night != true", true),
            ("night == new_payee", false),
            ("amount - 3 - 2 == 2 && 2 + 3 * 2 == 8", true),
            ("night && new_payee || new_payee", true),
            ("night && (new_payee || new_payee)", false),
        ] {
            assert_eq!(holds(text, &signals), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_beyond_range_is_the_last_within_it() {
        let signals = Signals { amount: i64::MAX, new_payee: 1, idle_days: i64::MIN, ..Signals::default() };
        for (text, expected) in [
            ("amount + 1 > 0", true),
            ("!(amount * 2 > 0)", false),
            ("amount * amount * amount > 1000 && new_payee", true),
            ("-idle_days > 0", true),
            ("idle_days - amount < 0", true),
            ("idle_days / -1 > 0 && idle_days % -1 == 0", true),
        ] {
            assert_eq!(holds(text, &signals), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_neither_unless_the_other_side_decides() {
        let mut signals = Signals { new_payee: 1, ..Signals::default() }.numbers();
        signals[SIGNALS.iter().position(|signal| signal.name == "amount").unwrap()] = None;
        for (text, expected) in [
            ("amount + 1 > 0", None),
            ("amount + 1 > 0 || new_payee", Some(true)),
            ("new_payee || amount + 1 > 0", Some(true)),
            ("amount + 1 > 0 && night", Some(false)),
            ("night && amount + 1 > 0", Some(false)),
            ("amount + 1 > 0 && new_payee", None),
            ("night || amount + 1 > 0", None),
        ] {
            assert_eq!(Flag::read(text).unwrap().holds(&signals), expected, "{text}");
        }
    }
}
