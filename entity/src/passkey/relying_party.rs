//! The relying party: us, as devices know us, by the origin of our web app. What is asked of devices, and
//! whether their answers are right (WebAuthn, level 3, sections 7.1 and 7.2).
//!
//! webauthn-rs makes the challenges and checks type, challenge, origin, relying party, flags and signature. What
//! it leaves to its callers is here: that the key stays on the device (so that it is found without a handle), and
//! that the page was not inside another site's.
//!
//! Its feature `danger-allow-state-serialisation` is named so because a state that a client could write or show
//! twice would let it replay answers. Ours is safe: states never leave our own database, lie there sealed with the
//! key of the house for the place of their row, are good for five minutes, and are gone with the first answer
//! that uses them up. They have to be written down, because any api process may get the answer.

use super::ceremony;
use crate::error::Fault;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Whose passkeys they are that are made without a setting.
const LOCAL: &str = "http://localhost:8000";
/// How devices show us.
const NAME: &str = "OKPay";
const EXPECTED: &str = "expected the web origin of the app, such as https://app.example.com or \
    http://localhost:8000: https (http only for localhost), a domain name, and no path";

/// See the module. Clones share it.
#[derive(Clone)]
pub struct RelyingParty(Arc<Webauthn>);

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelyingParty").field(&self.0.get_allowed_origins()).finish()
    }
}

/// What a device is asked.
pub(crate) struct Question {
    /// For the browser, as JSON.
    pub(crate) options: String,
    /// What the answer is checked with. Sealed before it is written.
    pub(crate) state: String,
}

/// What an answer is worth.
pub(super) enum Verdict {
    /// It is right, and changes what is known of the key.
    Right(AuthenticationResult),
    /// It is right, but from a device that is behind another one with the same key.
    Copied,
    /// It is not from this key, not for this question, or not for us.
    Wrong,
}

impl RelyingParty {
    /// Of the origin of the web app; the host is the id that keys are bound to.
    ///
    /// # Errors
    /// The form expected.
    pub fn parse(origin: &str) -> Result<Self, String> {
        let url = Url::parse(origin).ok().filter(is_origin).ok_or(EXPECTED)?;
        let host = url.domain().ok_or(EXPECTED)?;
        let builder = WebauthnBuilder::new(host, &url).map_err(|_| EXPECTED)?;
        let patience = ceremony::VALID_FOR.to_std().unwrap_or_default();
        let made = builder.rp_name(NAME).timeout(patience).build().map_err(|_| EXPECTED)?;
        Ok(Self(Arc::new(made)))
    }

    /// On this machine.
    pub(crate) fn local() -> Result<Self, Fault> {
        Self::parse(LOCAL).map_err(|_| Fault::Corrupt("the local origin is none"))
    }

    /// Asks a device for a new key, other than those that it has made before.
    pub(super) fn register(
        &self,
        handle: Uuid,
        (name, shown): (&str, &str),
        before: &[Passkey],
    ) -> Result<Question, Fault> {
        let before = before.iter().map(|key| key.cred_id().clone()).collect();
        let asked = self.0.start_passkey_registration(handle, name, shown, Some(before));
        let (asked, state) = asked.map_err(|_| Fault::Corrupt("a passkey can't be asked for"))?;
        let mut options = write(&asked.public_key)?;
        let Some(selection) = options.get_mut("authenticatorSelection") else {
            return Err(Fault::Corrupt("a passkey can't be asked for"));
        };
        // Without it the key could not be found by who says no handle.
        *selection =
            json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
        Ok(Question { options: options.to_string(), state: write(&state)?.to_string() })
    }

    /// The key that a device has made, if it was asked so.
    pub(super) fn registered(&self, state: &str, credential: &str) -> Result<Option<Passkey>, Fault> {
        let state: PasskeyRegistration = read(state)?;
        let Ok(shown) = serde_json::from_str::<RegisterPublicKeyCredential>(credential) else {
            return Ok(None);
        };
        // Browsers say it where they know.
        let resident = shown.extensions.cred_props.as_ref().and_then(|known| known.rk);
        if resident == Some(false) {
            return Ok(None);
        }
        Ok(self.0.finish_passkey_registration(&shown, &state).ok())
    }

    /// Asks for an answer of one of these keys, or of any that the device finds, where none are named.
    pub(super) fn ask(&self, among: &[Passkey]) -> Result<Question, Fault> {
        let asked = self.0.start_discoverable_authentication();
        let (asked, state) = asked.map_err(|_| Fault::Corrupt("a passkey can't be asked for"))?;
        let mut options = write(&asked.public_key)?;
        if let Some(allowed) = options.get_mut("allowCredentials") {
            let ids = among.iter().map(|key| json!({ "type": "public-key", "id": id(key) }));
            *allowed = ids.collect();
        }
        Ok(Question { options: options.to_string(), state: write(&state)?.to_string() })
    }

    /// What an answer of this key is worth.
    pub(super) fn check(
        &self,
        state: &str,
        shown: &PublicKeyCredential,
        key: &Passkey,
    ) -> Result<Verdict, Fault> {
        let state: DiscoverableAuthentication = read(state)?;
        // webauthn-rs asks it of registrations only.
        if is_framed(&shown.response.client_data_json) {
            return Ok(Verdict::Wrong);
        }
        Ok(match self.0.finish_discoverable_authentication_v2(shown, state, key) {
            Ok(result) if result.user_verified() => Verdict::Right(result),
            Err(WebauthnError::CredentialPossibleCompromise) => Verdict::Copied,
            Ok(_) | Err(_) => Verdict::Wrong,
        })
    }
}

/// Whether browsers hand out passkeys to it: a secure context, and nothing but an origin.
fn is_origin(url: &Url) -> bool {
    let secure = url.scheme() == "https" || (url.scheme() == "http" && url.domain() == Some("localhost"));
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    secure && bare && url.username().is_empty() && url.password().is_none()
}

/// Whether the page that asked was inside one of another site.
fn is_framed(client_data: &[u8]) -> bool {
    let data: Value = serde_json::from_slice(client_data).unwrap_or_default();
    data.get("crossOrigin") == Some(&Value::Bool(true))
}

/// The id of a key as browsers write it.
fn id(key: &Passkey) -> String {
    URL_SAFE_NO_PAD.encode(key.cred_id())
}

fn write(value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|_| Fault::Corrupt("a passkey can't be written"))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Corrupt("a passkey can't be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_that_browsers_trust_has_passkeys() {
        for good in [LOCAL, "https://app.example.com", "https://app.example.com:8443", "https://EXAMPLE.com/"]
        {
            assert!(RelyingParty::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "app.example.com",
            "http://app.example.com",
            "https://192.0.2.1",
            "http://127.0.0.1:8000",
            "https://app.example.com/login",
            "https://app.example.com?x",
            "https://user@app.example.com",
            "ftp://localhost",
        ] {
            assert_eq!(RelyingParty::parse(bad).unwrap_err(), EXPECTED, "{bad}");
        }
    }

    #[test]
    fn a_page_inside_another_site_is_seen() {
        assert!(is_framed(br#"{"type":"webauthn.get","crossOrigin":true}"#));
        assert!(!is_framed(br#"{"type":"webauthn.get","crossOrigin":false}"#));
        assert!(!is_framed(b"nonsense"));
    }
}
