//! Honest days: salaries, rents, shopping, friends, parties, holidays, moving house, wallets that sleep and wake, shops that
//! pay out, and people who top up just what they are about to pay.

use crate::town::Town;

/// Everybody's day.
pub(crate) fn live(town: &mut Town, day: u32) {
    for who in 0..town.people {
        // One in twelve sleeps for months at a time.
        if who.is_multiple_of(12) && (day / 75) % 2 == 1 {
            continue;
        }
        month(town, who, day);
        week(town, who, day);
        seldom(town, who, day);
    }
    for number in 0..town.shops.len() {
        let shop = town.shops[number];
        let balance = town.wallets[shop].balance;
        if balance > 20_000 && day.is_multiple_of(2) {
            town.withdraw(Town::at(day, 18 * 3_600), shop, balance * 9 / 10, None);
        }
    }
}

/// Salary, rent, savings.
fn month(town: &mut Town, who: usize, day: u32) {
    let (salary, landlord) = (town.wallets[who].salary, town.wallets[who].landlord);
    match day % 30 {
        1 => town.top_up(Town::at(day, 6 * 3_600), who, salary),
        3 if !who.is_multiple_of(3) => {
            let at = Town::at(day, town.daytime());
            town.pay(at, who, landlord, salary * 3 / 10, None);
        }
        27 => {
            let balance = town.wallets[who].balance;
            if balance > salary {
                let at = Town::at(day, town.daytime());
                town.withdraw(at, who, balance / 2, None);
            }
        }
        _ => {}
    }
}

/// Shops and friends.
fn week(town: &mut Town, who: usize, day: u32) {
    let pace = u32::try_from(town.wallets[who].pace).unwrap_or(1);
    for _ in 0..2 {
        if !town.chance.thousandth(pace * 50) {
            continue;
        }
        let known = !town.chance.thousandth(150);
        let shop = if known {
            let number = town.chance.one_of(town.wallets[who].shops.len());
            town.wallets[who].shops[number]
        } else {
            let number = town.chance.one_of(town.shops.len());
            town.shops[number]
        };
        let (at, cents) = (Town::at(day, town.daytime()), town.chance.price(2_400));
        // One in five tops up what it is about to pay.
        if who.is_multiple_of(5) {
            town.top_up(at - 60, who, cents);
        }
        town.pay(at, who, shop, cents, None);
    }
    if town.chance.thousandth(pace * 12) && !town.wallets[who].friends.is_empty() {
        let number = town.chance.one_of(town.wallets[who].friends.len());
        let (friend, cents) = (town.wallets[who].friends[number], town.chance.price(3_000));
        let at = Town::at(day, town.daytime());
        town.pay(at, who, friend, cents, None);
        if town.chance.thousandth(150) {
            town.pay(at + 7_200, friend, who, cents, None);
        }
    }
}

/// What happens once in a while.
fn seldom(town: &mut Town, who: usize, day: u32) {
    let at = Town::at(day, town.daytime());
    let stranger = town.chance.one_of(town.people);
    let shop = town.shops[town.chance.one_of(town.shops.len())];
    match town.chance.between(0, 400) {
        // A washing machine, a bicycle, a course.
        0 => {
            let cents = town.chance.price(55_000);
            town.pay(at, who, shop, cents, None);
        }
        // Something second-hand, from somebody who is not known.
        1 => {
            let cents = town.chance.price(9_000);
            town.pay(at, who, stranger, cents, None);
        }
        // A party whose bill is split.
        2 => {
            let cents = town.chance.price(2_000);
            for friend in town.wallets[who].friends.clone() {
                let late = at + town.chance.between(0, 40_000);
                town.pay(late, friend, who, cents, None);
            }
        }
        // Late at night, far from home: hotels, taxis, and a dinner.
        3 => {
            for _ in 0..town.chance.between(2, 7) {
                let shop = town.shops[town.chance.one_of(town.shops.len())];
                let (second, cents) = (town.chance.between(0, 86_000), town.chance.price(7_000));
                town.pay(Town::at(day, second), who, shop, cents, None);
            }
        }
        // Another home: deposit and first rent.
        4 if town.chance.thousandth(250) => {
            let cents = town.wallets[who].salary * 6 / 10;
            town.wallets[who].landlord = stranger;
            town.pay(at, who, stranger, cents, None);
        }
        _ => {}
    }
}
