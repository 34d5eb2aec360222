//! The forms of lists: how each authority writes an entry.
//!
//! Three: the `SDN.XML` of the Office of Foreign Assets Control, the consolidated list of the European Union (version 1.1)
//! and that of the Security Council of the United Nations.
//!
//! Left out: ships and aircraft, which have no wallets; and names that the authority itself calls weak (`category`
//! `weak`, `strong="false"`, `QUALITY` `Low`), such as a nickname that thousands have: it asks nobody to look for them.

use super::birth::Birth;
use super::list::{Entry, EntryKind};
use super::record::Element;

/// The texts that there are, with a space between them.
fn joined<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn texts<'a>(elements: impl Iterator<Item = &'a Element>) -> Vec<String> {
    elements.map(|element| element.own_text().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// An `sdnEntry` of the Office of Foreign Assets Control.
pub(super) fn ofac(entry: &Element) -> Option<Entry> {
    let kind = match entry.text("sdnType") {
        Some("Individual") => EntryKind::Person,
        Some("Vessel" | "Aircraft") => return None,
        Some(_) | None => EntryKind::Organisation,
    };
    let full = |element: &Element| joined([element.text("firstName"), element.text("lastName")]);
    let others = entry.within("akaList", "aka").filter(|aka| aka.text("category") != Some("weak"));
    let births = entry.within("dateOfBirthList", "dateOfBirthItem");
    Some(Entry {
        reference: entry.text("uid").unwrap_or_default().to_owned(),
        kind,
        names: std::iter::once(full(entry)).chain(others.map(full)).collect(),
        births: births.filter_map(|birth| birth.text("dateOfBirth")).map(Birth::in_words).collect(),
        programmes: texts(entry.within("programList", "program")),
    })
}

/// A `sanctionEntity` of the European Union.
pub(super) fn eu(entry: &Element) -> Option<Entry> {
    let kind = match entry.all("subjectType").find_map(|kind| kind.attribute("code")) {
        Some("person") => EntryKind::Person,
        Some(_) | None => EntryKind::Organisation,
    };
    let full = |alias: &Element| {
        let parts = ["firstName", "middleName", "lastName"].map(|part| alias.attribute(part));
        alias.attribute("wholeName").map_or_else(|| joined(parts), str::to_owned)
    };
    let (strong, weak): (Vec<_>, Vec<_>) =
        entry.all("nameAlias").partition(|alias| alias.attribute("strong") != Some("false"));
    // Somebody who has weak names only is looked for by them.
    let named = if strong.is_empty() { weak } else { strong };
    let number = |birth: &Element, name| birth.attribute(name).and_then(|text| text.parse().ok());
    let births = entry.all("birthdate").map(|birth| {
        let years = (number(birth, "yearRangeFrom"), number(birth, "yearRangeTo"));
        let about = birth.attribute("circa") == Some("true");
        match (birth.attribute("birthdate"), number(birth, "year"), years) {
            (Some(day), _, _) => Birth::on(day),
            (None, Some(year), _) if about => Birth::about(year),
            (None, Some(year), _) => Birth::between(year, year),
            (None, None, (Some(from), Some(to))) => Birth::between(from, to),
            (None, None, _) => Birth::UNREADABLE,
        }
    });
    let programmes = entry.all("regulation").filter_map(|regulation| regulation.attribute("programme"));
    let reference = entry.attribute("euReferenceNumber").or_else(|| entry.attribute("logicalId"));
    Some(Entry {
        reference: reference.unwrap_or_default().to_owned(),
        kind,
        names: named.into_iter().map(full).collect(),
        births: births.collect(),
        programmes: programmes.map(str::to_owned).collect(),
    })
}

/// An `INDIVIDUAL` or `ENTITY` of the United Nations.
pub(super) fn un(entry: &Element) -> Option<Entry> {
    const PARTS: [&str; 4] = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"];
    let people = entry.all("INDIVIDUAL_ALIAS").chain(entry.all("ENTITY_ALIAS"));
    let aliases = people.filter(|alias| alias.text("QUALITY") != Some("Low"));
    let aliases = aliases.filter_map(|alias| alias.text("ALIAS_NAME")).map(str::to_owned);
    let births = entry.all("INDIVIDUAL_DATE_OF_BIRTH").map(|birth| {
        let number = |name| birth.text(name).and_then(|text| text.parse().ok());
        let about = birth.text("TYPE_OF_DATE") == Some("APPROXIMATELY");
        match (birth.text("DATE"), number("YEAR"), number("FROM_YEAR"), number("TO_YEAR")) {
            (Some(day), _, _, _) => Birth::on(day),
            (None, Some(year), _, _) if about => Birth::about(year),
            (None, Some(year), _, _) => Birth::between(year, year),
            (None, None, Some(from), Some(to)) => Birth::between(from, to),
            (None, None, _, _) => Birth::UNREADABLE,
        }
    });
    let reference = entry.text("REFERENCE_NUMBER").or_else(|| entry.text("DATAID"));
    Some(Entry {
        reference: reference.unwrap_or_default().to_owned(),
        kind: if entry.is("INDIVIDUAL") { EntryKind::Person } else { EntryKind::Organisation },
        names: std::iter::once(joined(PARTS.map(|part| entry.text(part)))).chain(aliases).collect(),
        births: births.collect(),
        programmes: texts(entry.all("UN_LIST_TYPE")),
    })
}
