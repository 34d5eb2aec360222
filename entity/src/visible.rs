//! Visible: whether a text that people know somebody by shows as what it is.
//!
//! Refuses texts of nothing that can be seen, and letters that can't be seen where they have nothing to do: else
//! two names that look the same are two, and one of spaces without width is none (Unicode TR 36, section 2.10).
//! Some have work to do inside a word, and stay: the joiners of Persian and of emoji, the selectors of a variant,
//! the tags of a flag.

/// Whether each letter can be seen, or has work to do where it is.
pub(crate) fn is_visible(text: &str) -> bool {
    let mut before = None;
    let mut letters = text.chars().peekable();
    let mut anything = false;
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied();
        let fits = match letter {
            '\u{200c}' | '\u{200d}' => before.is_some_and(carries) && after.is_some_and(is_seen),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => before.is_some_and(is_seen),
            '\u{e0020}'..='\u{e007f}' => before.is_some_and(|before| before == '\u{1f3f4}' || is_tag(before)),
            _ => letter == ' ' || is_seen(letter),
        };
        if !fits {
            return false;
        }
        anything |= is_seen(letter);
        before = Some(letter);
    }
    anything
}

/// What a joiner may follow.
fn carries(letter: char) -> bool {
    is_seen(letter) || matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_tag(letter: char) -> bool {
    matches!(letter, '\u{e0020}'..='\u{e007f}')
}

/// Whether a letter leaves a mark: it is no space and none of the code points that are shown as nothing
/// (`Default_Ignorable_Code_Point` of Unicode 17, the marks of annotations, and the empty Braille cell).
fn is_seen(letter: char) -> bool {
    !letter.is_whitespace()
        && !letter.is_control()
        && !matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_called_is_visible() {
        for name in [
            "Alice Example",
            "李小龍",
            "Ærøskøbing O’Neill-Smith",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥 ❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "葛\u{e0100}城",
        ] {
            assert!(is_visible(name), "{name}");
        }
    }

    #[test]
    fn what_can_not_be_seen_is_not() {
        for name in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}\u{200d}",
            "\u{2060} \u{2060}",
            "\u{3164}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{e0067}",
            "\u{1160}",
            "\u{ad}\u{ad}",
            // They look like Alice, and are not.
            "Al\u{200b}ice",
            "Alice\u{200d}",
            "\u{feff}Alice",
            "Al\u{ad}ice",
            "Al\u{200c}\u{200c}ice",
            "Alice\u{e0067}",
            "Alice\u{a0}\u{2003}Example",
        ] {
            assert!(!is_visible(name), "{name:?}");
        }
    }
}
