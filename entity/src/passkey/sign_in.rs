//! Signing in with a passkey: no handle is said, the device finds the key by itself.
//!
//! Guarantees: the session is confirmed, since the device has shown two factors. Whatever is wrong with an answer,
//! it is refused with the same words. Tries are counted like those with a password.

use super::ceremony::{self, Begun, Whose};
use super::own;
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::id::{CeremonyId, UserId};
use crate::origin::Origin;
use crate::refusal::{Code, Refusal};
use crate::security_event::{self, SecurityEventKind};
use crate::session::{self, Tokens};
use crate::sign_in::record_failure;
use crate::throttle::{By, Counted, forgive, take};
use crate::{device, user};
use webauthn_rs::prelude::PublicKeyCredential;

fn invalid() -> Refusal {
    Code::PasskeyInvalid.at("credential")
}

/// Begins to sign in. It says nothing of anybody, and nothing is known of who asks.
///
/// # Errors
/// `TOO_MANY_TRIES`.
pub async fn start_sign_in(bank: &Bank, origin: &Origin) -> Result<Begun> {
    take(bank, Counted::Ceremony, By::Address(origin)).await?;
    let question = bank.relying_party.ask(&[])?;
    ceremony::begin(bank, Whose::SignsIn, question).await
}

/// Signs in with the answer of a passkey.
///
/// # Errors
/// `CHALLENGE_EXPIRED`, `PASSKEY_INVALID`, `TOO_MANY_TRIES`.
pub async fn finish_sign_in(
    bank: &Bank,
    id: CeremonyId,
    credential: &str,
    origin: &Origin,
) -> Result<Tokens> {
    take(bank, Counted::SignIn, By::Address(origin)).await?;
    let state = ceremony::spend(bank, Whose::SignsIn, id).await?;
    let state = state.ok_or(Code::ChallengeExpired.at("signInId"))?;
    let shown: PublicKeyCredential = serde_json::from_str(credential).map_err(|_| invalid())?;
    let db = bank.db.connection();
    let user = own::owner(db, &shown).await?.filter(|user| names(bank, *user, &shown)).ok_or(invalid())?;
    let known = device::known(db, user, origin).await?;
    let by = known.map_or(By::user(user), |device| By::Device(device.id));
    take(bank, Counted::SignIn, by).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, user).await.map_err(left_meanwhile)?;
    if !own::check(bank, &tx, &key, &state, &shown, origin).await? {
        record_failure(bank, &tx, &key, origin).await?;
        tx.commit().await?;
        bank.bell.ring();
        return Err(invalid().into());
    }
    security_event::record(bank, &tx, &key, SecurityEventKind::SignedIn, origin).await?;
    let tokens = session::open(bank, &tx, &key, origin, true).await?;
    tx.commit().await?;
    forgive(bank, Counted::SignIn, by).await?;
    forgive(bank, Counted::SignIn, By::Address(origin)).await?;
    bank.bell.ring();
    Ok(tokens)
}

/// Whether the device says that the key is this person's: who says no handle has to (WebAuthn, level 3, section
/// 7.2, step 6).
fn names(bank: &Bank, user: UserId, shown: &PublicKeyCredential) -> bool {
    shown.get_user_unique_id() == Some(own::handle(bank, user).as_bytes().as_slice())
}

/// Who has left since the key was looked up is as unknown as anybody.
fn left_meanwhile(error: Error) -> Error {
    match error {
        Error::Refused(_) => invalid().into(),
        Error::Fault(_) => error,
    }
}
