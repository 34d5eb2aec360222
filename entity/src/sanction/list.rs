//! Lists as their authorities publish them, and what an entry says.
//!
//! All say the same of somebody, each in its [form](super::form): a reference, names, days of birth, and by which programme.
//!
//! Refuses, in words: what [`record`](super::record) refuses, an entry without reference or name, more than
//! [`ENTRIES`] entries, and a list of none.

use super::birth::Birth;
use super::form::{eu, ofac, un};
use super::record;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

/// Entries in a list at most; the longest has a tenth of it.
const ENTRIES: usize = 200_000;
/// Names of one entry at most, and what else it has several of.
const NAMES: usize = 1_000;
/// Bytes of a reference.
const REFERENCE: usize = 100;

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// Of the Office of Foreign Assets Control of the United States.
    Ofac,
    /// Of the European Union.
    Eu,
    /// Of the Security Council of the United Nations.
    Un,
}

/// What somebody on a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// A human being.
    Person,
    /// A company, a bank, a band.
    Organisation,
}

/// Somebody on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How its authority names it.
    pub reference: String,
    /// What it is.
    pub kind: EntryKind,
    /// What it is called, the chief name first.
    pub names: Vec<String>,
    /// When it may have been born.
    pub births: Vec<Birth>,
    /// By which programmes it is listed.
    pub programmes: Vec<String>,
}

impl Source {
    /// All of them, as settings name them.
    pub const ALL: [(&'static str, Self); 3] = [("ofac", Self::Ofac), ("eu", Self::Eu), ("un", Self::Un)];

    /// As alerts name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ofac => "OFAC",
            Self::Eu => "EU",
            Self::Un => "UN",
        }
    }

    /// Its root and its records.
    fn shape(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Ofac => ("sdnList", &["sdnEntry"]),
            Self::Eu => ("export", &["sanctionEntity"]),
            Self::Un => ("CONSOLIDATED_LIST", &["INDIVIDUAL", "ENTITY"]),
        }
    }
}

/// Reads a list. An entry that stands there twice is one with what both say.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn parse(source: Source, text: &str) -> Result<Vec<Entry>, String> {
    let mut found: BTreeMap<String, Entry> = BTreeMap::new();
    record::read(text, source.shape(), |element| {
        let entry = match source {
            Source::Ofac => ofac(&element),
            Source::Eu => eu(&element),
            Source::Un => un(&element),
        };
        let Some(entry) = entry else { return Ok(()) };
        let entry = check(entry)?;
        match found.entry(entry.reference.clone()) {
            Place::Vacant(place) => drop(place.insert(entry)),
            Place::Occupied(mut place) => place.get_mut().join(entry),
        }
        if found.len() > ENTRIES { Err(format!("it has more than {ENTRIES} entries")) } else { Ok(()) }
    })?;
    if found.is_empty() { Err("it has no entries".to_owned()) } else { Ok(found.into_values().collect()) }
}

fn check(mut entry: Entry) -> Result<Entry, String> {
    entry.names.retain(|name| !name.is_empty());
    let about = if entry.reference.is_empty() { "an entry" } else { &entry.reference };
    if entry.reference.is_empty() || entry.reference.len() > REFERENCE {
        return Err("an entry has no reference".to_owned());
    }
    if entry.names.is_empty() {
        return Err(format!("{about} has no name"));
    }
    if [entry.names.len(), entry.births.len(), entry.programmes.len()].iter().any(|count| *count > NAMES) {
        return Err(format!("{about} has more than {NAMES} names"));
    }
    entry.tidy();
    Ok(entry)
}

