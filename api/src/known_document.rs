//! Documents that were seen before: read once, validated once.
//!
//! Apps send the same few documents for ever, with other variables. [`Documents::read`] keeps what
//! reading and pricing gave; [`Documents::is_accepted`] remembers for which documents the strict
//! schema had nothing to say, so that they may go to the one that does not validate. Validation
//! looks at variables too, but only at their shape and at names of enum values: those are a part of
//! what is remembered.
//!
//! An app may also name a document by its SHA-256, once it has sent the text with it
//! ([`Documents::text`]): the protocol is that of Apollo's automatic persisted queries.
//!
//! All are bounded, by the text that they stand for or by number. A refused document is never kept.

use crate::answer::Failure;
use crate::document;
use crate::error::{ErrorCode, request_error};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, ServerError, Value, Variables};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Documents that are kept, roughly.
const DOCUMENTS: usize = 512;
/// Bytes of text that they stand for together; what they were read to takes about thirty times it.
const TEXT_MAX: u64 = 512 * 1024;
/// Accepted documents, each shape of variables counted.
const ACCEPTED_MAX: usize = 4_096;
/// A longer shape is not remembered; its document is validated each time.
const SHAPE_MAX: usize = 512;

/// How an app names a document that it has sent before.
#[derive(Deserialize)]
pub(crate) struct Persisted {
    /// The version of the protocol.
    version: i64,
    /// The SHA-256 of the document, in hexadecimal.
    #[serde(rename = "sha256Hash")]
    hash: String,
}

#[derive(Clone)]
struct TextLength;

impl Weighter<String, Arc<str>> for TextLength {
    fn weight(&self, hash: &String, text: &Arc<str>) -> u64 {
        u64::try_from(text.len() + hash.len()).unwrap_or(TEXT_MAX)
    }
}

impl Weighter<String, Arc<ExecutableDocument>> for TextLength {
    fn weight(&self, text: &String, _: &Arc<ExecutableDocument>) -> u64 {
        u64::try_from(text.len()).unwrap_or(TEXT_MAX)
    }
}

/// See the module.
pub(crate) struct Documents {
    read: Cache<String, Arc<ExecutableDocument>, TextLength>,
    accepted: Cache<String, ()>,
    persisted: Cache<String, Arc<str>, TextLength>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self {
            read: Cache::with_weighter(DOCUMENTS, TEXT_MAX, TextLength),
            accepted: Cache::new(ACCEPTED_MAX),
            persisted: Cache::with_weighter(DOCUMENTS, TEXT_MAX, TextLength),
        }
    }

    /// The text that a request sends or names.
    pub(crate) fn text(
        &self,
        sent: Option<String>,
        persisted: Option<Persisted>,
    ) -> Result<Arc<str>, Failure> {
        let malformed = Failure::malformed;
        let Some(Persisted { version, hash }) = persisted else {
            return sent.map(Arc::from).ok_or_else(|| malformed("The request has no query."));
        };
        if version != 1 {
            return Err(malformed("The version of persistedQuery has to be 1."));
        }
        let Some(sent) = sent else {
            // Apollo's clients know this very text.
            let unknown = || request_error(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound");
            return self.persisted.get(&hash).ok_or_else(|| Failure::document(unknown()));
        };
        let actual: String = Sha256::digest(sent.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            let _written = write!(hash, "{byte:02x}");
            hash
        });
        if !actual.eq_ignore_ascii_case(&hash) {
            return Err(malformed("The query is not what sha256Hash names."));
        }
        // Only what can be read: garbage is not worth remembering.
        self.read(&sent).map_err(Failure::document)?;
        let text: Arc<str> = sent.into();
        self.persisted.insert(hash, text.clone());
        Ok(text)
    }

    /// The document of a text.
    pub(crate) fn read(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(known) = self.read.get(text) {
            return Ok(known);
        }
        let document = Arc::new(document::parse(text)?);
        self.read.insert(text.to_owned(), document.clone());
        Ok(document)
    }

    /// Whether the strict schema had nothing to say of this.
    pub(crate) fn is_accepted(&self, shape: Option<&str>) -> bool {
        shape.is_some_and(|shape| self.accepted.get(shape).is_some())
    }

    /// Remembers that the strict schema executed it: what validation says has no path.
    pub(crate) fn remember(&self, shape: Option<String>, response: &Response) {
        if let Some(shape) = shape
            && response.errors.iter().all(|error| !error.path.is_empty())
        {
            self.accepted.insert(shape, ());
        }
    }
}

/// All that validation looks at: the document, the operation, and the shape of the variables.
pub(crate) fn shape(text: &str, operation: Option<&str>, variables: &Variables) -> Option<String> {
    let mut shape = format!("{}\0", operation.unwrap_or_default());
    for (name, value) in variables.iter() {
        let _written = write!(shape, "{name}:");
        add(&mut shape, value);
    }
    if shape.len() > SHAPE_MAX || text.len() > SHAPE_MAX * 8 {
        return None;
    }
    shape.push('\0');
    shape.push_str(text);
    Some(shape)
}

/// Lists and objects by what is in them, numbers by whether they are an `Int`, and texts not at
/// all, unless they may be the name of an enum value.
fn add(shape: &mut String, value: &Value) {
    match value {
        Value::Null => shape.push('0'),
        Value::Number(number) => {
            let int = number.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            shape.push(if int { 'i' } else { 'n' });
        }
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => {
            // JSON strings can't hold the quotes unescaped, and these letters need no escape.
            let _written = write!(shape, "\"{text}\"");
        }
        Value::String(_) => shape.push('s'),
        Value::Boolean(_) => shape.push('b'),
        Value::Binary(_) => shape.push('x'),
        Value::Enum(name) => shape.push_str(name),
        Value::List(items) => {
            shape.push('[');
            items.iter().for_each(|item| add(shape, item));
            shape.push(']');
        }
        Value::Object(fields) => {
            shape.push('{');
            for (name, field) in fields {
                let _written = write!(shape, "{name:?}:");
                add(shape, field);
            }
            shape.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        shape("{a}", None, &Variables::from_json(serde_json::from_str(json).unwrap()))
    }

    #[test]
    fn texts_share_a_shape_and_names_of_enum_values_do_not() {
        assert_eq!(of(r#"{"a": "one"}"#), of(r#"{"a": "two"}"#));
        assert_ne!(of(r#"{"a": "ONE"}"#), of(r#"{"a": "TWO"}"#));
        assert_ne!(of(r#"{"a": "one"}"#), of(r#"{"b": "one"}"#));
        assert_ne!(of(r#"{"a": 1}"#), of(r#"{"a": 3000000000}"#));
        assert_ne!(of(r#"{"a": {"b": null}}"#), of(r#"{"a": {}}"#));
        assert_ne!(of(r#"{"a": ["x", "x"]}"#), of(r#"{"a": ["x"]}"#));
        assert_ne!(of(r#"{"a": 1, "b": 2}"#), of(r#"{"a": {"b": 2}}"#));
        assert_eq!(shape(&"a".repeat(SHAPE_MAX * 9), None, &Variables::default()), None);
    }

    #[test]
    fn a_refused_document_is_not_kept() {
        let documents = Documents::new();
        assert!(documents.read("{").is_err());
        assert!(documents.read("{a}").is_ok());
        assert_eq!(documents.read.len(), 1);
    }
}
