//! Names as they are compared: in small Latin letters, split into words, without what says nothing of who it is.
//!
//! A name is brought into one form (NFKC), written in Latin letters (so that `Łukasz`, `Müller`, `Дмитрий` and `李` are what
//! lists have them as), in small ones, and split where there is neither letter nor digit; an apostrophe splits nothing. Titles
//! and forms of companies are left out, unless there is nothing else. The order of the words is not looked at.
//!
//! Guarantees: any text has a form, however odd, of at most [`WORDS`] words of at most [`LETTERS`] letters.

use unicode_normalization::UnicodeNormalization;

/// Words of a name that are looked at.
const WORDS: usize = 20;
/// Letters of a word that are looked at.
const LETTERS: usize = 40;
/// Letters of a text that are read: more than any name has.
const READ: usize = 1_000;

/// What people are addressed with.
const TITLES: [&str; 22] = [
    "dame",
    "dona",
    "dr",
    "frau",
    "hadji",
    "haji",
    "hajji",
    "herr",
    "miss",
    "mlle",
    "mme",
    "mr",
    "mrs",
    "ms",
    "mx",
    "prof",
    "professor",
    "shaikh",
    "shaykh",
    "sheikh",
    "sir",
    "sra",
];

/// What companies have at the end of their names. Those that are names of people as well (`Sa`, `Spa`) are not here.
const FORMS: [&str; 26] = [
    "ag",
    "bv",
    "cjsc",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "jsc",
    "kg",
    "limited",
    "llc",
    "llp",
    "ltd",
    "nv",
    "oao",
    "ojsc",
    "ooo",
    "pao",
    "pjsc",
    "plc",
    "pty",
    "srl",
    "zao",
];

/// A name as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// Its words, in the order in which they were written.
    pub(super) words: Vec<String>,
}

impl Name {
    /// From how somebody has written it.
    pub(super) fn read(text: &str) -> Self {
        let form: String = text.chars().take(READ).nfkc().take(READ).collect();
        let latin = deunicode::deunicode_with_tofu(&form, " ").to_lowercase();
        let plain: String = latin.chars().filter(|letter| !matches!(letter, '\'' | '`' | '"')).collect();
        let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let telling = |word: &&&str| !TITLES.contains(*word) && !FORMS.contains(*word);
        let told: Vec<&str> = words.iter().filter(telling).copied().collect();
        let kept = if told.is_empty() { words } else { told };
        let cut = |word: &&str| word.chars().take(LETTERS).collect::<String>();
        Self { words: kept.iter().take(WORDS).map(cut).collect() }
    }

    /// One text for all ways in which its words can be ordered.
    pub(super) fn key(&self) -> String {
        let mut words = self.words.clone();
        words.sort_unstable();
        words.join(" ")
    }

    /// Two words that stand side by side, written as one.
    pub(super) fn pairs(&self) -> impl Iterator<Item = String> {
        let sides = self.words.iter().zip(self.words.iter().skip(1));
        sides.map(|(left, right)| format!("{left}{right}"))
    }

    /// The same with words that the other has as one (`Abd al` and `Abdal`) written as one.
    pub(super) fn joined_like(&self, other: &Self) -> Self {
        let mut words = Vec::new();
        let mut rest = self.words.as_slice();
        while let [word, after @ ..] = rest {
            let pair = after.first().map(|next| format!("{word}{next}"));
            match pair.filter(|pair| other.words.contains(pair)) {
                Some(pair) => {
                    words.push(pair);
                    rest = after.get(1..).unwrap_or_default();
                }
                None => {
                    words.push(word.clone());
                    rest = after;
                }
            }
        }
        Self { words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ways_to_write_a_name_are_one() {
        for (one, same) in [
            ("Łukasz MÜLLER-Ørsted", "orsted lukasz Muller"),
            ("Дмитрий Вымышленный", "Vymyshlennyi, Dmitrii"),
            ("José\u{301} Nun\u{303}ez", "NUÑEZ, Jose"),
            ("Dr. Anne O’Brien", "anne obrien"),
            ("ＦＵＬＬ Ｗｉｄｔｈ", "full width"),
            ("Make-Believe Trading Co., Ltd.", "make believe trading"),
            ("Straße Weiß", "weiss strasse"),
            ("Sheikh", "SHEIKH"),
        ] {
            assert_eq!(Name::read(one).key(), Name::read(same).key(), "{one}");
        }
        assert_eq!(Name::read("Mr Ltd").words, ["mr", "ltd"], "there is nothing else");
        assert_eq!(Name::read("王小明").words, ["wang", "xiao", "ming"]);
        assert!(Name::read("").words.is_empty() && Name::read("  --- ").words.is_empty());
    }

    #[test]
    fn words_are_joined_where_the_other_has_one() {
        let (split, one) = (Name::read("Abdul Rahman Testi"), Name::read("Testi Abdulrahman"));
        assert_eq!(split.joined_like(&one).words, ["abdulrahman", "testi"]);
        assert_eq!(one.joined_like(&split).words, ["testi", "abdulrahman"]);
        assert_eq!(split.pairs().collect::<Vec<_>>(), ["abdulrahman", "rahmantesti"]);
    }

    #[test]
    fn a_name_is_bounded() {
        let name = Name::read(&"a".repeat(100_000));
        assert_eq!(name.words, ["a".repeat(LETTERS)]);
        assert_eq!(Name::read(&"ab ".repeat(1_000)).words.len(), WORDS);
        assert!(Name::read(&"\u{fdfa}".repeat(10_000)).words.len() <= WORDS);
    }

    proptest! {
        #[test]
        fn any_text_has_a_form_and_the_form_is_its_own(text in any::<String>()) {
            let name = Name::read(&text);
            prop_assert!(name.words.len() <= WORDS);
            for word in &name.words {
                prop_assert!(word.len() <= LETTERS && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            }
            prop_assert_eq!(Name::read(&name.words.join(" ")), name);
        }
    }
}
