//! What notices say, in the language of the person. Messages carry no links to sign in with, and the
//! person's own phrase if it has set one: a message without it is not from us.

use super::{Notice, chinese, english};
use crate::clock::Time;
use crate::language::{Language, Locale};
use crate::link::Links;

/// A message as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    /// What it says.
    pub body: String,
}

/// What a notice of a moment says.
pub fn text(notice: &Notice, links: &Links, locale: &Locale, at: Time) -> Text {
    let at = locale.show(at);
    let (subject, body) = match locale.language {
        Language::En => (english::subject(notice), english::body(notice, links, &at)),
        Language::Zh => (chinese::subject(notice), chinese::body(notice, links, &at)),
    };
    Text { subject, body }
}

impl Text {
    /// The same with the person's own phrase.
    #[must_use]
    pub(crate) fn with_phrase(self, phrase: Option<&str>, language: Language) -> Self {
        let Some(phrase) = phrase else {
            return self;
        };
        let line = match language {
            Language::En => format!("Your phrase: {phrase}"),
            Language::Zh => format!("您的防伪短语：{phrase}"),
        };
        Self { body: format!("{}\n\n{line}", self.body), ..self }
    }
}
