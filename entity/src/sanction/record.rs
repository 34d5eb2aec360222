//! The records of an XML file, one after the other: each as a small tree, so that a list of any length takes the memory of
//! its longest record.
//!
//! Refuses, in words, what breaks off, has another root than is expected, or is larger than any list that was ever published:
//! see the constants. There are no document types and no entities but those of XML itself, so nothing in a file can stand
//! for more than is written there (OWASP, XML external entity prevention).

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};

/// Elements that may be open at once.
const DEPTH: usize = 16;
/// Elements in one record.
const ELEMENTS: usize = 20_000;
/// Bytes of text in one element, and in one attribute.
const LENGTH: usize = 10_000;

/// An element of a record.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Whether this is its name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The text of an attribute; none, if it is empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The children of this name of all children of another.
    pub(super) fn within<'a>(&'a self, list: &'a str, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.all(list).flat_map(move |list| list.all(name))
    }

    /// The text of the first child of this name; none, if it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let named = self.children.iter().filter(|child| child.name == name);
        named.map(Element::own_text).find(|text| !text.is_empty())
    }

    /// Its own text.
    pub(super) fn own_text(&self) -> &str {
        self.text.trim()
    }
}

/// What is under way.
struct Reading<'a> {
    root: &'a str,
    names: &'a [&'a str],
    /// Elements that are open around records.
    outer: usize,
    /// Whether the root was there.
    begun: bool,
    /// Elements that are open in a record, the record first.
    open: Vec<Element>,
    /// Elements in the record so far.
    count: usize,
}

/// Hands over each record of a file, of whichever of these names.
///
/// # Errors
/// What is wrong, in words; and what the taker says.
pub(super) fn read(
    text: &str,
    (root, names): (&str, &[&str]),
    mut take: impl FnMut(Element) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut reading = Reading { root, names, outer: 0, begun: false, open: Vec::new(), count: 0 };
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let ended = match event {
            Event::Start(tag) => reading.start(&tag).map(|()| None)?,
            Event::Empty(tag) => {
                reading.start(&tag)?;
                reading.end()
            }
            Event::End(_) => reading.end(),
            Event::Text(text) => reading.say(&text.xml_content(XmlVersion::Implicit1_0).map_err(words)?)?,
            Event::CData(text) => reading.say(&text.xml_content(XmlVersion::Implicit1_0).map_err(words)?)?,
            Event::GeneralRef(reference) => reading.say(&resolve(&reference)?)?,
            Event::DocType(_) => return Err("it has a document type, which a list has not".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            Event::Eof if reading.outer > 0 || !reading.open.is_empty() => {
                return Err("it breaks off".to_owned());
            }
            Event::Eof if !reading.begun => return Err(format!("it has no {root}")),
            Event::Eof => return Ok(()),
        };
        ended.map_or(Ok(()), &mut take)?;
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What a reference stands for: a character, or one of the five that XML knows.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(letter) = reference.resolve_char_ref().map_err(words)? {
        return Ok(letter.to_string());
    }
    let name = reference.decode().map_err(words)?;
    let known = escape::resolve_xml_entity(&name);
    known.map(str::to_owned).ok_or_else(|| format!("&{name}; is none of the entities of XML"))
}

impl Reading<'_> {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
        if !self.begun && name != self.root {
            return Err(format!("it begins with {name} and not with {}", self.root));
        }
        self.begun = true;
        if self.outer.saturating_add(self.open.len()) >= DEPTH {
            return Err(format!("more than {DEPTH} of its elements are open at once"));
        }
        if self.open.is_empty() && !self.names.contains(&name.as_str()) {
            self.outer = self.outer.saturating_add(1);
            return Ok(());
        }
        self.count = self.count.saturating_add(1);
        if self.count > ELEMENTS {
            return Err(format!("a record of it has more than {ELEMENTS} elements"));
        }
        let element = Element { name, attributes: attributes(tag)?, ..Element::default() };
        self.open.push(element);
        Ok(())
    }

    /// Ends an element; gives the record, if that has ended with it.
    fn end(&mut self) -> Option<Element> {
        let Some(ended) = self.open.pop() else {
            self.outer = self.outer.saturating_sub(1);
            return None;
        };
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(ended);
            return None;
        }
        self.count = 0;
        Some(ended)
    }

    fn say(&mut self, text: &str) -> Result<Option<Element>, String> {
        if let Some(element) = self.open.last_mut() {
            if element.text.len().saturating_add(text.len()) > LENGTH {
                return Err(format!("the text of a {} is longer than {LENGTH} bytes", element.name));
            }
            element.text.push_str(text);
        }
        Ok(None)
    }
}

fn attributes(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(words)?;
        let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(words)?;
        if value.len() > LENGTH {
            return Err(format!("the attribute {name} is longer than {LENGTH} bytes"));
        }
        found.push((name, value.into_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Element>, String> {
        let mut found = Vec::new();
        read(text, ("list", &["entry"]), |element| {
            found.push(element);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn a_record_is_a_small_tree() {
        let text = "\u{feff}<?xml version='1.0'?><list xmlns='urn:x'><head>no</head><!-- - --><entry id='a&amp;b'>\
            <names><name> A&#x64;a </name><name>&lt;B&gt;</name><name/></names><x><![CDATA[<c>]]></x></entry><entry/></list>";
        let found = all(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].attribute("id"), Some("a&b"));
        let names: Vec<_> = found[0].within("names", "name").map(Element::own_text).collect();
        assert_eq!(names, ["Ada", "<B>", ""]);
        assert_eq!((found[0].text("x"), found[1].text("x")), (Some("<c>"), None));
    }

    #[test]
    fn what_is_no_such_list_or_stands_for_more_than_is_written_is_refused() {
        let whole = "<list><entry a='1'>b</entry></list>";
        for at in 0..whole.len() {
            assert!(all(&whole[..at]).is_err(), "{at}");
        }
        let deep = format!("<list>{}", "<entry>".repeat(1_000));
        let wide = format!("<list><entry>{}</entry></list>", "<a/>".repeat(ELEMENTS));
        let long = format!("<list><entry>{}</entry></list>", "a".repeat(LENGTH + 1));
        let longer = format!("<list><entry a='{}'/></list>", "a".repeat(LENGTH + 1));
        let bomb = "<!DOCTYPE list [<!ENTITY a \"aaaa\">]><list><entry>&a;</entry></list>";
        for (text, why) in [
            ("<html></html>", "and not with list"),
            ("no", "it has no list"),
            (deep.as_str(), "open at once"),
            (wide.as_str(), "more than 20000"),
            (long.as_str(), "longer than"),
            (longer.as_str(), "longer than"),
            (bomb, "document type"),
            ("<list><entry>&a;</entry></list>", "&a; is none"),
            ("<list><entry></list></entry>", "entry"),
        ] {
            let refused = all(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert!(all("<list><entry a='&a;'/></list>").is_err());
    }
}
