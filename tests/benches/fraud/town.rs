//! The town: who has a wallet, how much is in it, and what moves. Everything that moves goes through [`Town::pay`],
//! [`Town::top_up`] and [`Town::withdraw`], and is seen in the order of its time.

use crate::chance::Chance;
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

/// What somebody does at a time.
#[derive(Clone, Copy, Debug)]
enum Act {
    Pay { from: usize, to: usize, cents: i64 },
    TopUp { who: usize, cents: i64 },
    Withdraw { who: usize, cents: i64 },
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
    today: Vec<(i64, Act, Option<Crime>)>,
}

impl Town {
    pub(crate) fn new(seed: u64, people: u32) -> Self {
        let mut town = Self {
            chance: Chance::new(seed),
            wallets: Vec::new(),
            people: usize::try_from(people).unwrap_or(1_000),
            shops: Vec::new(),
            today: Vec::new(),
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
        if from != to && cents > 0 {
            self.today.push((at, Act::Pay { from, to, cents }, crime));
        }
    }

    pub(crate) fn top_up(&mut self, at: i64, who: usize, cents: i64) {
        self.today.push((at, Act::TopUp { who, cents }, None));
    }

    pub(crate) fn withdraw(&mut self, at: i64, who: usize, cents: i64, crime: Option<Crime>) {
        self.today.push((at, Act::Withdraw { who, cents }, crime));
    }

    /// What was planned up to now happens, in its order; who has too little pays nothing.
    pub(crate) fn settle_day(&mut self) -> Vec<Paid> {
        let mut today = std::mem::take(&mut self.today);
        today.sort_by_key(|(at, ..)| *at);
        today.into_iter().filter_map(|(at, act, crime)| self.settle(at, act, crime)).collect()
    }

    fn settle(&mut self, at: i64, act: Act, crime: Option<Crime>) -> Option<Paid> {
        match act {
            Act::TopUp { who, cents } => {
                self.move_in(at, who, cents, other(who, true));
                None
            }
            Act::Pay { from, to, cents } => {
                let paid = self.move_out(at, from, cents, Some(to), crime)?;
                self.move_in(at, to, cents, other(from, false));
                Some(paid)
            }
            Act::Withdraw { who, cents } => self.move_out(at, who, cents, None, crime),
        }
    }

    fn move_in(&mut self, at: i64, who: usize, cents: i64, other: u64) {
        let wallet = &mut self.wallets[who];
        if wallet.since > at {
            return;
        }
        wallet.balance += cents;
        wallet.profile.add(Event { at, way: Way::In, cents, other });
    }

    fn move_out(
        &mut self,
        at: i64,
        from: usize,
        cents: i64,
        to: Option<usize>,
        crime: Option<Crime>,
    ) -> Option<Paid> {
        let payer = &self.wallets[from];
        let is_there = |who: usize| self.wallets[who].since <= at;
        if payer.balance < cents || !is_there(from) || to.is_some_and(|to| !is_there(to)) {
            return None;
        }
        let payee = to.map_or_else(|| other(from, true), |to| other(to, false));
        let payment = Payment {
            session_since: None,
            device_since: None,
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
        Some(Paid { cents, crime, signals })
    }
}

/// What stands for a wallet, or for the bank account of its owner.
fn other(who: usize, bank: bool) -> u64 {
    u64::try_from(who).unwrap_or(0) * 2 + u64::from(bank)
}
