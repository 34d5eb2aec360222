//! Passwords: hashed with Argon2id, 19 MiB and two passes (OWASP password storage), off the
//! async threads.
//!
//! Guarantees: one hash a core at a time on all cores but one, by threads that leave theirs to what else wants it, and a bounded
//! queue, so that a flood of sign-ins is shed with `OVERLOADED`, before it reaches the database, and does not stop
//! payments. A new password is 12 to 128 characters, any of them, no
//! common one, and takes more than 10^8 guesses by the estimate of zxcvbn, which knows common passwords,
//! names, words, keyboards and dates, and here also the person's own name and handle (ASVS 5.0, 6.2);
//! where the house has a file of breached passwords, none of those ([`breach`](crate::breach)).
//! Costs about 25 ms of a core each.

use crate::breach::Breaches;
use crate::error::{Fault, Result};
use crate::mill::Mill;
use crate::refusal::{Code, Refusal};
use crate::turnstile::{Place, Turnstile};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use std::fmt;
use zxcvbn::matching::patterns::MatchPattern;

/// Sign-ins that may wait for a core.
const WAITING_MAX: usize = 64;

/// A password that was typed. Never printed.
pub struct Password(String);

impl Password {
    /// Whatever was typed; too long to be a password is none.
    pub fn typed(text: String) -> Self {
        Self(if text.len() > 1_024 { String::new() } else { text })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// A password that somebody wants to have: long enough, and not too long. Never printed.
#[derive(Debug)]
pub struct NewPassword {
    password: Password,
    field: &'static str,
}

impl NewPassword {
    /// 12 to 128 characters, any of them (ASVS 5.0, 6.2.1 and 6.2.9).
    ///
    /// # Errors
    /// `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`.
    pub fn parse(text: String, field: &'static str) -> Result<Self, Refusal> {
        match text.chars().count() {
            ..12 => Err(Code::PasswordTooShort.at(field)),
            12..=128 => Ok(Self { password: Password(text), field }),
            _ => Err(Code::PasswordTooLong.at(field)),
        }
    }
}

/// What was found out about a password that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and was hashed with older parameters.
    Outdated,
}

impl Verdict {
    pub(crate) fn is_right(self) -> bool {
        match self {
            Self::Wrong => false,
            Self::Right | Self::Outdated => true,
        }
    }
}

/// Refuses what can be guessed.
fn check_strength(new: &NewPassword, hints: &[String]) -> Result<(), Refusal> {
    let password = &new.password;
    let mut hints: Vec<&str> = hints.iter().flat_map(|hint| hint.split(['@', ' ', '.'])).collect();
    hints.push("okpay");
    let estimate = zxcvbn::zxcvbn(&password.0, &hints);
    let whole = password.0.chars().count();
    let is_common = estimate.sequence().iter().any(|part| {
        part.token.chars().count() == whole && matches!(part.pattern, MatchPattern::Dictionary(_))
    });
    if is_common {
        Err(Code::PasswordCommon.at(new.field))
    } else if estimate.score() < zxcvbn::Score::Three {
        Err(Code::PasswordWeak.at(new.field))
    } else {
        Ok(())
    }
}

/// Where passwords are hashed.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    turnstile: Turnstile,
    mill: Mill,
    breaches: Option<Breaches>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // One core is never hashing: how nice a thread is counts only among those of its own session or container.
        let threads = cores.saturating_sub(1).max(1);
        Self { turnstile: Turnstile::new(threads, WAITING_MAX), mill: Mill::start(threads), breaches: None }
    }

    /// The same that refuses what was found in breaches.
    pub(crate) fn with_breaches(self, breaches: Breaches) -> Self {
        Self { breaches: Some(breaches), ..self }
    }

    /// A place among those who wait for a core.
    ///
    /// # Errors
    /// `OVERLOADED`.
    pub(crate) fn queue(&self) -> Result<Place> {
        self.turnstile.queue()
    }

    /// Hashes it, with a salt of its own.
    pub(crate) async fn hash(&self, password: Password) -> Result<String> {
        Ok(self.in_mill(self.queue()?, move || hash(&password)).await??)
    }

    /// Hashes a new one, if it can't be guessed by who knows these words about its owner.
    ///
    /// # Errors
    /// `PASSWORD_COMMON`, `PASSWORD_WEAK`, `PASSWORD_BREACHED`, `OVERLOADED`.
    pub(crate) async fn hash_new(&self, password: NewPassword, hints: Vec<String>) -> Result<String> {
        let breaches = self.breaches.clone();
        let hashed = self.in_mill(self.queue()?, move || {
            check_strength(&password, &hints)?;
            if let Some(breaches) = breaches
                && breaches.have(&password.password.0)?
            {
                return Err(Code::PasswordBreached.at(password.field).into());
            }
            crate::error::Result::Ok(hash(&password.password)?)
        });
        hashed.await?
    }

    /// Whether it is the one that was hashed.
    pub(crate) async fn verify(&self, password: Password, hash: String) -> Result<Verdict> {
        Ok(self.verify_keeping(self.queue()?, password, Some(hash)).await?.0)
    }

    /// The same for who has waited already, and gives the password back. Without a hash it takes as long and is wrong.
    pub(crate) async fn verify_keeping(
        &self,
        place: Place,
        password: Password,
        against: Option<String>,
    ) -> Result<(Verdict, Password)> {
        let verified = self.in_mill(place, move || {
            let verdict = match against {
                Some(hash) => verify(&password, &hash),
                None => hash(&password).map(|_| Verdict::Wrong),
            };
            verdict.map(|verdict| (verdict, password))
        });
        Ok(verified.await??)
    }

    async fn in_mill<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let core = place.enter().await?;
        // Held until the work is done, even if nobody waits for it any more.
        let work = move || (work(), drop(core)).0;
        Ok(self.mill.run(work).await?)
    }
}

