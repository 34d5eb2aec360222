//! SMS: messages go out as signed HTTP requests to whoever sends them for the house.
//!
//! `POST` of `{"id", "to", "text"}` with the headers of Standard Webhooks: `webhook-id` (the same however
//! often a message is sent), `webhook-timestamp` (seconds since 1970) and `webhook-signature`:
//! `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body` under the shared secret. Any 2xx is taken
//! as sent.

use crate::gateway::{Messenger, Unreachable};
use async_trait::async_trait;
use entity::clock::Clock;
use entity::keys;
use entity::message::Outgoing;
use entity::secret::Secret;
use serde_json::json;
use std::time::Duration;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A way to a sender of SMS.
pub struct Sms {
    http: reqwest::Client,
    url: String,
    secret: Secret,
    clock: Clock,
}

impl Sms {
    /// By the sender at this address, with the secret that both know.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn new(url: &str, secret: &str, clock: Clock) -> Result<Self, String> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let http = http.build().map_err(|error| format!("SMS_URL: {error}"))?;
        Ok(Self { http, url: url.to_owned(), secret: Secret::new(secret.to_owned()), clock })
    }
}

#[async_trait]
impl Messenger for Sms {
    async fn send(&self, outgoing: &Outgoing) -> Result<(), Unreachable> {
        let id = outgoing.id.to_string();
        let text = format!("{}\n{}", outgoing.text.subject, outgoing.text.body);
        let body = json!({ "id": id, "to": outgoing.to.as_str(), "text": text }).to_string();
        let at = self.clock.now().timestamp().to_string();
        let signed = format!("{id}.{at}.{body}");
        let signature = keys::signature(self.secret.reveal().as_bytes(), signed.as_bytes());
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", format!("v1,{signature}"))
            .body(body);
        let answer = request.send().await.map_err(|error| Unreachable(error.without_url().to_string()))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(Unreachable(format!("the sender of SMS answered {}", answer.status())))
        }
    }
}
