//! Documents that were seen before: read once, validated once.
//!
//! Apps send the same few documents for ever, with other variables. [`Documents::find`] keeps what
//! reading and pricing gave, and each [`KnownDocument`] remembers where the strict schema had nothing to say of
//! it, so that it may go to the one that does not validate. Validation looks at variables too, but only at their
//! shape and at names of enum values: those are what is remembered.
//!
//! An app may also name a document by its SHA-256, once it has sent the text with it: the protocol is that of
//! Apollo's automatic persisted queries.
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
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, RwLock};

/// Documents that are kept at most.
const DOCUMENTS: usize = 512;
/// Bytes of text that they stand for together; what they were read to takes about thirty times it.
const TEXT_MAX: u64 = 512 * 1024;
/// What a document counts for at least: however short it is, it may have shapes of variables.
const TEXT_MIN: usize = 1024;
/// Shapes of variables that are remembered of a document; with one more all are forgotten.
const SHAPES_MAX: usize = 32;
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

impl Weighter<String, Arc<KnownDocument>> for TextLength {
    fn weight(&self, text: &String, _: &Arc<KnownDocument>) -> u64 {
        u64::try_from(text.len().max(TEXT_MIN)).unwrap_or(TEXT_MAX)
    }
}

/// A document that was read.
pub(crate) struct KnownDocument {
    pub(crate) document: ExecutableDocument,
    /// The shapes with which the strict schema has accepted it.
    accepted: RwLock<HashSet<String>>,
}

impl KnownDocument {
    /// Whether the strict schema had nothing to say of it with variables of this shape.
    pub(crate) fn is_accepted(&self, shape: Option<&str>) -> bool {
        shape.is_some_and(|shape| self.accepted.read().is_ok_and(|accepted| accepted.contains(shape)))
    }

    /// Remembers that the strict schema executed it: what validation says has no path.
    pub(crate) fn remember(&self, shape: Option<String>, response: &Response) {
        if let Some(shape) = shape
            && response.errors.iter().all(|error| !error.path.is_empty())
            && let Ok(mut accepted) = self.accepted.write()
        {
            if accepted.len() >= SHAPES_MAX {
                accepted.clear();
            }
            accepted.insert(shape);
        }
    }
}

/// See the module.
pub(crate) struct Documents {
    read: Cache<String, Arc<KnownDocument>, TextLength>,
    persisted: Cache<String, Arc<str>, TextLength>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        Self {
            read: Cache::with_weighter(DOCUMENTS, TEXT_MAX, TextLength),
            persisted: Cache::with_weighter(DOCUMENTS, TEXT_MAX, TextLength),
        }
    }

    /// The document that a request sends or names.
    pub(crate) fn find(
        &self,
        sent: Option<String>,
        persisted: Option<Persisted>,
    ) -> Result<Arc<KnownDocument>, Failure> {
        let malformed = Failure::malformed;
        let Some(Persisted { version, hash }) = persisted else {
            let sent = sent.ok_or_else(|| malformed("The request has no query."))?;
            return self.read(&sent).map_err(Failure::document);
        };
        if version != 1 {
            return Err(malformed("The version of persistedQuery has to be 1."));
        }
        let Some(sent) = sent else {
            // Apollo's clients know this very text.
            let unknown = || request_error(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound");
            let text = self.persisted.get(&hash).ok_or_else(|| Failure::document(unknown()))?;
            return self.read(&text).map_err(Failure::document);
        };
        let actual: String = Sha256::digest(sent.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            let _written = write!(hash, "{byte:02x}");
            hash
        });
        if !actual.eq_ignore_ascii_case(&hash) {
            return Err(malformed("The query is not what sha256Hash names."));
        }
        // Only what can be read: garbage is not worth remembering.
        let document = self.read(&sent).map_err(Failure::document)?;
        self.persisted.insert(hash, sent.into());
        Ok(document)
    }

    /// The document of a text.
    fn read(&self, text: &str) -> Result<Arc<KnownDocument>, ServerError> {
        if let Some(known) = self.read.get(text) {
            return Ok(known);
        }
        let (document, accepted) = (document::parse(text)?, RwLock::default());
        let known = Arc::new(KnownDocument { document, accepted });
        self.read.insert(text.to_owned(), known.clone());
        Ok(known)
    }
}

/// All that validation looks at beside the document: the operation, and the shape of the variables.
pub(crate) fn shape(operation: Option<&str>, variables: &Variables) -> Option<String> {
    let mut shape = String::with_capacity(128);
    name(&mut shape, operation.unwrap_or_default());
    for (variable, value) in variables.iter() {
        name(&mut shape, variable);
        add(&mut shape, value);
    }
    (shape.len() <= SHAPE_MAX).then_some(shape)
}

/// A name, which may be any text, so that nothing else reads the same.
fn name(shape: &mut String, name: &str) {
    let _written = write!(shape, "{}:", name.len());
    shape.push_str(name);
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
            for (field, value) in fields {
                name(shape, field);
                add(shape, value);
            }
            shape.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        shape(None, &Variables::from_json(serde_json::from_str(json).unwrap()))
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
        assert_ne!(of(r#"{"a": "s", "b": 1}"#), of(r#"{"as1:b": 1}"#));
        assert_eq!(shape(Some(&"a".repeat(SHAPE_MAX)), &Variables::default()), None);
    }

    #[test]
    fn a_refused_document_is_not_kept() {
        let documents = Documents::new();
        assert!(documents.read("{").is_err());
        assert!(documents.read("{a}").is_ok());
        assert_eq!(documents.read.len(), 1);
    }

    #[test]
    fn however_short_there_are_so_many_documents_and_shapes_at_most() {
        let documents = Documents::new();
        for number in 0..4 * DOCUMENTS {
            documents.read(&format!("{{a{number}}}")).unwrap();
        }
        assert!(documents.read.len() <= DOCUMENTS, "{}", documents.read.len());
        let known = documents.read("{a}").unwrap();
        for number in 0..4 * SHAPES_MAX {
            known.remember(Some(number.to_string()), &Response::default());
            assert!(known.is_accepted(Some(&number.to_string())));
        }
        assert!(known.accepted.read().unwrap().len() <= SHAPES_MAX);
    }
}