impl Entry {
    fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.births.extend(other.births);
        self.programmes.extend(other.programmes);
        self.tidy();
    }

    /// Says nothing twice.
    fn tidy(&mut self) {
        let mut seen = Vec::new();
        self.names.retain(|name| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        self.births.sort_unstable();
        self.births.dedup();
        self.programmes.sort_unstable();
        self.programmes.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFAC: &str = r#"<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">
  <publshInformation><Publish_Date>11/20/2026</Publish_Date><Record_Count>3</Record_Count></publshInformation>
  <sdnEntry><uid>90001</uid><firstName>Zorblax Quentin</firstName><lastName>VANTERPOOL-KRZY&#379;EWSKI</lastName>
    <sdnType>Individual</sdnType><programList><program>TEST</program><program>TEST2</program></programList>
    <akaList><aka><uid>1</uid><type>a.k.a.</type><category>strong</category><lastName>VANTERPOL</lastName><firstName>Zorblaks</firstName></aka>
      <aka><uid>2</uid><type>a.k.a.</type><category>weak</category><lastName>ZED</lastName></aka></akaList>
    <dateOfBirthList><dateOfBirthItem><uid>3</uid><dateOfBirth>17 Feb 1963</dateOfBirth><mainEntry>true</mainEntry></dateOfBirthItem>
      <dateOfBirthItem><uid>4</uid><dateOfBirth>circa 1961</dateOfBirth><mainEntry>false</mainEntry></dateOfBirthItem></dateOfBirthList>
  </sdnEntry>
  <sdnEntry><uid>90002</uid><lastName>MAKEBELIEVE TRADING &amp; SONS LTD</lastName><sdnType>Entity</sdnType></sdnEntry>
  <sdnEntry><uid>90003</uid><lastName>FICTITIOUS STAR</lastName><sdnType>Vessel</sdnType></sdnEntry>
</sdnList>"#;

    const EU: &str = r#"<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-11-20T10:00:00.000+01:00" globalFileId="1">
  <sanctionEntity designationDetails="" unitedNationId="" euReferenceNumber="EU.9001.1" logicalId="9001">
    <regulation programme="TST" regulationType="amendment"><publicationUrl>http://example.com</publicationUrl></regulation>
    <subjectType code="person" classificationCode="P"/>
    <nameAlias firstName="" middleName="" lastName="" wholeName="Грильда Нопперова" strong="true"/>
    <nameAlias firstName="Grilda" middleName="M." lastName="Nopperova" wholeName="" strong="true"><regulationSummary/></nameAlias>
    <nameAlias wholeName="Grilly" strong="false"/>
    <birthdate circa="false" calendarType="GREGORIAN" birthdate="1971-03-04" dayOfMonth="4" monthOfYear="3" year="1971"/>
    <birthdate circa="true" year="1970"/><birthdate circa="false" yearRangeFrom="1968" yearRangeTo="1970"/><birthdate/>
  </sanctionEntity>
</export>"#;

    const UN: &str = r#"<CONSOLIDATED_LIST dateGenerated="2026-11-20T00:00:00Z"><INDIVIDUALS><INDIVIDUAL><DATAID>6900001</DATAID>
  <FIRST_NAME>ORLU</FIRST_NAME><SECOND_NAME>BINTEST</SECOND_NAME><UN_LIST_TYPE>Test</UN_LIST_TYPE><REFERENCE_NUMBER>TSi.001</REFERENCE_NUMBER>
  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Orloo Bintest</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Orly</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1955-01-01</DATE></INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL></INDIVIDUALS>
  <ENTITIES><ENTITY><DATAID>6900002</DATAID><FIRST_NAME>IMAGINARY FRONT</FIRST_NAME><REFERENCE_NUMBER>TSe.001</REFERENCE_NUMBER>
  <ENTITY_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>I.F.</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES></CONSOLIDATED_LIST>"#;

    #[test]
    fn the_list_of_the_office_is_read() {
        let read = parse(Source::Ofac, OFAC).unwrap();
        assert_eq!(read.len(), 2, "no ships");
        assert_eq!(read[0].reference, "90001");
        assert_eq!(read[0].kind, EntryKind::Person);
        assert_eq!(read[0].names, ["Zorblax Quentin VANTERPOOL-KRZYŻEWSKI", "Zorblaks VANTERPOL"]);
        assert_eq!(read[0].births, [Birth::about(1961), Birth::on("1963-02-17")]);
        assert_eq!(read[0].programmes, ["TEST", "TEST2"]);
        assert_eq!(read[1].names, ["MAKEBELIEVE TRADING & SONS LTD"]);
        assert_eq!(read[1].kind, EntryKind::Organisation);
    }

    #[test]
    fn the_list_of_the_union_is_read() {
        let read = parse(Source::Eu, EU).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].reference, "EU.9001.1");
        assert_eq!(read[0].names, ["Грильда Нопперова", "Grilda M. Nopperova"]);
        assert_eq!(read[0].births.len(), 4);
        assert!(
            read[0].births.contains(&Birth::on("1971-03-04")) && read[0].births.contains(&Birth::UNREADABLE)
        );
        assert_eq!(read[0].programmes, ["TST"]);
    }

    #[test]
    fn the_list_of_the_nations_is_read() {
        let read = parse(Source::Un, UN).unwrap();
        let kinds: Vec<_> = read.iter().map(|entry| (entry.reference.as_str(), entry.kind)).collect();
        assert_eq!(kinds, [("TSe.001", EntryKind::Organisation), ("TSi.001", EntryKind::Person)]);
        assert_eq!(read[1].names, ["ORLU BINTEST", "Orloo Bintest"]);
        assert_eq!(read[1].births, [Birth::on("1955-01-01")]);
    }

    #[test]
    fn a_list_is_not_read_as_another_and_what_breaks_off_gives_nothing() {
        for (source, own) in [(Source::Ofac, OFAC), (Source::Eu, EU), (Source::Un, UN)] {
            for text in [OFAC, EU, UN] {
                assert_eq!(parse(source, text).is_ok(), text == own);
            }
            for at in (0..own.len()).filter(|at| own.is_char_boundary(*at)) {
                assert!(parse(source, &own[..at]).is_err(), "{at}");
            }
        }
        let unnamed = OFAC.replace("<uid>90002</uid>", "");
        assert_eq!(parse(Source::Ofac, &unnamed).unwrap_err(), "an entry has no reference");
        let nameless = OFAC.replace("MAKEBELIEVE TRADING &amp; SONS LTD", " ");
        assert_eq!(parse(Source::Ofac, &nameless).unwrap_err(), "90002 has no name");
        assert_eq!(parse(Source::Ofac, "<sdnList/>").unwrap_err(), "it has no entries");
    }

    #[test]
    fn what_stands_there_twice_is_one() {
        let twice = OFAC.replace("90002", "90001");
        let read = parse(Source::Ofac, &twice).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].names.len(), 3);
    }
}
