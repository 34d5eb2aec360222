//! Passwords: hashed with Argon2id, 19 MiB and two passes (OWASP password storage), off the
//! async threads.
//!
//! Guarantees: one hash a core at a time and a bounded queue, so that a flood of sign-ins is shed
//! with `OVERLOADED` and does not stop payments. Costs about 25 ms of a core each.

use crate::error::{Fault, Result};
use crate::refusal::{Code, Refusal};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Sign-ins that may wait for a core.
const WAITING_MAX: usize = 64;

/// A password that is long enough to be one (ASVS 5.0, 6.2.1 and 6.2.9). Never printed.
pub struct Password(String);

impl Password {
    /// 12 to 128 characters, any of them.
    ///
    /// # Errors
    /// `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`.
    pub fn parse(text: String) -> Result<Self, Refusal> {
        match text.chars().count() {
            ..12 => Err(Code::PasswordTooShort.at("password")),
            12..=128 => Ok(Self(text)),
            _ => Err(Code::PasswordTooLong.at("password")),
        }
    }

    /// Whatever was typed at sign-in; too long to be a password is none.
    pub fn typed(text: String) -> Self {
        Self(if text.len() > 1_024 { String::new() } else { text })
    }
}

/// Where passwords are hashed.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cores: Arc::new(Semaphore::new(cores)), waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }

    /// Hashes it, with a salt of its own.
    pub(crate) async fn hash(&self, password: Password) -> Result<String> {
        self.off_thread(move || {
            let hash = Argon2::default().hash_password(password.0.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|_| Fault::Corrupt("a password can't be hashed"))
        })
        .await?
        .map_err(Into::into)
    }

    /// Whether it is the one that was hashed. Without a hash it takes as long and is wrong.
    pub(crate) async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool> {
        let Some(hash) = hash else {
            self.hash(password).await?;
            return Ok(false);
        };
        self.off_thread(move || {
            let hash =
                PasswordHash::new(&hash).map_err(|_| Fault::Corrupt("a password hash can't be read"))?;
            Ok::<_, Fault>(Argon2::default().verify_password(password.0.as_bytes(), &hash).is_ok())
        })
        .await?
        .map_err(Into::into)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _place = self.waiting.try_acquire().map_err(|_| Code::Overloaded)?;
        let _core = self.cores.acquire().await.map_err(|_| Fault::Stopped("passwords"))?;
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| Fault::Stopped("passwords"))?)
    }
}