fn hash(password: &Password) -> Result<String, Fault> {
    let hash = Argon2::default().hash_password(password.0.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| Fault::Corrupt("a password can't be hashed"))
}

fn verify(password: &Password, hash: &str) -> Result<Verdict, Fault> {
    let broken = Fault::Corrupt("a password hash can't be read");
    let hash = PasswordHash::new(hash).map_err(|_| broken.clone())?;
    if Argon2::default().verify_password(password.0.as_bytes(), &hash).is_err() {
        return Ok(Verdict::Wrong);
    }
    let (then, now) = (Params::try_from(&hash).map_err(|_| broken)?, Params::default());
    let same = (then.m_cost(), then.t_cost(), then.p_cost()) == (now.m_cost(), now.t_cost(), now.p_cost());
    Ok(if same { Verdict::Right } else { Verdict::Outdated })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, hints: &[&str]) -> Option<Code> {
        let hints: Vec<String> = hints.iter().map(|hint| (*hint).to_owned()).collect();
        let checked =
            NewPassword::parse(text.to_owned(), "password").and_then(|new| check_strength(&new, &hints));
        checked.err().map(|refusal| refusal.code)
    }

    #[test]
    fn what_can_be_guessed_is_refused() {
        assert_eq!(refused("correct horse battery staple", &[]), None);
        assert_eq!(refused("很长的密码但是不容易猜到的那种", &[]), None);
        assert_eq!(refused("short", &[]), Some(Code::PasswordTooShort));
        assert_eq!(refused(&"long ".repeat(26), &[]), Some(Code::PasswordTooLong));
        for text in
            ["passwordpassword", "aaaaaaaaaaaaaa", "qwertyuiopasdf", "12345678901234", "okpayokpay2026"]
        {
            assert!(matches!(refused(text, &[]), Some(Code::PasswordWeak | Code::PasswordCommon)), "{text}");
        }
        let own = ["Gwendolen Fairfax", "gwendolen.fairfax@example.com"];
        assert_eq!(refused("gwendolenfairfax", &own), Some(Code::PasswordWeak));
    }

    #[test]
    fn a_hash_of_older_parameters_is_right_and_outdated() {
        let password = Password("correct horse battery staple".to_owned());
        let old = Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            Params::new(8 * 1024, 1, 1, None).unwrap(),
        );
        let old = old.hash_password(password.0.as_bytes()).unwrap().to_string();
        assert_eq!(verify(&password, &old).unwrap(), Verdict::Outdated);
        assert_eq!(verify(&password, &hash(&password).unwrap()).unwrap(), Verdict::Right);
        assert_eq!(verify(&Password("another".to_owned()), &old).unwrap(), Verdict::Wrong);
        assert_eq!(format!("{password:?}"), "Password");
    }
}
