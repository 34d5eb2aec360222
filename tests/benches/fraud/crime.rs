//! Thieves, in the ways that are told of most. Amounts, pauses and numbers are of the seed; none is what a rule says.

use crate::town::{Crime, DAY, Town};

/// What thieves do on a day: now and then one of each kind.
pub(crate) fn commit(town: &mut Town, day: u32) {
    let often = u32::try_from(town.people / 12).unwrap_or(100).min(900);
    for crime in
        [Crime::Takeover, Crime::MuleChain, Crime::Smurfing, Crime::CardTesting, Crime::Triangulation]
    {
        if town.chance.thousandth(often) {
            match crime {
                Crime::Takeover => takeover(town, day),
                Crime::MuleChain => mule_chain(town, day),
                Crime::Smurfing => smurfing(town, day),
                Crime::CardTesting => card_testing(town, day),
                Crime::Triangulation => triangulation(town, day),
            }
        }
    }
}

/// A wallet for the purpose, some days old.
fn mule(town: &mut Town, day: u32) -> usize {
    let age = town.chance.between(0, 40);
    town.join(i64::from(day) - age)
}

/// Somebody with money.
fn victim(town: &mut Town, at_least: i64) -> Option<usize> {
    (0..50).map(|_| town.chance.one_of(town.people)).find(|who| town.wallets[*who].balance >= at_least)
}

/// Somebody else is in the wallet, and empties it in some payments.
fn takeover(town: &mut Town, day: u32) {
    let Some(victim) = victim(town, 60_000) else { return };
    let mules: Vec<usize> = (0..town.chance.between(1, 4)).map(|_| mule(town, day)).collect();
    let mut left = town.wallets[victim].balance * town.chance.between(60, 98) / 100;
    let mut at = Town::at(day, town.chance.between(0, DAY - 7_200));
    for _ in 0..town.chance.between(1, 5) {
        let cents = left * town.chance.between(40, 100) / 100;
        let to = mules[town.chance.one_of(mules.len())];
        town.pay(at, victim, to, cents, Some(Crime::Takeover));
        let later = at + town.chance.between(300, 5_000);
        town.withdraw(later, to, cents * 95 / 100, Some(Crime::Takeover));
        (left, at) = (left - cents, at + town.chance.between(60, 1_500));
    }
}

/// What was taken goes on from wallet to wallet, and each keeps a little.
fn mule_chain(town: &mut Town, day: u32) {
    let Some(victim) = victim(town, 100_000) else { return };
    let mut cents = town.wallets[victim].balance * town.chance.between(50, 95) / 100;
    let mut at = Town::at(day, town.chance.between(0, DAY - 40_000));
    let mut from = victim;
    for _ in 0..town.chance.between(2, 6) {
        let to = mule(town, day);
        town.pay(at, from, to, cents, Some(Crime::MuleChain));
        (from, at) = (to, at + town.chance.between(120, 8_000));
        cents = cents * town.chance.between(88, 98) / 100;
    }
    town.withdraw(at, from, cents, Some(Crime::MuleChain));
}

/// Much money in many small parts, each like the others.
fn smurfing(town: &mut Town, day: u32) {
    let from = mule(town, day);
    let (part, parts) = (town.chance.between(15_000, 90_000), town.chance.between(6, 18));
    let start = Town::at(day, town.chance.between(0, 20_000));
    town.top_up(start, from, part * parts * 11 / 10);
    let payees: Vec<usize> = (0..town.chance.between(3, 9)).map(|_| mule(town, day)).collect();
    for number in 0..parts {
        let cents = part * town.chance.between(94, 104) / 100;
        let at = start + 300 + number * town.chance.between(300, 3_000);
        let to = payees[town.chance.one_of(payees.len())];
        town.pay(at, from, to, cents, Some(Crime::Smurfing));
    }
}

/// Stolen cards are tried out with small amounts, one after the other.
fn card_testing(town: &mut Town, day: u32) {
    let from = mule(town, day);
    let start = Town::at(day, town.chance.between(0, 70_000));
    let shop = town.shops[town.chance.one_of(town.shops.len())];
    for number in 0..town.chance.between(15, 60) {
        let (at, cents) = (start + number * town.chance.between(15, 90), town.chance.between(60, 300));
        town.top_up(at - 5, from, cents);
        town.pay(at, from, shop, cents, Some(Crime::CardTesting));
    }
}

/// A shop that sends nothing: many pay it for some days, and it is empty each evening.
fn triangulation(town: &mut Town, day: u32) {
    let shop = mule(town, day);
    let price = town.chance.between(8_000, 40_000);
    let mut taken = 0;
    for _ in 0..town.chance.between(8, 25) {
        if let Some(buyer) = victim(town, price * 2) {
            let cents = price * town.chance.between(80, 120) / 100;
            let at = Town::at(day, town.chance.between(8 * 3_600, 20 * 3_600));
            town.pay(at, buyer, shop, cents, Some(Crime::Triangulation));
            taken += cents;
        }
    }
    town.withdraw(Town::at(day, 21 * 3_600), shop, taken * 95 / 100, Some(Crime::Triangulation));
}
