//! Authenticator apps: time-based one-time passwords (RFC 6238: SHA-1, six digits, thirty seconds, as all
//! apps do).
//!
//! Guarantees: a code works once, and none that is older than one that has worked; the step before the
//! present one is still taken, for the time that typing takes, and none to come. The secret is sealed with
//! the person's data key. It guards nothing until a code of it was shown.
//!
//! totp-rs makes the codes and the address for the app; what is accepted is decided here.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::handle::own;
use crate::keys;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::second_factor;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::Caller;
use crate::table::totp_secret;
use crate::throttle::{By, Counted, take};
use crate::user;
use crate::vault::DataKey;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use totp_rs::{Builder, Totp};

/// Seconds for which a code is shown.
const STEP: u64 = 30;
/// Bytes of a secret: as many as SHA-1 has (RFC 4226, section 4).
const SECRET: usize = 20;
const ISSUER: &str = "OKPay";

/// What an app has to know.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The secret, in base32.
    pub secret: Secret,
    /// The same as an address that is shown as a QR code.
    pub uri: Secret,
}

const COLUMN: &str = "totp_secrets.secret";

/// A new secret.
pub(crate) fn new_secret() -> [u8; SECRET] {
    rand::random()
}

/// What an app has to know of a secret.
pub(crate) fn enrolment(secret: &[u8], account: &str) -> Result<Enrolment, Fault> {
    let uri = totp(secret, account)?.to_url();
    let uri = uri.map_err(|_| Fault::Corrupt("an authenticator has no address"))?;
    let secret = totp_rs::Secret::new(Box::<[u8]>::from(secret)).to_base32();
    Ok(Enrolment { secret: Secret::new(secret), uri: Secret::new(uri) })
}

fn totp(secret: &[u8], account: &str) -> Result<Totp, Fault> {
    let builder = Builder::new().with_secret(secret.to_vec()).with_skew(0).with_step_duration(STEP);
    let builder = builder.with_digits(6).with_account_name(account).with_issuer(Some(ISSUER));
    builder.build().map_err(|_| Fault::Corrupt("a secret of an authenticator is none"))
}

/// The step of a code that is right now, if it comes after one that was used.
pub(crate) fn step_of(secret: &[u8], code: &str, last: i64, now: Time) -> Result<Option<i64>, Fault> {
    let totp = totp(secret, "account")?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let right = |step: &u64| {
        let shown = totp.generate(step.saturating_mul(STEP)).to_string();
        keys::same(shown.as_bytes(), code.trim().as_bytes())
    };
    let present = seconds / STEP;
    let step = [present, present.saturating_sub(1)].into_iter().find(right);
    let step = step.map(|step| i64::try_from(step).unwrap_or_default());
    Ok(step.filter(|step| *step > last))
}

/// Makes a secret for an app. The one before, if it was never confirmed, is forgotten.
///
/// # Errors
/// `TOTP_ENROLLED`, `PASSWORD_WRONG`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn enrol(bank: &Bank, caller: Caller, proof: Proof) -> Result<Enrolment> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if is_enrolled(&tx, &key).await? {
        return Err(Code::TotpEnrolled.into());
    }
    let secret = new_secret();
    let handles = own::all(&tx, &key).await?;
    let account = handles.iter().find(|own| own.is_primary).map(|own| own.handle.to_string());
    let enrolment = enrolment(&secret, &account.unwrap_or_default())?;
    let row = totp_secret::Model {
        user_id: caller.user,
        secret: key.seal_own(COLUMN, &keys::hex(&secret))?,
        last_step: 0,
        confirmed_at: None,
        created_at: bank.clock.now(),
    };
    use totp_secret::Column;
    totp_secret::Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::column(Column::UserId)
                .update_columns([Column::Secret, Column::LastStep, Column::CreatedAt])
                .to_owned(),
        )
        .exec_without_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(enrolment)
}

