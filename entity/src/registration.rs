//! Signing up: a handle, a name, a password and the accepted terms, then the code that was sent.
//!
//! Guarantees: from outside, a handle that is taken looks like one that is free (ASVS 5.0, 6.3.8):
//! same answer, same work, and the owner is told. There is no person until the code is shown; the
//! password belongs to the registration, so nobody can prepare a wallet for somebody else's handle.

use crate::bank::Bank;
use crate::error::{Fault, Result, unique_or};
use crate::handle::{Handle, own};
use crate::id::{JobId, UserId, VerificationId};
use crate::kyc::Level;
use crate::language::Locale;
use crate::origin::Origin;
use crate::outbox::{self, Job};
use crate::password::NewPassword;
use crate::refusal::Code;
use crate::seal::Place;
use crate::security_event::{self, SecurityEventKind};
use crate::session::{self, Tokens};
use crate::table::{self, handle, registration};
use crate::terms::{self, Terms};
use crate::user::{NAME, UserState};
use crate::verification::{self, Ask, Purpose, Verification};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};

/// What somebody who signs up says.
pub struct SignUp {
    /// How the person is reached.
    pub handle: Handle,
    /// What it calls itself.
    pub name: String,
    /// Its password.
    pub password: NewPassword,
    /// The terms that it has read.
    pub accepted_terms: String,
    /// How it is spoken to.
    pub locale: Locale,
}

/// What is kept of it until the code is shown.
#[derive(Serialize, Deserialize)]
struct Form {
    name: String,
    terms: String,
    /// The SHA-256 of the text of the terms. In forms of earlier days only the built-in ones can be meant.
    #[serde(default = "built_in")]
    digest: Vec<u8>,
    locale: Locale,
}

fn built_in() -> Vec<u8> {
    Terms::default().digest()
}

const FORM: &str = "registrations.form";

/// Takes a registration and has its code sent.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `PASSWORD_WEAK`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn sign_up(bank: &Bank, form: SignUp, origin: &Origin) -> Result<Verification> {
    bank.terms.refuse_other(&form.accepted_terms, "acceptedTermsVersion")?;
    verification::count(bank, &form.handle, origin).await?;
    let digest = bank.terms.digest();
    let SignUp { handle: to, name, password, accepted_terms: terms, locale } = form;
    let password_hash = bank.passwords.hash_new(password, vec![name.clone(), to.as_str().to_owned()]).await?;
    let tx = bank.db.begin().await?;
    let taken = handle::Entity::find_by_id(bank.vault.fingerprint(&to)).one(&tx).await?.is_some();
    let ask = Ask { purpose: Purpose::SignUp, user: None, to: &to, taken, locale: &locale, phrase: None };
    let started = verification::start(bank, &tx, ask).await?;
    let form = serde_json::to_string(&Form { name, terms, digest, locale }).unwrap_or_default();
    let form = bank.vault.house().seal_text(Place(FORM, started.id.0), &form)?;
    let row = registration::Model { id: started.id, form, password_hash };
    registration::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(started)
}

/// Shows the code: there is a person now, who owns the handle and is signed in.
///
/// # Errors
/// `CODE_WRONG`, `CODE_EXPIRED`, `TOO_MANY_TRIES`.
pub async fn activate(bank: &Bank, id: VerificationId, code: &str, origin: &Origin) -> Result<Tokens> {
    let shown = verification::show(bank, Purpose::SignUp, id, code, origin).await?;
    let tx = &shown.tx;
    let row = registration::Entity::find_by_id(id).one(tx).await?;
    let row = row.ok_or(Fault::Corrupt("a registration is missing"))?;
    let form = bank.vault.house().open_text(Place(FORM, id.0), &row.form)?;
    let form: Form =
        serde_json::from_str(&form).map_err(|_| Fault::Corrupt("a registration can't be read"))?;
    let now = bank.clock.now();
    let user = UserId(bank.ids.next(now));
    let (key, data_key) = bank.vault.new_data_key(user)?;
    let person = table::user::Model {
        id: user,
        name: Some(key.seal_own(NAME, &form.name)?),
        data_key: Some(data_key),
        phrase: None,
        state: UserState::Active,
        frozen_by: None,
        frozen_at: None,
        password_hash: row.password_hash,
        password_set_at: now,
        language: form.locale.language,
        time_zone: form.locale.zone().to_owned(),
        terms_version: form.terms.clone(),
        terms_accepted_at: now,
        kyc_level: Level::Unknown,
        created_at: now,
        guarded_until: None,
    };
    table::user::Entity::insert(person.into_active_model()).exec_without_returning(tx).await?;
    // The first who shows a code wins.
    own::insert(bank, tx, &key, &shown.handle, true)
        .await
        .map_err(unique_or(Code::CodeExpired.at("code")))?;
    terms::record(bank, tx, &key, &form.terms, form.digest, origin).await?;
    security_event::record(bank, tx, &key, SecurityEventKind::SignedUp, origin).await?;
    outbox::put(tx, Job::ScreenPerson { user, cause: JobId(user.0) }, now).await?;
    let tokens = session::open(bank, tx, &key, origin, true).await?;
    shown.tx.commit().await?;
    bank.bell.ring();
    Ok(tokens)
}
