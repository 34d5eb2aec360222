//! The master keys of the house, from its settings. They seal a few secrets in the database (see
//! [`vault`](crate::vault)), from which all else is derived, so that a master key is replaced without
//! touching what people are known by.
//!
//! The first key of the list seals; those after it only open, until all that they sealed is sealed
//! anew. Refuses to start with a key that does not open the house's secrets.

use crate::error::Fault;
use crate::seal::{Key, KeyId, Place, Sealed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

/// The master keys: 32 bytes each, the one in use first.
#[derive(Clone)]
pub struct Keys {
    current: Master,
    old: Vec<Master>,
}

#[derive(Clone)]
struct Master {
    seal: Key,
}

impl Master {
    fn new(secret: [u8; 32]) -> Self {
        let [a, b, c, d, ..] = mac(&secret, &[b"key id"]);
        let seal = Key::new(KeyId([a, b, c, d]), &mac(&secret, &[b"seal"]));
        Self { seal }
    }
}

impl Keys {
    /// From 32 secret bytes.
    pub fn new(master: [u8; 32]) -> Self {
        Self { current: Master::new(master), old: Vec::new() }
    }

    /// The same with older keys, which only open.
    #[must_use]
    pub fn with_old(self, old: &[[u8; 32]]) -> Self {
        Self { old: old.iter().map(|secret| Master::new(*secret)).collect(), ..self }
    }

    /// From the setting; without one, and only for a SQLite file, from the key file beside it,
    /// which is made (readable by its owner alone) if it is not there.
    ///
    /// # Errors
    /// A text that names the setting and the form expected.
    pub fn load(setting: Option<&str>, database_url: &str) -> Result<Self, String> {
        let text = match (setting, database_url.strip_prefix("sqlite://")) {
            (Some(text), _) => text.to_owned(),
            (None, Some(file)) => key_file(&format!("{file}.key"))?,
            (None, None) => {
                return Err(format!("MASTER_KEY is needed with PostgreSQL: {EXPECTED}"));
            }
        };
        let [current, old @ ..] = &parse(text.trim()).ok_or_else(|| format!("MASTER_KEY: {EXPECTED}"))?[..]
        else {
            return Err(format!("MASTER_KEY: {EXPECTED}"));
        };
        Ok(Self::new(*current).with_old(old))
    }

    /// Seals a secret with the key in use.
    pub(crate) fn seal(&self, place: Place, value: &[u8]) -> Result<Sealed, Fault> {
        self.current.seal.seal(place, value)
    }

    /// Opens a secret with the key that sealed it.
    pub(crate) fn open(&self, place: Place, sealed: &Sealed) -> Result<Vec<u8>, Fault> {
        let masters = [&self.current].into_iter().chain(&self.old);
        let key = masters.map(|master| &master.seal).find(|key| Some(key.id()) == sealed.key());
        key.ok_or(Fault::Corrupt("a secret was sealed with a master key that is not given"))?
            .open(place, sealed)
    }

    /// The name of the key in use.
    pub(crate) fn current(&self) -> KeyId {
        self.current.seal.id()
    }

    /// Whether older keys are given, so that something may be sealed with them.
    pub(crate) fn has_old(&self) -> bool {
        !self.old.is_empty()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?})", self.current())
    }
}

const EXPECTED: &str = "expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints, \
    and older keys after it, with commas";

/// Refuses what is no master key.
///
/// # Errors
/// The form expected.
pub fn check(text: &str) -> Result<String, String> {
    parse(text).map(|_| text.to_owned()).ok_or(EXPECTED.to_owned())
}

/// The keys of a list with commas.
fn parse(text: &str) -> Option<Vec<[u8; 32]>> {
    text.split(',').map(|key| parse_one(key.trim())).collect()
}

fn parse_one(text: &str) -> Option<[u8; 32]> {
    unhex(text)?.try_into().ok()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Bytes from their hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit));
    bytes.map(u8::try_from).collect::<Result<_, _>>().ok().filter(|_| digits.len().is_multiple_of(2))
}

/// Reads the key file, which is made whole or not at all: of several processes that start at once
/// one makes it, and all read the same.
fn key_file(path: &str) -> Result<String, String> {
    let text = |error: std::io::Error| format!("{path}: {error}");
    if !std::fs::exists(path).map_err(text)? {
        let draft = format!("{path}.{}", std::process::id());
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .map_err(text)?;
        file.write_all(hex(&random_bytes()).as_bytes()).and_then(|()| file.sync_all()).map_err(text)?;
        let made = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(text)?;
        if let Err(error) = made
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(text(error));
        }
    }
    std::fs::read_to_string(path).map_err(text)
}

/// HMAC-SHA-256 (RFC 2104) of the parts, one after the other.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so this can't fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA-256 of a text, in base64: how requests to others are signed (Standard Webhooks).
pub fn signature(key: &[u8], text: &[u8]) -> String {
    BASE64.encode(mac(key, &[text]))
}

/// Compares without telling by its duration where two texts differ.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

/// 32 bytes from the operating system, for tokens.
pub(crate) fn random_bytes() -> [u8; 32] {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_64_hexadecimal_digits() {
        let text = "00ff".repeat(16);
        assert_eq!(parse(&text).map(|keys| hex(&keys[0])), Some(text.clone()));
        assert_eq!(parse(&format!("{text}, {}", "ab".repeat(32))).map(|keys| keys.len()), Some(2));
        for text in ["", "00", "0g".repeat(32).as_str(), "00".repeat(33).as_str(), &format!("{text},")] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_old_key_opens_and_a_new_one_seals() {
        let place = Place("house_secrets.sealed", uuid::Uuid::nil());
        let sealed = Keys::new([1; 32]).seal(place, b"secret").unwrap();
        let keys = Keys::new([2; 32]).with_old(&[[1; 32]]);
        assert_eq!(keys.open(place, &sealed).unwrap(), b"secret");
        let anew = keys.seal(place, b"secret").unwrap();
        assert_eq!((anew.key(), keys.current()), (Some(keys.current()), Keys::new([2; 32]).current()));
        assert!(Keys::new([2; 32]).open(place, &sealed).is_err());
    }
}
