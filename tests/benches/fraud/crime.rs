//! Thieves, in the ways that are told of most. Amounts, pauses and numbers are of the seed, within the [habits](crate::habits)
//! of the town's thieves; none is what a rule says.

use crate::town::{Crime, DAY, Intruder, Town};

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
    let age = town.chance.within(town.habits.mule_days);
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
    let mut left = town.wallets[victim].balance * town.chance.within(town.habits.emptied) / 100;
    let mut at = Town::at(day, town.chance.between(0, DAY - 7_200));
    let is_own = town.chance.thousandth(town.habits.own_device);
    let by = is_own.then(|| {
        let abroad = town.chance.thousandth(town.habits.abroad);
        Intruder { since: at - town.chance.between(60, 5_000), abroad }
    });
    for _ in 0..town.chance.within(town.habits.parts) {
        let cents = left * town.chance.between(40, 100) / 100;
        let to = mules[town.chance.one_of(mules.len())];
        town.pay_by(by, at, victim, to, cents, Some(Crime::Takeover));
        let later = at + town.chance.between(300, 5_000);
        town.withdraw(later, to, cents * 95 / 100, Some(Crime::Takeover));
        (left, at) = (left - cents, at + town.chance.within(town.habits.pause));
    }
}

/// What was taken goes on from wallet to wallet, and each keeps a little.
fn mule_chain(town: &mut Town, day: u32) {
    let Some(victim) = victim(town, 100_000) else { return };
    let mut cents = town.wallets[victim].balance * town.chance.within(town.habits.chained) / 100;
    let mut at = Town::at(day, town.chance.between(0, DAY - 40_000));
    let mut from = victim;
    for _ in 0..town.chance.within(town.habits.links) {
        let to = mule(town, day);
        town.pay(at, from, to, cents, Some(Crime::MuleChain));
        (from, at) = (to, at + town.chance.within(town.habits.rest));
        cents = cents * town.chance.within(town.habits.passed_on) / 100;
    }
    town.withdraw(at, from, cents, Some(Crime::MuleChain));
}

/// Much money in many small parts, each like the others.
fn smurfing(town: &mut Town, day: u32) {
    let from = mule(town, day);
    let (part, parts) = (town.chance.within(town.habits.part), town.chance.within(town.habits.smurfs));
    let start = Town::at(day, town.chance.between(0, 20_000));
    town.top_up(start, from, part * parts * 11 / 10);
    let payees: Vec<usize> = (0..town.chance.between(3, 9)).map(|_| mule(town, day)).collect();
    for number in 0..parts {
        let cents = part * town.chance.within(town.habits.alike) / 100;
        let at = start + 300 + number * town.chance.within(town.habits.apart);
        let to = payees[town.chance.one_of(payees.len())];
        town.pay(at, from, to, cents, Some(Crime::Smurfing));
    }
}

/// Stolen cards are tried out with small amounts, one after the other.
fn card_testing(town: &mut Town, day: u32) {
    let from = mule(town, day);
    let start = Town::at(day, town.chance.between(0, 70_000));
    let shop = town.shops[town.chance.one_of(town.shops.len())];
    for number in 0..town.chance.within(town.habits.tries) {
        let tempo = town.chance.within(town.habits.tempo);
        let (at, cents) = (start + number * tempo, town.chance.within(town.habits.tried));
        town.top_up(at - 5, from, cents);
        town.pay(at, from, shop, cents, Some(Crime::CardTesting));
    }
}

/// A shop that sends nothing: many pay it for some days, and it is empty each evening.
fn triangulation(town: &mut Town, day: u32) {
    let shop = mule(town, day);
    let price = town.chance.within(town.habits.price);
    let mut taken = 0;
    for _ in 0..town.chance.within(town.habits.buyers) {
        if let Some(buyer) = victim(town, price * 2) {
            let cents = price * town.chance.between(80, 120) / 100;
            let at = Town::at(day, town.chance.between(8 * 3_600, 20 * 3_600));
            town.pay(at, buyer, shop, cents, Some(Crime::Triangulation));
            taken += cents;
        }
    }
    town.withdraw(Town::at(day, 21 * 3_600), shop, taken * 95 / 100, Some(Crime::Triangulation));
}
