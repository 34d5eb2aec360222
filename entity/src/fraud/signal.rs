//! Signals: what of a payment is worth a look, in whole numbers. Money is its worth in cents of euros.

use super::profile::{Profile, Way};
use super::score::Score;
use serde::Serialize;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A payment, as far as it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// When, in seconds of Unix time.
    pub at: i64,
    /// Its worth in cents of euros.
    pub cents: i64,
    /// Whether it goes to a bank, and not to a person.
    pub leaves: bool,
    /// Who or what is paid.
    pub payee: u64,
    /// Since when its payer has a wallet.
    pub payer_since: i64,
    /// Since when its payee has one, if it is a person.
    pub payee_since: Option<i64>,
    /// What was in the account before, in cents.
    pub balance_before: i64,
    /// Since when its payer is signed in, where that is known.
    pub session_since: Option<i64>,
    /// Since when the device is known that it is signed in on.
    pub device_since: Option<i64>,
    /// Since when it is known in the country that it is signed in from.
    pub country_since: Option<i64>,
}

/// What a rule may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name.
    pub name: &'static str,
    /// Whether it is true or false, and not a number.
    pub is_flag: bool,
    /// What it says.
    pub says: &'static str,
    /// Its value where it is not known.
    pub unknown: Option<i64>,
    /// Whether the payment alone says it, and neither what was before nor a device.
    pub of_payment: bool,
}

/// A bank account's age in days, and that of a device or a country that is not known.
const OLD: i64 = 36_500;
/// The age in minutes of a session that is not known.
const LONG: i64 = 60_000_000;

macro_rules! signals {
    ($($name:ident $is_flag:literal $says:literal;)+) => {
        /// All that a rule may speak of, for one payment. Flags are 0 or 1.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Signals { $(#[doc = $says] pub $name: i64,)+ }

        /// What they are.
        pub const SIGNALS: &[Signal] =
            &[$(Signal {
                name: stringify!($name),
                is_flag: $is_flag,
                says: $says,
                unknown: unknown(stringify!($name)),
                of_payment: of_payment(stringify!($name)),
            },)+];

        impl Signals {
            /// Their values, in the order of [`SIGNALS`].
            pub fn numbers(&self) -> [Option<i64>; SIGNALS.len()] {
                [$(Some(self.$name)),+]
            }

            /// Each with its value.
            pub fn values(&self) -> impl Iterator<Item = (&'static Signal, i64)> {
                SIGNALS.iter().zip([$(self.$name),+])
            }
        }
    };
}

signals! {
    amount false "What is paid, in cents.";
    leaves true "It goes to a bank.";
    new_payee true "Who is paid was not paid before.";
    night true "It is between midnight and five in the morning, UTC.";
    wallet_days false "Days since the payer has signed up.";
    payee_days false "Days since the payee has signed up; 36500 for a bank account.";
    session_minutes false "Minutes since the payer has signed in; 60000000 where that is not known.";
    device_days false "Days since its device was first seen; 36500 where that is not known, and for API keys.";
    country_days false "Days since it first signed in from the country of its session; 36500 where that is not known, and for API keys.";
    idle_days false "Days since anything happened in the payer's wallet; 0 where nothing ever did.";
    balance_percent false "What is paid, as a share of what was there before.";
    usual_percent false "What is paid, as a share of what the payer pays at once on average; 0 where it never paid.";
    most_percent false "What is paid, as a share of the most that it ever paid at once; 0 where it never paid.";
    paid_before false "How often it has paid, ever.";
    out_count_hour false "How often it has paid in an hour, this included.";
    out_count_day false "How often it has paid in a day, this included.";
    out_day false "What it has paid in a day, this included, in cents.";
    payees_day false "How many it has paid in a day, this one included.";
    alike_day false "How many of the day's payments differ by less than a tenth from this, this included.";
    in_day false "What came to it in a day, in cents.";
    in_payers_day false "From how many it came.";
    through_percent false "What went in a day, this included, as a share of what came in the two days before; 0 where nothing came.";
    payee_payers_day false "How many have paid the payee in a day.";
    payee_in_day false "What came to the payee in a day, in cents.";
    payee_out_day false "What the payee has paid in a day, in cents.";
    back_percent false "What is paid, as a share of what the payee has paid the payer in a week; 0 where it paid nothing.";
    score false "How likely all these together are fraud, in thousandths.";
}

const fn unknown(signal: &str) -> Option<i64> {
    match signal.as_bytes() {
        b"payee_days" | b"device_days" | b"country_days" => Some(OLD),
        b"session_minutes" => Some(LONG),
        _ => None,
    }
}

const fn of_payment(signal: &str) -> bool {
    matches!(
        signal.as_bytes(),
        b"amount" | b"leaves" | b"night" | b"wallet_days" | b"payee_days" | b"session_minutes"
    )
}

fn percent(part: i64, of: i64) -> i64 {
    part.saturating_mul(100).checked_div(of).unwrap_or(0)
}

