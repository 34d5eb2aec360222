//! The index: all names of all lists, so that those like a given one are found without looking at each.
//!
//! Words are found by the pairs of letters that they have in common, names by their words; only names of which enough was
//! found are compared in full. A word's weight is by how many entries have it: one that one in two thousand has counts eleven
//! times one that all have.
//!
//! Costs: some hundred bytes for a name, and a millisecond or two to screen one against twenty thousand entries.

use super::birth;
use super::found::{Found, HIT, Listed, judge};
use super::name::Name;
use super::score::{self, ALIKE, LEAST, Likeness, WHOLE};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What has to be found of a name, of 1000, before it is compared in full. A first name of which only the initial is given
/// is found later.
const CANDIDATE: i64 = 700;
/// Which share of a word's pairs of letters another has at least that is like it: one in so many.
const SHARED: usize = 3;

/// A word that is in a name, or two side by side.
#[derive(Debug)]
struct Word {
    text: String,
    weight: i64,
    /// The names that have it.
    names: Vec<usize>,
}

/// A name of an entry.
#[derive(Debug)]
struct Written {
    entry: usize,
    name: Name,
    weight: i64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Listed>,
    names: Vec<Written>,
    words: Vec<Word>,
    by_text: HashMap<String, usize>,
    by_pair: HashMap<(u8, u8), Vec<usize>>,
    rarest: i64,
}

/// A word's pairs of letters, its beginning and its end among them, each once.
fn pairs(word: &str) -> HashSet<(u8, u8)> {
    let ends = std::iter::once(b'^').chain(word.bytes());
    ends.zip(word.bytes().chain(std::iter::once(b'$'))).collect()
}

/// The weight of a word that so many of all entries have.
fn weight(all: usize, having: usize) -> i64 {
    let share = all.checked_div(having.max(1)).unwrap_or(1).max(1);
    LEAST.saturating_mul(i64::from(share.ilog2()).saturating_add(1))
}

impl Index {
    pub(super) fn new(entries: Vec<Listed>) -> Self {
        let mut index = Self { rarest: weight(entries.len(), 1), ..Self::default() };
        for (at, listed) in entries.iter().enumerate() {
            for text in &listed.entry.names {
                let name = Name::read(text);
                let place = index.names.len();
                for word in name.words.iter().cloned().chain(name.pairs()) {
                    index.enter(word, place);
                }
                index.names.push(Written { entry: at, name, weight: 0 });
            }
        }
        let names = &index.names;
        for word in &mut index.words {
            // Those of one entry lie side by side.
            let mut having: Vec<usize> =
                word.names.iter().filter_map(|at| Some(names.get(*at)?.entry)).collect();
            having.dedup();
            word.weight = weight(entries.len(), having.len());
        }
        let weights: Vec<i64> = index.names.iter().map(|written| index.sum(&written.name)).collect();
        for (written, weight) in index.names.iter_mut().zip(weights) {
            written.weight = weight;
        }
        index.entries = entries;
        index
    }

    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn enter(&mut self, text: String, name: usize) {
        let next = self.words.len();
        let at = *self.by_text.entry(text.clone()).or_insert(next);
        if at == next {
            for pair in pairs(&text) {
                self.by_pair.entry(pair).or_default().push(at);
            }
            self.words.push(Word { text, weight: 0, names: Vec::new() });
        }
        if let Some(word) = self.words.get_mut(at)
            && word.names.last() != Some(&name)
        {
            word.names.push(name);
        }
    }

    /// How much a word counts; one that nobody on the lists has counts most.
    fn weight(&self, word: &str) -> i64 {
        if word.len() == 1 {
            return LEAST;
        }
        let known = self.by_text.get(word).and_then(|at| self.words.get(*at));
        known.map_or(self.rarest, |word| word.weight)
    }

    fn sum(&self, name: &Name) -> i64 {
        name.words.iter().map(|word| self.weight(word)).fold(0, i64::saturating_add)
    }

