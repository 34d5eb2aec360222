//! The keys of the house: one secret, from which each use has a key of its own.
//!
//! A derived key is HMAC-SHA-256 of its purpose under the master key (the expand step of HKDF,
//! RFC 5869), so that learning one tells nothing about the others.

use crate::clock::Time;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// The master secret: 32 bytes.
#[derive(Clone)]
pub struct Keys([u8; 32]);

impl Keys {
    /// From 32 secret bytes.
    pub fn new(master: [u8; 32]) -> Self {
        Self(master)
    }

    /// The key of one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, &[purpose.as_bytes()])
    }

    /// The six digits that prove to own a handle, for one registration: HOTP (RFC 4226, section
    /// 5.3) over HMAC-SHA-256. It is computed when it is sent and when it is checked and never
    /// stored, so that a message sent again carries the same code and a copy of the database none.
    pub(crate) fn code(&self, subject: &[u8], issued_at: Time) -> String {
        let tag = mac(
            &self.derive("verification code"),
            &[subject, &issued_at.timestamp_micros().to_be_bytes()],
        );
        let offset = usize::from(tag[31] & 0x0f);
        let word = tag[offset..]
            .iter()
            .take(4)
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(secret)")
    }
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
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

/// 32 bytes from the operating system, for tokens.
pub(crate) fn random_bytes() -> [u8; 32] {
    rand::random()
}