/// How many different ones there are.
fn different(others: impl Iterator<Item = u64>) -> usize {
    let mut all: Vec<u64> = others.collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn sum(events: impl Iterator<Item = i64>) -> i64 {
    events.fold(0, i64::saturating_add)
}

impl Payment {
    /// The signals that the payment alone says.
    pub(super) fn signals(&self) -> [Option<i64>; SIGNALS.len()] {
        let mut numbers = Signals::seen(self, &Profile::default(), None).numbers();
        for (number, _) in numbers.iter_mut().zip(SIGNALS).filter(|(_, signal)| !signal.of_payment) {
            *number = None;
        }
        numbers
    }
}

impl Signals {
    /// The signals of a payment that is not in the profiles yet.
    pub fn of(payment: &Payment, payer: &Profile, payee: Option<&Profile>) -> Self {
        let seen = Self::seen(payment, payer, payee);
        Self { score: Score::of(&seen), ..seen }
    }

    /// All but the score.
    fn seen(payment: &Payment, payer: &Profile, payee: Option<&Profile>) -> Self {
        let (now, cents) = (payment.at, payment.cents);
        let out = |seconds| payer.within(Way::Out, now, seconds);
        let out_day = sum(out(DAY).map(|event| event.cents)).saturating_add(cents);
        let came =
            |profile: &Profile, seconds| sum(profile.within(Way::In, now, seconds).map(|event| event.cents));
        let alike = |other: i64| other.abs_diff(cents) < cents.unsigned_abs() / 10;
        let paid_to = out(DAY).map(|event| event.other).chain([payment.payee]);
        let of_payee = |of: &dyn Fn(&Profile) -> i64| payee.map_or(0, of);
        let returned = payer.within(Way::In, now, 7 * DAY).filter(|event| event.other == payment.payee);
        Self {
            amount: cents,
            leaves: i64::from(payment.leaves),
            new_payee: i64::from(!payer.has_paid(payment.payee)),
            night: i64::from(now.rem_euclid(DAY) < 5 * HOUR),
            wallet_days: (now - payment.payer_since) / DAY,
            payee_days: payment.payee_since.map_or(OLD, |since| (now - since) / DAY),
            session_minutes: payment.session_since.map_or(LONG, |since| (now - since) / 60),
            device_days: payment.device_since.map_or(OLD, |since| (now - since) / DAY),
            country_days: payment.country_since.map_or(OLD, |since| (now - since) / DAY),
            idle_days: payer.last_at().map_or(0, |last| (now - last) / DAY),
            balance_percent: percent(cents, payment.balance_before),
            usual_percent: percent(cents, payer.usual()),
            most_percent: percent(cents, payer.out_most),
            paid_before: payer.out_count,
            out_count_hour: count(out(HOUR).count()).saturating_add(1),
            out_count_day: count(out(DAY).count()).saturating_add(1),
            out_day,
            payees_day: count(different(paid_to)),
            alike_day: count(out(DAY).filter(|event| alike(event.cents)).count()).saturating_add(1),
            in_day: came(payer, DAY),
            in_payers_day: count(different(payer.within(Way::In, now, DAY).map(|event| event.other))),
            through_percent: percent(out_day, came(payer, 2 * DAY)),
            payee_payers_day: of_payee(&|payee| {
                count(different(payee.within(Way::In, now, DAY).map(|event| event.other)))
            }),
            payee_in_day: of_payee(&|payee| came(payee, DAY)),
            payee_out_day: of_payee(&|payee| sum(payee.within(Way::Out, now, DAY).map(|event| event.cents))),
            back_percent: percent(cents, sum(returned.map(|event| event.cents))),
            score: 0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::profile::Event;
    use super::*;

    pub(in super::super) fn payment(cents: i64, payee: u64) -> Payment {
        let at = 1_800_000_000;
        let (payer_since, payee_since) = (at - 100 * DAY, Some(at - DAY));
        let (session_since, device_since, country_since) = (Some(at - 120), None, None);
        let balance_before = 20_000;
        Payment {
            at,
            cents,
            leaves: false,
            payee,
            payer_since,
            payee_since,
            balance_before,
            session_since,
            device_since,
            country_since,
        }
    }

    #[test]
    fn what_never_happened_before_says_little() {
        let signals = Signals::seen(&payment(10_000, 7), &Profile::default(), None);
        let expected = Signals {
            amount: 10_000,
            new_payee: 1,
            wallet_days: 100,
            payee_days: 1,
            session_minutes: 2,
            device_days: 36_500,
            country_days: 36_500,
            balance_percent: 50,
            out_count_hour: 1,
            out_count_day: 1,
            out_day: 10_000,
            payees_day: 1,
            alike_day: 1,
            ..Signals::default()
        };
        assert_eq!(signals, expected);
    }

    #[test]
    fn what_came_and_went_is_counted_in_its_windows() {
        let payment = payment(10_000, 7);
        let event = |ago: i64, way, cents, other| Event { at: payment.at - ago, way, cents, other };
        let mut payer = Profile::default();
        for event in [
            event(40 * DAY, Way::Out, 500, 7),
            event(6 * DAY, Way::In, 8_000, 7),
            event(DAY + 1, Way::In, 40_000, 2),
            event(2 * HOUR, Way::In, 10_000, 3),
            event(HOUR + 1, Way::Out, 9_500, 8),
            event(60, Way::Out, 2_000, 9),
        ] {
            payer.add(event);
        }
        let mut payee = Profile::default();
        for number in 0..4 {
            payee.add(event(100, Way::In, 1_000, number));
        }
        let signals = Signals::of(&payment, &payer, Some(&payee));
        assert_eq!((signals.new_payee, signals.idle_days, signals.paid_before), (0, 0, 3));
        assert_eq!((signals.out_count_hour, signals.out_count_day, signals.out_day), (2, 3, 21_500));
        assert_eq!((signals.payees_day, signals.alike_day), (3, 2));
        assert_eq!((signals.in_day, signals.in_payers_day, signals.through_percent), (10_000, 1, 43));
        assert_eq!((signals.usual_percent, signals.most_percent), (250, 105));
        assert_eq!((signals.payee_payers_day, signals.payee_in_day, signals.back_percent), (4, 4_000, 125));
    }
}
