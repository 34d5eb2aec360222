//! What a person says of itself to be known better, and the documents that show it.
//!
//! Documents lie elsewhere, in a store that is made for them: here is their reference, and the SHA-256 of the file, so
//! that nobody can exchange it.

use crate::clock::Time;
use crate::kyc::Level;
use crate::refusal::{Code, Refusal};
use crate::user::parse_text;
use chrono::{Months, NaiveDate};
use phonenumber::country;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Years that a person has to have.
const AGE: u32 = 18;
/// Years that nobody has.
const AGE_MAX: u32 = 130;
/// Documents in one application.
const DOCUMENTS: usize = 10;

/// Who a person says that it is. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// As in its identity document.
    pub full_name: String,
    /// When it was born.
    pub birth_date: NaiveDate,
    /// Where it is a citizen: a country of ISO 3166-1, as two letters.
    pub nationality: String,
    /// Where it lives: street and number, or what there is.
    pub address: String,
    /// The town.
    pub town: String,
    /// The postal code, where there is one.
    pub postal_code: Option<String>,
    /// The country of ISO 3166-1, as two letters.
    pub country: String,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile")
    }
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentKind {
    /// A passport.
    Passport,
    /// An identity card of a state.
    IdentityCard,
    /// A permit to live in a country.
    ResidencePermit,
    /// A picture of the person with the document.
    Portrait,
    /// A bill or statement that shows where it lives.
    ProofOfAddress,
    /// Where its money comes from.
    SourceOfFunds,
}

/// A document that lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Where it lies, as the store of documents names it.
    pub reference: String,
    /// The SHA-256 of the file, in 64 hexadecimal digits.
    pub sha256: String,
}

impl Profile {
    /// Refuses what can't be.
    ///
    /// # Errors
    /// `PROFILE_INVALID`, with the field.
    pub(super) fn check(self, now: Time) -> Result<Self, Refusal> {
        let invalid = |field| Code::ProfileInvalid.at(field);
        let text = |text: &str, field| parse_text(text, invalid(field));
        let born = |years: u32| self.birth_date.checked_add_months(Months::new(years.saturating_mul(12)));
        let today = now.date_naive();
        let is_grown = born(AGE).is_some_and(|day| day <= today);
        if !is_grown || born(AGE_MAX).is_none_or(|day| day <= today) {
            return Err(invalid("profile.birthDate"));
        }
        for (code, field) in [(&self.nationality, "profile.nationality"), (&self.country, "profile.country")]
        {
            // The list of ISO 3166-1 that the library of phone numbers has.
            if country::Id::from_str(code).is_err() {
                return Err(invalid(field));
            }
        }
        let postal_code = self.postal_code.as_deref().map(|code| text(code, "profile.postalCode"));
        Ok(Self {
            full_name: text(&self.full_name, "profile.fullName")?,
            address: text(&self.address, "profile.address")?,
            town: text(&self.town, "profile.town")?,
            postal_code: postal_code.transpose()?,
            ..self
        })
    }
}

/// Refuses documents that are none, or no evidence at all.
///
/// # Errors
/// `DOCUMENTS_INVALID`, `DOCUMENTS_MISSING`.
pub(crate) fn check_evidence(documents: &[Document]) -> Result<(), Refusal> {
    check_documents(documents, Level::Declared)?;
    if documents.is_empty() { Err(Code::DocumentsMissing.at("documents")) } else { Ok(()) }
}

/// Refuses documents that are none, or not enough for a level.
///
/// # Errors
/// `DOCUMENTS_INVALID`, `DOCUMENTS_MISSING`.
pub(super) fn check_documents(documents: &[Document], level: Level) -> Result<(), Refusal> {
    let invalid = Code::DocumentsInvalid.at("documents");
    for document in documents {
        parse_text(&document.reference, invalid)?;
        let digits = document.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if document.sha256.len() != 64 || !digits {
            return Err(invalid);
        }
    }
    if documents.len() > DOCUMENTS {
        return Err(invalid);
    }
    let has = |kinds: &[DocumentKind]| documents.iter().any(|document| kinds.contains(&document.kind));
    let identity = [DocumentKind::Passport, DocumentKind::IdentityCard, DocumentKind::ResidencePermit];
    let enough = match level {
        Level::Unknown | Level::Declared => true,
        Level::Identified => has(&identity),
        Level::Full => {
            has(&identity) && has(&[DocumentKind::ProofOfAddress]) && has(&[DocumentKind::SourceOfFunds])
        }
    };
    if enough { Ok(()) } else { Err(Code::DocumentsMissing.at("documents")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    fn profile() -> Profile {
        Profile {
            full_name: "Ada Lovelace".to_owned(),
            birth_date: NaiveDate::from_ymd_opt(2008, 2, 29).unwrap(),
            nationality: "GB".to_owned(),
            address: "12 St James's Square".to_owned(),
            town: "London".to_owned(),
            postal_code: None,
            country: "GB".to_owned(),
        }
    }

    #[test]
    fn a_person_is_grown_on_its_birthday() {
        let day = |day| Utc.with_ymd_and_hms(2026, 2, day, 0, 0, 0).unwrap();
        assert!(profile().check(day(27)).is_err());
        assert!(profile().check(day(28)).is_ok());
        let born = NaiveDate::from_ymd_opt(1890, 1, 1).unwrap();
        assert!(Profile { birth_date: born, ..profile() }.check(day(28)).is_err());
        for code in ["", "XX", "GBR", "g"] {
            let refused = Profile { country: code.to_owned(), ..profile() }.check(day(28));
            assert_eq!(refused.map(drop), Err(Code::ProfileInvalid.at("profile.country")), "{code}");
        }
    }

    #[test]
    fn each_level_takes_its_documents() {
        let document = |kind| Document { kind, reference: "store/1".to_owned(), sha256: "0a".repeat(32) };
        use DocumentKind::*;
        let cases: [(&[DocumentKind], [bool; 3]); 4] = [
            (&[], [true, false, false]),
            (&[Portrait, ProofOfAddress, SourceOfFunds], [true, false, false]),
            (&[Passport], [true, true, false]),
            (&[IdentityCard, ProofOfAddress, SourceOfFunds], [true, true, true]),
        ];
        for (kinds, enough) in cases {
            let documents: Vec<_> = kinds.iter().map(|kind| document(*kind)).collect();
            let levels = [Level::Declared, Level::Identified, Level::Full];
            assert_eq!(levels.map(|level| check_documents(&documents, level).is_ok()), enough);
        }
        let wrong = Document { sha256: "zz".repeat(32), ..document(Passport) };
        assert!(check_documents(&[wrong], Level::Declared).is_err());
        assert!(check_documents(&vec![document(Passport); 11], Level::Declared).is_err());
    }
}