    /// The word that is the same.
    fn same(&self, text: &str) -> Option<(&Word, i64)> {
        Some((self.words.get(*self.by_text.get(text)?)?, WHOLE))
    }

    /// The words that are like one, and how like. A letter alone is like too many to be looked for.
    fn alike(&self, text: &str) -> Vec<(&Word, i64)> {
        if text.len() == 1 {
            return self.same(text).into_iter().collect();
        }
        let own = pairs(text);
        let mut shared = vec![0_usize; self.words.len()];
        let mut seen = Vec::new();
        for at in own.iter().filter_map(|pair| self.by_pair.get(pair)).flatten() {
            if let Some(count) = shared.get_mut(*at) {
                if *count == 0 {
                    seen.push(*at);
                }
                *count = count.saturating_add(1);
            }
        }
        let enough =
            |at: &usize| shared.get(*at).is_some_and(|count| count.saturating_mul(SHARED) >= own.len());
        let words = seen.into_iter().filter(enough).filter_map(|at| self.words.get(at));
        let like = words.map(|word| (word, score::similarity(text, &word.text)));
        like.filter(|(_, similarity)| *similarity >= ALIKE).collect()
    }

    /// The names of which enough was found to be compared.
    fn candidates(&self, name: &Name) -> Vec<&Written> {
        let whole = self.sum(name);
        let mut found: HashMap<usize, i64> = HashMap::new();
        let alike = name.words.iter().map(|word| (self.weight(word), self.alike(word)));
        let pairs = name.pairs().map(|pair| (self.weight(&pair), self.same(&pair).into_iter().collect()));
        for (own, alike) in alike.chain(pairs) {
            let mut best: HashMap<usize, i64> = HashMap::new();
            for (like, similarity) in alike {
                let worth = own.max(like.weight).saturating_mul(similarity) / WHOLE;
                for at in &like.names {
                    let known = best.entry(*at).or_default();
                    *known = worth.max(*known);
                }
            }
            for (at, worth) in best {
                let known = found.entry(at).or_default();
                *known = known.saturating_add(worth);
            }
        }
        let enough = |worth: i64, of: i64| worth.saturating_mul(WHOLE) >= of.saturating_mul(CANDIDATE);
        let named = found.into_iter().filter_map(|(at, worth)| Some((self.names.get(at)?, worth)));
        let named = named.filter(|(written, worth)| enough(*worth, whole) || enough(*worth, written.weight));
        named.map(|(written, _)| written).collect()
    }

