//! The town: who has a wallet, how much is in it, and what moves. Everything that moves goes through [`Town::pay`],
//! [`Town::top_up`] and [`Town::withdraw`], and is seen in the order of its time.

use crate::chance::Chance;
use crate::habits::Habits;
use entity::fraud::{Event, Payment, Profile, Signals, Way};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;
/// When the simulation begins: a Monday.
const BEGINNING: i64 = 1_767_571_200;

/// Ways of stealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Crime {
    Takeover,
    MuleChain,
    Smurfing,
    CardTesting,
    Triangulation,
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Pay { from: usize, to: usize, cents: i64 },
    TopUp { who: usize, cents: i64 },
    Withdraw { who: usize, cents: i64 },
}

/// An act that was done.
pub(crate) struct Booked {
    pub(crate) at: i64,
    pub(crate) act: Act,
}

/// A device that is not that of the wallet's owner: since when it is known there, and whether it is in another country.
#[derive(Clone, Copy)]
pub(crate) struct Intruder {
    pub(crate) since: i64,
    pub(crate) abroad: bool,
}

/// An act at its time, as what it is meant, and by whom, if not by the wallet's owner.
struct Planned {
    at: i64,
    act: Act,
    crime: Option<Crime>,
    by: Option<Intruder>,
}

/// Since when device, session and country of a payment are known.
#[derive(Default)]
struct Place {
    device: Option<i64>,
    session: Option<i64>,
    country: Option<i64>,
}

/// A wallet and whose it is.
pub(crate) struct Wallet {
    pub(crate) since: i64,
    pub(crate) balance: i64,
    pub(crate) profile: Profile,
    /// Whom it pays as a rule.
    pub(crate) friends: Vec<usize>,
    pub(crate) shops: Vec<usize>,
    pub(crate) salary: i64,
    pub(crate) landlord: usize,
    /// How lively it is: payments in ten days, about.
    pub(crate) pace: i64,
    /// Since when its owner has its device, and is signed in on it.
    device_since: i64,
    session_since: i64,
}

/// A payment that was made.
pub(crate) struct Paid {
    pub(crate) cents: i64,
    pub(crate) crime: Option<Crime>,
    pub(crate) signals: Signals,
}

/// See the module.
pub(crate) struct Town {
    pub(crate) chance: Chance,
    pub(crate) wallets: Vec<Wallet>,
    pub(crate) people: usize,
    pub(crate) shops: Vec<usize>,
    pub(crate) habits: &'static Habits,
    /// Whether devices and sessions are known.
    devices: bool,
    today: Vec<Planned>,
    /// All that was done.
    pub(crate) book: Vec<Booked>,
}

impl Town {
    pub(crate) fn new(seed: u64, people: u32, habits: &'static Habits, devices: bool) -> Self {
        let mut town = Self {
            chance: Chance::new(seed),
            wallets: Vec::new(),
            people: usize::try_from(people).unwrap_or(1_000),
            shops: Vec::new(),
            habits,
            devices,
            today: Vec::new(),
            book: Vec::new(),
        };
        for _ in 0..town.people {
            // One in seven comes later.
            let age = town.chance.between(-120, 700);
            town.join(-age);
        }
        for _ in 0..town.people / 25 {
            let age = town.chance.between(-120, 900);
            let shop = town.join(-age);
            town.shops.push(shop);
        }
        for who in 0..town.people {
            let friends: Vec<usize> = (0..6).map(|_| town.chance.one_of(town.people)).collect();
            let shops = (0..8).map(|_| town.shops[town.chance.one_of(town.shops.len())]).collect();
            let (salary, landlord) = (town.chance.between(120_000, 450_000), town.chance.one_of(town.people));
            let pace = town.chance.between(1, 12);
            let wallet = &mut town.wallets[who];
            (wallet.friends, wallet.shops) =
                (friends.into_iter().filter(|friend| *friend != who).collect(), shops);
            (wallet.salary, wallet.landlord, wallet.pace) = (salary, landlord, pace);
        }
        town
    }

    /// Somebody signs up on a day.
    pub(crate) fn join(&mut self, day: i64) -> usize {
        let since = BEGINNING + day * DAY;
        self.wallets.push(Wallet {
            since,
            balance: 0,
            profile: Profile::default(),
            friends: Vec::new(),
            shops: Vec::new(),
            salary: 0,
            landlord: 0,
            pace: 1,
            device_since: since,
            session_since: since,
        });
        self.wallets.len() - 1
    }

    /// A second of a day.
    pub(crate) fn at(day: u32, second: i64) -> i64 {
        BEGINNING + i64::from(day) * DAY + second
    }

    /// A waking hour.
    pub(crate) fn daytime(&mut self) -> i64 {
        self.chance.between(7 * 3_600, 24 * 3_600 - 60)
    }

