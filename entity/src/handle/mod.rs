//! Handles: the e-mail address or phone number by which a person is reached.
//!
//! Guarantees: one spelling of each: e-mail addresses in lower case, phone numbers in E.164
//! (ITU-T), so that one handle is never two. Refuses what is neither, each with its code.

pub mod own;

use crate::refusal::{Code, Refusal};
use sea_orm::{DbErr, DeriveActiveEnum, DeriveValueType, EnumIter, TryFromU64};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What kind of handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandleKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// An e-mail address or phone number in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    kind: HandleKind,
    value: String,
}

/// By what a handle is found where it can't be read (see [`Vault::fingerprint`](crate::vault::Vault)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct Fingerprint(pub Uuid);

// sea-orm asks it of every key type; a fingerprint never comes from a row counter.
impl TryFromU64 for Fingerprint {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Fingerprint"))
    }
}

impl Handle {
    /// Reads an e-mail address (RFC 5321, at most 254 characters).
    ///
    /// # Errors
    /// `EMAIL_INVALID`.
    pub fn email(text: &str) -> Result<Self, Refusal> {
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        let parsed = email_address::EmailAddress::parse_with_options(text.trim(), options);
        match parsed {
            Ok(address) if address.as_str().len() <= 254 => {
                Ok(Self { kind: HandleKind::Email, value: address.as_str().to_lowercase() })
            }
            Ok(_) | Err(_) => Err(Code::EmailInvalid.at("email")),
        }
    }

    /// Reads a phone number in international form.
    ///
    /// # Errors
    /// `PHONE_INVALID`.
    pub fn phone(text: &str) -> Result<Self, Refusal> {
        let refused = Code::PhoneInvalid.at("phone");
        let text = text.trim();
        let written = |letter: char| letter.is_ascii_digit() || " ()-./".contains(letter);
        if text.len() > 40 || !text.strip_prefix('+').is_some_and(|rest| rest.chars().all(written)) {
            return Err(refused);
        }
        let number = phonenumber::parse(None, text).map_err(|_| refused)?;
        if !phonenumber::is_valid(&number) {
            return Err(refused);
        }
        let value = number.format().mode(phonenumber::Mode::E164).to_string();
        Ok(Self { kind: HandleKind::Phone, value })
    }

    /// A handle as it was stored.
    pub(crate) fn stored(kind: HandleKind, value: String) -> Self {
        Self { kind, value }
    }

    /// With most of it hidden: `a…e@example.com`, `+49…78`.
    pub fn masked(&self) -> String {
        let ends = |text: &str| {
            let (first, last) = (text.chars().next(), text.chars().next_back());
            first.into_iter().chain(['…']).chain(last).collect::<String>()
        };
        match (self.kind, self.value.rsplit_once('@')) {
            (HandleKind::Email, Some((local, domain))) => format!("{}@{domain}", ends(local)),
            (HandleKind::Email | HandleKind::Phone, _) => {
                let tail = self.value.len().saturating_sub(2);
                let shown = |range| self.value.get(range).unwrap_or_default();
                format!("{}…{}", shown(0..3), shown(tail..self.value.len()))
            }
        }
    }

    /// What kind.
    pub fn kind(&self) -> HandleKind {
        self.kind
    }

    /// Its one spelling.
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_handle_has_one_spelling() {
        assert_eq!(Handle::email(" Alice@Example.COM ").unwrap().as_str(), "alice@example.com");
        for text in ["+4915112345678", "+49 151 12345678", "+49 (151) 123-456-78"] {
            assert_eq!(Handle::phone(text).unwrap().as_str(), "+4915112345678", "{text}");
        }
    }

    #[test]
    fn a_masked_handle_is_recognised_only_by_who_knows_it() {
        assert_eq!(Handle::email("alice@example.com").unwrap().masked(), "a…e@example.com");
        assert_eq!(Handle::phone("+4915112345678").unwrap().masked(), "+49…78");
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        for text in [
            "",
            "alice",
            "alice@",
            "@example.com",
            "alice@example",
            "a b@example.com",
            "Alice <alice@example.com>",
            "alice@[127.0.0.1]",
        ] {
            assert_eq!(Handle::email(text).unwrap_err().code, Code::EmailInvalid, "{text}");
        }
        for text in ["", "+", "015112345678", "+49", "+491", "++4915112345678", "+49151123456789012345"] {
            assert_eq!(Handle::phone(text).unwrap_err().code, Code::PhoneInvalid, "{text}");
        }
    }
}