    /// Everybody on the lists whom a person of this name may be, each once.
    pub(super) fn screen(&self, name: &Name, born: Option<NaiveDate>) -> Vec<Found<'_>> {
        let mut best: BTreeMap<usize, (Likeness, &Name)> = BTreeMap::new();
        for written in self.candidates(name) {
            let likeness = score::compare(name, &written.name, |word| self.weight(word));
            let known = best.get(&written.entry).map_or(0, |(known, _)| known.score);
            if likeness.score >= HIT && likeness.score > known {
                best.insert(written.entry, (likeness, &written.name));
            }
        }
        let found = best.into_iter().filter_map(|(at, (likeness, name))| {
            let listed = self.entries.get(at)?;
            let written = listed.entry.names.iter().find(|text| Name::read(text) == *name)?;
            judge(listed, written, likeness, birth::compare(&listed.entry.births, born))
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::birth::Birth;
    use super::super::list::{Entry, EntryKind, Source};
    use super::*;
    use crate::id::SanctionListId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn listed(reference: &str, names: &[&str], births: &[&str]) -> Listed {
        let entry = Entry {
            reference: reference.to_owned(),
            kind: EntryKind::Person,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            births: births.iter().map(|birth| Birth::on(birth)).collect(),
            programmes: Vec::new(),
        };
        Listed { list: SanctionListId(Uuid::nil()), source: Source::Ofac, entry }
    }

    /// Names of nobody, made of syllables.
    fn invented(number: usize) -> String {
        const SYLLABLES: [&str; 16] = [
            "ba", "zor", "quen", "tin", "mak", "lor", "vash", "ned", "fli", "gro", "hup", "jal", "kres",
            "oom", "pix", "ruv",
        ];
        let word = |mut number: usize, length: usize| {
            let mut word = String::new();
            for _ in 0..length {
                word.push_str(SYLLABLES[number % SYLLABLES.len()]);
                number /= 5;
            }
            word
        };
        format!("{} {} {}", word(number % 900, 2), word(number * 7, 3), word(number * 13 + 5, 4))
    }

    fn references(index: &Index, name: &str, born: Option<&str>) -> Vec<(String, i64, bool)> {
        let born = born.map(|day| day.parse().unwrap());
        let found = index.screen(&Name::read(name), born);
        found.iter().map(|found| (found.listed.entry.reference.clone(), found.score, found.strong)).collect()
    }

    #[test]
    fn somebody_is_found_by_any_of_its_names_once() {
        let mut entries = vec![
            listed("1", &["VANTERPOOL, Zorblax Quentin", "Zorblaks Vanterpol"], &["1963-02-17"]),
            listed("2", &["Nopper Iwan"], &[]),
            listed("3", &["Quentin"], &[]),
        ];
        entries.extend((0..500).map(|number| listed(&format!("x{number}"), &[&invented(number)], &[])));
        let index = Index::new(entries);
        assert_eq!(references(&index, "Zorblax Vanterpol", None)[0].0, "1");
        assert_eq!(references(&index, "Quentin Zorblax Vanterpool", None), [("1".to_owned(), 1000, true)]);
        let same = references(&index, "Zorblax Vanterpool", Some("1963-02-17"));
        assert!(same.len() == 1 && same[0].2, "near, and born on the same day: {same:?}");
        assert_eq!(references(&index, "Zorblax Quentin Vanterpool", Some("1990-02-17")), []);
        assert_eq!(references(&index, "Zorblax Nopper", None), []);
        assert_eq!(references(&index, "Iwan Nopper", Some("1990-02-17")), [("2".to_owned(), 1000, true)]);
        assert_eq!(references(&index, "Quentin", None), [("3".to_owned(), 1000, false)], "thousands have it");
        for nothing in ["", "-", "Z", "Zorblax"] {
            assert_eq!(references(&index, nothing, None), [], "{nothing}");
        }
    }

    #[test]
    fn an_index_of_nobody_finds_nobody() {
        assert_eq!(references(&Index::new(Vec::new()), "Zorblax Vanterpool", None), []);
    }

    #[test]
    fn twenty_thousand_entries_are_screened_quickly() {
        let index =
            Index::new((0..20_000).map(|at| listed(&at.to_string(), &[&invented(at)], &[])).collect());
        let started = std::time::Instant::now();
        for number in 0..20 {
            let found = references(&index, &invented(number * 997), None);
            assert!(
                found
                    .iter()
                    .any(|(reference, score, _)| *reference == (number * 997).to_string() && *score == 1000)
            );
        }
        let each = started.elapsed() / 20;
        println!("{each:?} a name");
        // Unoptimised, and on a busy machine.
        assert!(each < std::time::Duration::from_millis(500), "{each:?}");
    }

    proptest! {
        #[test]
        fn no_name_is_too_odd_and_who_is_listed_is_found(names in proptest::collection::vec("\\PC{1,40}", 1..8)) {
            let entries = names.iter().enumerate().map(|(at, name)| listed(&at.to_string(), &[name], &[])).collect();
            let index = Index::new(entries);
            for name in names.iter().filter(|name| !Name::read(name).words.is_empty()) {
                let found = index.screen(&Name::read(name), None);
                prop_assert!(found.iter().any(|found| Name::read(found.name).key() == Name::read(name).key()), "{name}");
            }
        }
    }
}