    pub(crate) fn pay(&mut self, at: i64, from: usize, to: usize, cents: i64, crime: Option<Crime>) {
        self.pay_by(None, at, from, to, cents, crime);
    }

    /// A payment by somebody else than the wallet's owner, if somebody.
    pub(crate) fn pay_by(
        &mut self,
        by: Option<Intruder>,
        at: i64,
        from: usize,
        to: usize,
        cents: i64,
        crime: Option<Crime>,
    ) {
        if from != to && cents > 0 {
            self.today.push(Planned { at, act: Act::Pay { from, to, cents }, crime, by });
        }
    }

    pub(crate) fn top_up(&mut self, at: i64, who: usize, cents: i64) {
        self.today.push(Planned { at, act: Act::TopUp { who, cents }, crime: None, by: None });
    }

    pub(crate) fn withdraw(&mut self, at: i64, who: usize, cents: i64, crime: Option<Crime>) {
        if cents > 0 {
            self.today.push(Planned { at, act: Act::Withdraw { who, cents }, crime, by: None });
        }
    }

    /// What was planned up to now happens, in its order; who has too little pays nothing.
    pub(crate) fn settle_day(&mut self) -> Vec<Paid> {
        let mut today = std::mem::take(&mut self.today);
        today.sort_by_key(|planned| planned.at);
        today.iter().filter_map(|planned| self.settle(planned)).collect()
    }

    fn settle(&mut self, planned: &Planned) -> Option<Paid> {
        match planned.act {
            Act::TopUp { who, .. } if self.wallets[who].since > planned.at => None,
            Act::TopUp { who, cents } => {
                self.move_in(planned, who, cents, other(who, true));
                self.book.push(Booked { at: planned.at, act: planned.act });
                None
            }
            Act::Pay { from, to, cents } => {
                let paid = self.move_out(planned, from, cents, Some(to))?;
                self.move_in(planned, to, cents, other(from, false));
                Some(paid)
            }
            Act::Withdraw { who, cents } => self.move_out(planned, who, cents, None),
        }
    }

    /// Where somebody pays from.
    fn place(&mut self, planned: &Planned, who: usize) -> Place {
        let (at, wallet) = (planned.at, &mut self.wallets[who]);
        // Another phone once in some years, another session once in some days, and now and then a journey.
        if self.chance.thousandth(2) {
            wallet.device_since = at - self.chance.between(60, 40_000);
            wallet.session_since = wallet.device_since;
        } else if at - wallet.session_since > self.chance.between(DAY, 14 * DAY) {
            wallet.session_since = at - self.chance.between(20, 1_800);
        }
        let (home, recent) = (wallet.since, at - self.chance.between(60, 2 * DAY));
        let travels = self.chance.thousandth(4);
        let (device, session, abroad) = match planned.by {
            Some(by) => (by.since, by.since, by.abroad),
            None => (wallet.device_since, wallet.session_since, travels),
        };
        let away = planned.by.map_or(recent, |by| by.since);
        let country = Some(if abroad { away } else { home });
        if self.devices {
            Place { device: Some(device), session: Some(session), country }
        } else {
            Place::default()
        }
    }

    fn move_in(&mut self, planned: &Planned, who: usize, cents: i64, other: u64) {
        let wallet = &mut self.wallets[who];
        wallet.balance += cents;
        wallet.profile.add(Event { at: planned.at, way: Way::In, cents, other });
    }

    fn move_out(&mut self, planned: &Planned, from: usize, cents: i64, to: Option<usize>) -> Option<Paid> {
        let at = planned.at;
        let payer = &self.wallets[from];
        let is_there = |who: usize| self.wallets[who].since <= at;
        if payer.balance < cents || !is_there(from) || to.is_some_and(|to| !is_there(to)) {
            return None;
        }
        let payee = to.map_or_else(|| other(from, true), |to| other(to, false));
        let place = self.place(planned, from);
        let payer = &self.wallets[from];
        let payment = Payment {
            session_since: place.session,
            device_since: place.device,
            country_since: place.country,
            at,
            cents,
            leaves: to.is_none(),
            payee,
            payer_since: payer.since,
            payee_since: to.map(|to| self.wallets[to].since),
            balance_before: payer.balance,
        };
        let signals = Signals::of(&payment, &payer.profile, to.map(|to| &self.wallets[to].profile));
        let wallet = &mut self.wallets[from];
        wallet.balance -= cents;
        wallet.profile.add(Event { at, way: Way::Out, cents, other: payee });
        self.book.push(Booked { at, act: planned.act });
        Some(Paid { cents, crime: planned.crime, signals })
    }
}

/// What stands for a wallet, or for the bank account of its owner.
fn other(who: usize, bank: bool) -> u64 {
    u64::try_from(who).unwrap_or(0) * 2 + u64::from(bank)
}
