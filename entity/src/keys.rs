//! The keys of the house: one secret, from which each use has a key of its own.
//!
//! A derived key is HMAC-SHA-256 of its purpose under the master key (the expand step of HKDF,
//! RFC 5869), so that learning one tells nothing about the others.

use crate::clock::Time;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

/// The master secret: 32 bytes.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl Keys {
    /// From 32 secret bytes.
    pub fn new(master: [u8; 32]) -> Self {
        Self(master)
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
        parse(text.trim()).map(Self).ok_or_else(|| format!("MASTER_KEY: {EXPECTED}"))
    }

    /// The key of one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, &[purpose.as_bytes()])
    }

    /// What operators sign their requests with, where no setting says otherwise.
    pub fn operator_token(&self) -> String {
        hex(&self.derive("operator token"))
    }

    /// The six digits that prove to own a handle, for one registration: HOTP (RFC 4226, section
    /// 5.3) over HMAC-SHA-256. It is computed when it is sent and when it is checked and never
    /// stored, so that a message sent again carries the same code and a copy of the database none.
    pub(crate) fn code(&self, subject: &[u8], issued_at: Time) -> String {
        let tag =
            mac(&self.derive("verification code"), &[subject, &issued_at.timestamp_micros().to_be_bytes()]);
        let offset = usize::from(tag[31] & 0x0f);
        let word = tag[offset..].iter().take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(secret)")
    }
}

const EXPECTED: &str = "expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints";

/// Refuses what is no master key.
///
/// # Errors
/// The form expected.
pub fn check(text: &str) -> Result<String, String> {
    parse(text).map(|_| text.to_owned()).ok_or(EXPECTED.to_owned())
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit));
    let bytes: Vec<u8> = bytes.map(u8::try_from).collect::<Result<_, _>>().ok()?;
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
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

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so this can't fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
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
        assert_eq!(hex(&parse(&text).unwrap()), text);
        for text in ["", "00", "0g".repeat(32).as_str(), "00".repeat(33).as_str()] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_differ_by_subject_and_time_and_have_six_digits() {
        let keys = Keys::new([7; 32]);
        let one = keys.code(b"one", Time::default());
        assert!(one.len() == 6 && one.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(one, keys.code(b"one", Time::default()));
        assert_ne!(one, keys.code(b"two", Time::default()));
    }
}
