//! A device that keeps a passkey: an authenticator made by others, which knows nothing of us, and before it a browser
//! that says whatever a test wants.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_crypto::AvailableBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::make_credential::PublicKeyCredentialRpEntity;
use passkey_types::ctap2::{Aaguid, Ctap2Error, get_assertion, make_credential};
use passkey_types::webauthn::{
    PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions, ResidentKeyRequirement,
    UserVerificationRequirement,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::client::{Client, PASSWORD, Person, Refused, text};

/// The origin of the app in every world.
pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// Whose finger it is.
struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A device, and how its browser behaves.
pub(crate) struct Device {
    authenticator: Authenticator<Option<Passkey>, Finger, AvailableBackend>,
    /// Where the page is from.
    pub(crate) origin: &'static str,
    /// Which relying party it asks for, if not the one of the options.
    pub(crate) rp: Option<&'static str>,
    /// Whether the page is inside one of another site.
    pub(crate) framed: bool,
    /// Whether the person is verified.
    pub(crate) verified: bool,
    /// What it says whose the key is, if not what it was told.
    pub(crate) handle: Option<String>,
}

impl Device {
    /// An honest one.
    pub(crate) fn new() -> Self {
        let mut authenticator = Authenticator::new(Aaguid::new_empty(), None, Finger, AvailableBackend);
        authenticator.set_make_credentials_with_signature_counter(true);
        Self { authenticator, origin: ORIGIN, rp: None, framed: false, verified: true, handle: None }
    }

    /// The id of its credential.
    pub(crate) fn id(&self) -> String {
        BASE64.encode(&*self.authenticator.store().as_ref().unwrap().credential_id)
    }

    /// Whose it says that its key is.
    pub(crate) fn handle(&self) -> String {
        BASE64.encode(&**self.authenticator.store().as_ref().unwrap().user_handle.as_ref().unwrap())
    }

    /// Sets its counter.
    pub(crate) fn set_counter(&mut self, counter: u32) {
        self.authenticator.store_mut().as_mut().unwrap().counter = Some(counter);
    }

    fn client_data(&self, kind: &str, challenge: &[u8]) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": BASE64.encode(challenge), "origin": self.origin, "crossOrigin": self.framed,
        });
        data.to_string().into_bytes()
    }

    /// What `navigator.credentials.create` gives.
    pub(crate) async fn create(&mut self, options: &Value) -> String {
        let asked: PublicKeyCredentialCreationOptions = serde_json::from_str(text(options)).unwrap();
        let selection = asked.authenticator_selection.unwrap();
        assert_eq!(selection.resident_key, Some(ResidentKeyRequirement::Required));
        assert_eq!(selection.user_verification, UserVerificationRequirement::Required);
        let data = self.client_data("webauthn.create", &asked.challenge);
        let rp = self.rp.map(str::to_owned).or(asked.rp.id).unwrap();
        let request = make_credential::Request {
            client_data_hash: Sha256::digest(&data).to_vec().into(),
            rp: PublicKeyCredentialRpEntity { id: rp, name: None },
            user: asked.user,
            pub_key_cred_params: asked.pub_key_cred_params,
            exclude_list: None,
            extensions: None,
            options: make_credential::Options { rk: true, up: true, uv: self.verified },
            pin_auth: None,
            pin_protocol: None,
        };
        let made = self.authenticator.make_credential(request).await.unwrap();
        let response = json!({
            "clientDataJSON": BASE64.encode(&data),
            "attestationObject": BASE64.encode(&*made.as_webauthn_bytes()),
            "transports": ["internal"],
        });
        credential(&self.id(), &response, &json!({ "credProps": { "rk": true } }))
    }

    /// The same, but with the id of the key that it has made before.
    pub(crate) async fn create_as_before(&mut self, options: &Value) -> String {
        let before = self.authenticator.store().clone();
        let id = BASE64.decode(self.id()).unwrap();
        let mut made: Value = serde_json::from_str(&self.create(options).await).unwrap();
        let new = BASE64.decode(self.id()).unwrap();
        let object = BASE64.decode(text(&made["response"]["attestationObject"])).unwrap();
        // Nothing signs it: attestation is not asked for.
        let at = object.windows(new.len()).position(|bytes| bytes == new).unwrap();
        let object = [&object[..at], &id, &object[at + id.len()..]].concat();
        made["response"]["attestationObject"] = json!(BASE64.encode(object));
        *self.authenticator.store_mut() = before;
        made.to_string()
    }

    /// What `navigator.credentials.get` gives. It does not look whether its key is among the allowed ones.
    pub(crate) async fn get(&mut self, options: &Value) -> String {
        let asked: PublicKeyCredentialRequestOptions = serde_json::from_str(text(options)).unwrap();
        assert_eq!(asked.user_verification, UserVerificationRequirement::Required);
        let data = self.client_data("webauthn.get", &asked.challenge);
        let request = get_assertion::Request {
            rp_id: self.rp.map(str::to_owned).or(asked.rp_id).unwrap(),
            client_data_hash: Sha256::digest(&data).to_vec().into(),
            allow_list: None,
            extensions: None,
            options: get_assertion::Options { up: true, uv: self.verified },
            pin_auth: None,
            pin_protocol: None,
        };
        let signed = self.authenticator.get_assertion(request).await.unwrap();
        let handle = self.handle.clone().unwrap_or_else(|| BASE64.encode(&*signed.user.unwrap().id));
        let response = json!({
            "clientDataJSON": BASE64.encode(&data),
            "authenticatorData": BASE64.encode(signed.auth_data.to_vec()),
            "signature": BASE64.encode(&*signed.signature),
            "userHandle": (!handle.is_empty()).then_some(handle),
        });
        credential(&self.id(), &response, &json!({}))
    }
}

