//! Sealed values: what the database keeps and must not be able to read.
//!
//! AES-256-GCM (NIST SP 800-38D). An envelope is one byte of format, four that name the key, a random
//! nonce of twelve, the ciphertext and its tag of sixteen. Where a value belongs (table, column, row) is
//! authenticated with it, so that nobody who writes to the database can move it to another row.
//! Refuses to open what was sealed with another key or for another place: that is a fault. Costs a
//! microsecond and 33 bytes a value.

use crate::error::Fault;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use sea_orm::DeriveValueType;
use std::fmt;
use uuid::Uuid;

/// The format of the envelopes that are written.
const FORMAT: u8 = 1;
const HEAD: usize = 5;
const NONCE: usize = 12;

/// A sealed value, as a column holds it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Sealed(pub Vec<u8>);

/// Names a key, without telling anything about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId(pub(crate) [u8; 4]);

/// Where a sealed value belongs: `table.column`, and the id of the row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) &'static str, pub(crate) Uuid);

/// A key that seals and opens. Never printed.
#[derive(Clone)]
pub(crate) struct Key {
    id: KeyId,
    cipher: Aes256Gcm,
}

impl Sealed {
    /// Which key it was sealed with.
    pub(crate) fn key(&self) -> Option<KeyId> {
        let id = self.0.get(1..HEAD)?.try_into().ok()?;
        (self.0.first() == Some(&FORMAT)).then_some(KeyId(id))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:02x?})", self.id.0)
    }
}

impl Key {
    /// From 32 secret bytes.
    pub(crate) fn new(id: KeyId, secret: &[u8; 32]) -> Self {
        Self { id, cipher: Aes256Gcm::new(secret.into()) }
    }

    /// Its name.
    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a value for a place.
    pub(crate) fn seal(&self, place: Place, value: &[u8]) -> Result<Sealed, Fault> {
        let nonce: [u8; NONCE] = rand::random();
        let aad = place.bytes();
        let payload = Payload { msg: value, aad: &aad };
        let text = self.cipher.encrypt(&Nonce::from(nonce), payload);
        let text = text.map_err(|_| Fault::Corrupt("a value is too long to be sealed"))?;
        Ok(Sealed([&[FORMAT][..], &self.id.0, &nonce, &text].concat()))
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: Place, sealed: &Sealed) -> Result<Vec<u8>, Fault> {
        let broken = Fault::Corrupt("a sealed value can't be opened");
        if sealed.key() != Some(self.id) {
            return Err(Fault::Corrupt("a value was sealed with another key"));
        }
        let Some((nonce, text)) = sealed.0.get(HEAD..).and_then(<[u8]>::split_first_chunk::<NONCE>) else {
            return Err(broken);
        };
        let aad = place.bytes();
        self.cipher.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: &aad }).map_err(|_| broken)
    }

    /// Seals a text.
    pub(crate) fn seal_text(&self, place: Place, text: &str) -> Result<Sealed, Fault> {
        self.seal(place, text.as_bytes())
    }

    /// Opens a text.
    pub(crate) fn open_text(&self, place: Place, sealed: &Sealed) -> Result<String, Fault> {
        String::from_utf8(self.open(place, sealed)?).map_err(|_| Fault::Corrupt("a sealed text is none"))
    }
}

impl Place {
    fn bytes(self) -> Vec<u8> {
        [self.0.as_bytes(), b":", self.1.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_and_only_at_the_same_place() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let key = Key::new(KeyId([1; 4]), &[7; 32]);
        let sealed = key.seal_text(Place("users.name", one), "Alice").unwrap();
        assert_eq!(key.open_text(Place("users.name", one), &sealed).unwrap(), "Alice");
        assert!(key.open_text(Place("users.name", other), &sealed).is_err());
        assert!(key.open_text(Place("handles.value", one), &sealed).is_err());
        for stranger in [Key::new(KeyId([1; 4]), &[8; 32]), Key::new(KeyId([2; 4]), &[7; 32])] {
            assert!(stranger.open_text(Place("users.name", one), &sealed).is_err());
        }
        assert_ne!(key.seal_text(Place("users.name", one), "Alice").unwrap(), sealed);
    }

    #[test]
    fn what_was_changed_or_cut_is_not_opened() {
        let place = Place("users.name", Uuid::nil());
        let key = Key::new(KeyId([1; 4]), &[7; 32]);
        let sealed = key.seal(place, b"Alice").unwrap();
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert!(key.open(place, &changed).is_err(), "byte {at}");
            assert!(key.open(place, &Sealed(sealed.0[..at].to_vec())).is_err(), "cut at {at}");
        }
        assert!(!format!("{key:?} {sealed:?}").contains("07"));
    }
}