/// Shows the first code of an app: from now on it is asked for. Gives the recovery codes, once; none, where there
/// are some from another factor.
///
/// # Errors
/// `TOTP_ENROLLED`, `TOTP_NOT_ENROLLED`, `ANSWER_WRONG`, `TOO_MANY_TRIES`.
pub async fn confirm(bank: &Bank, caller: Caller, code: &str, origin: &Origin) -> Result<Vec<Secret>> {
    take(bank, Counted::Answer, By::user(caller.user)).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if is_enrolled(&tx, &key).await? {
        return Err(Code::TotpEnrolled.into());
    }
    if !check(bank, &tx, &key, code).await? {
        return Err(Code::AnswerWrong.at("code").into());
    }
    let codes = second_factor::add(bank, &tx, &key, caller).await?;
    let now = bank.clock.now();
    let confirmed = totp_secret::ActiveModel { confirmed_at: Set(Some(now)), ..Default::default() };
    let own = totp_secret::Entity::update_many().filter(totp_secret::COLUMN.user_id.eq(caller.user));
    own.set(confirmed).exec(&tx).await?;
    notification::warn(bank, &tx, &key, SecurityEventKind::TotpEnabled, &Notice::TotpEnabled, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(codes)
}

/// Asks for no app any more, and forgets the recovery codes, where there is no other factor.
///
/// # Errors
/// `TOTP_NOT_ENROLLED`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn disable(bank: &Bank, caller: Caller, proof: Proof, origin: &Origin) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if !is_enrolled(&tx, &key).await? {
        return Err(Code::TotpNotEnrolled.into());
    }
    totp_secret::Entity::delete_by_id(caller.user).exec(&tx).await?;
    second_factor::removed(bank, &tx, &key, caller).await?;
    notification::warn(bank, &tx, &key, SecurityEventKind::TotpDisabled, &Notice::TotpDisabled, origin)
        .await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Whether a person's app is asked for.
pub(crate) async fn is_enrolled(db: &impl ConnectionTrait, key: &DataKey) -> Result<bool> {
    let row = totp_secret::Entity::find_by_id(key.user()).one(db).await?;
    Ok(row.is_some_and(|row| row.confirmed_at.is_some()))
}

/// Whether a code is right; then neither it nor an older one is any more.
pub(crate) async fn check(bank: &Bank, tx: &DatabaseTransaction, key: &DataKey, code: &str) -> Result<bool> {
    let row = totp_secret::Entity::find_by_id(key.user()).lock_exclusive().one(tx).await?;
    let row = row.ok_or(Code::TotpNotEnrolled)?;
    let secret = keys::unhex(&key.open_own(COLUMN, &row.secret)?);
    let secret = secret.ok_or(Fault::Corrupt("a secret of an authenticator is none"))?;
    let Some(step) = step_of(&secret, code, row.last_step, bank.clock.now())? else {
        return Ok(false);
    };
    totp_secret::Entity::update_many()
        .set(totp_secret::ActiveModel { last_step: Set(step), ..Default::default() })
        .filter(totp_secret::COLUMN.user_id.eq(key.user()))
        .exec(tx)
        .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the test vectors of RFC 6238, appendix B.
    const VECTORS: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_vectors_of_the_rfc_are_right_at_their_time() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(step_of(VECTORS, code, 0, at(seconds)).unwrap(), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_works_in_its_step_and_the_next_and_only_once() {
        let code = "005924";
        let step = 1_234_567_890 / 30;
        let begin = step * 30;
        for (seconds, right) in [(begin - 1, false), (begin, true), (begin + 59, true), (begin + 60, false)] {
            assert_eq!(step_of(VECTORS, code, 0, at(seconds)).unwrap().is_some(), right, "{seconds}");
        }
        assert_eq!(step_of(VECTORS, code, step, at(begin)).unwrap(), None);
        assert_eq!(step_of(VECTORS, code, step + 1, at(begin)).unwrap(), None);
        for wrong in ["", "00592", "0059240", "005925", "abcdef"] {
            assert_eq!(step_of(VECTORS, wrong, 0, at(begin)).unwrap(), None);
        }
    }
}