fn credential(id: &str, response: &Value, extensions: &Value) -> String {
    let credential = json!({
        "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
        "response": response, "clientExtensionResults": extensions,
    });
    credential.to_string()
}

/// Asks a question before a change.
pub(crate) async fn question(client: &Client) -> Value {
    let asked = "mutation { startChallenge { challenge { id methods passkeyOptions } } }";
    client.ask(asked, Value::Null).await["startChallenge"]["challenge"].clone()
}

/// Answers a question with what a passkey has signed.
pub(crate) async fn answer(client: &Client, challenge: &Value, signed: &str) -> Result<Value, Refused> {
    let input = json!({ "challengeId": challenge["id"], "answer": { "passkey": signed } });
    client.try_act("answerChallenge", "session { accessToken }", input).await
}

/// The password, and an answered question where there is a passkey to answer it with.
pub(crate) async fn proof(client: &Client, device: Option<&mut Device>) -> Value {
    let Some(device) = device else {
        return json!({ "password": PASSWORD });
    };
    let asked = question(client).await;
    answer(client, &asked, &device.get(&asked["passkeyOptions"]).await).await.unwrap();
    json!({ "password": PASSWORD, "challengeId": asked["id"] })
}

/// Begins to register a passkey: the id and the options.
pub(crate) async fn begin(client: &Client, proof: Value) -> Result<Value, Refused> {
    client.try_act("startPasskeyRegistration", "registrationId options expiresAt", proof).await
}

/// Ends the registration of what a device has made.
pub(crate) async fn finish(client: &Client, begun: &Value, made: &str, name: &str) -> Result<Value, Refused> {
    let input = json!({ "registrationId": begun["registrationId"], "credential": made, "name": name });
    client.try_act("finishPasskeyRegistration", "passkey { id name lastUsedAt } recoveryCodes", input).await
}

/// A new device with a passkey of a person, who proves itself with another device, where it has one.
pub(crate) async fn register(person: &Person, name: &str, other: Option<&mut Device>) -> (Device, Value) {
    let begun = begin(&person.client, proof(&person.client, other).await).await.unwrap();
    let mut device = Device::new();
    let made = device.create(&begun["options"]).await;
    (device, finish(&person.client, &begun, &made, name).await.unwrap())
}

/// Begins to sign in.
pub(crate) async fn begin_sign_in(client: &Client) -> Value {
    let started = client.ask("mutation { startPasskeySignIn { signInId options } }", Value::Null).await;
    started["startPasskeySignIn"].clone()
}

/// Ends a sign-in with what a passkey has signed.
pub(crate) async fn finish_sign_in(client: &Client, begun: &Value, signed: &str) -> Result<Value, Refused> {
    let input = json!({ "signInId": begun["signInId"], "credential": signed });
    client.try_act("finishPasskeySignIn", "user { id } session { accessToken deviceToken }", input).await
}

/// Signs in with a device.
pub(crate) async fn sign_in(client: &Client, device: &mut Device) -> Result<Value, Refused> {
    let begun = begin_sign_in(client).await;
    let signed = device.get(&begun["options"]).await;
    finish_sign_in(client, &begun, &signed).await
}
