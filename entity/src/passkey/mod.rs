//! Passkeys: key pairs whose private half a person's device keeps, behind a finger, a face or a PIN (WebAuthn,
//! level 3). They sign in by themselves, and answer questions as a second factor.
//!
//! Guarantees: a passkey works for our web origin only, so that no other site can ask for it (ASVS 5.0, 6.3.3).
//! What a device signs is random, good for five minutes, for one ceremony or one question, and once. The device
//! has verified the person each time, so that a sign-in shows two factors: the device and what unlocks it. Who
//! begins to sign in says no handle, and so learns nothing of anybody. A signature counter that goes back is
//! refused, and the person is told. Public keys and names are sealed with the person's data key.
//!
//! Costs a signature check of about a millisecond for each answer, and no network: attestation, which would
//! tell the make of the device, is not asked for.
//!
//! Refuses `PASSKEY_INVALID`, `PASSKEY_LIMIT`, `CHALLENGE_EXPIRED`, `NAME_INVALID`, `NOT_FOUND`, `TOO_MANY_TRIES`,
//! and whatever the proof is refused with.

mod ceremony;
mod own;
mod relying_party;
mod sign_in;

use crate::bank::Bank;
use crate::error::Result;
use crate::handle::own as handles;
use crate::id::{CeremonyId, PasskeyId};
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::Caller;
use crate::{second_factor, user};
use ceremony::Whose;

pub use ceremony::{Begun, CeremonyKind, forget_expired};
pub use own::{OwnPasskey, list};
pub use relying_party::RelyingParty;
pub use sign_in::{finish_sign_in, start_sign_in};

pub(crate) use own::{ask, is_registered, is_right};
pub(crate) use relying_party::Question;

/// Passkeys that a person may have.
const MOST: usize = 10;

/// Begins to register a passkey.
///
/// # Errors
/// `PASSKEY_LIMIT`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn start_registration(bank: &Bank, caller: Caller, proof: Proof) -> Result<Begun> {
    proof::confirm(bank, caller, proof).await?;
    let db = bank.db.connection();
    let key = user::data_key(bank, db, caller.user).await?;
    let registered = own::credentials(db, &key).await?;
    if registered.len() >= MOST {
        return Err(Code::PasskeyLimit.into());
    }
    let person = user::find_many(bank, &[caller.user]).await?.remove(&caller.user).ok_or(Code::NotFound)?;
    let primary = handles::all(db, &key).await?.into_iter().find(|own| own.is_primary);
    let handle = primary.map(|own| own.handle.to_string()).unwrap_or_default();
    let names = (handle.as_str(), person.name.as_deref().unwrap_or(&handle));
    let question = bank.relying_party.register(own::handle(bank, caller.user), names, &registered)?;
    ceremony::begin(bank, Whose::Registers(caller), question).await
}

/// Registers the passkey that a device has made. From now on it is asked for, and all other sessions end if
/// nothing but the password was asked for before; then the recovery codes are given, once.
///
/// # Errors
/// `CHALLENGE_EXPIRED`, `PASSKEY_INVALID`, `PASSKEY_LIMIT`, `NAME_INVALID`.
pub async fn finish_registration(
    bank: &Bank,
    caller: Caller,
    id: CeremonyId,
    credential: &str,
    name: &str,
    origin: &Origin,
) -> Result<(OwnPasskey, Vec<Secret>)> {
    let name = user::parse_name(name)?;
    let state = ceremony::spend(bank, Whose::Registers(caller), id).await?;
    let state = state.ok_or(Code::ChallengeExpired.at("registrationId"))?;
    let invalid = Code::PasskeyInvalid.at("credential");
    let made = bank.relying_party.registered(&state, credential)?.ok_or(invalid)?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if own::credentials(&tx, &key).await?.len() >= MOST {
        return Err(Code::PasskeyLimit.into());
    }
    let codes = second_factor::add(bank, &tx, &key, caller).await?;
    let added = own::insert(bank, &tx, &key, &made, &name).await?.ok_or(invalid)?;
    let notice = Notice::PasskeyAdded { name };
    notification::warn(bank, &tx, &key, SecurityEventKind::PasskeyAdded, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok((added, codes))
}

/// Removes a passkey: it opens nothing any more, and all other sessions end.
///
/// # Errors
/// `NOT_FOUND`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn remove(bank: &Bank, caller: Caller, id: PasskeyId, proof: Proof, origin: &Origin) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let name = own::delete(&tx, &key, id).await?.ok_or(Code::NotFound.at("id"))?;
    second_factor::removed(bank, &tx, &key, caller).await?;
    let notice = Notice::PasskeyRemoved { name };
    notification::warn(bank, &tx, &key, SecurityEventKind::PasskeyRemoved, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}
