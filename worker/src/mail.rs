//! Mail: messages go out by SMTP (RFC 5321), over TLS where the address says `smtps` or `?tls=required`.
//!
//! Guarantees: a message has the same `Message-ID` however often it is sent, and says that a machine sent
//! it (RFC 3834). lettre, because it is what everybody uses: a pool of connections, TLS, encodings.

use crate::gateway::{Messenger, Unreachable};
use async_trait::async_trait;
use entity::message::Outgoing;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;

/// How long a server may take for one command.
const PATIENCE: Duration = Duration::from_secs(15);

/// A way to a mail server.
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// By the server at `smtp://…` or `smtps://…`, in the name of an address.
    ///
    /// # Errors
    /// A text that names the setting and the form expected.
    pub fn new(url: &str, from: &str) -> Result<Self, String> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder =
            builder.map_err(|_| "MAIL_URL: expected smtp(s)://USER:PASSWORD@HOST:PORT".to_owned())?;
        let from = from.parse().map_err(|_| "MAIL_FROM: expected Name <name@example.com>".to_owned())?;
        Ok(Self { server: builder.timeout(Some(PATIENCE)).build(), from })
    }

    fn message(&self, outgoing: &Outgoing) -> Result<Message, String> {
        let to =
            outgoing.to.as_str().parse().map_err(|_| "an address that mail can't be sent to".to_owned())?;
        let id = format!("<{}@{}>", outgoing.id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(id))
            .subject(&outgoing.text.subject)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(outgoing.text.body.clone())
            .map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Messenger for Mail {
    async fn send(&self, outgoing: &Outgoing) -> Result<(), Unreachable> {
        let message = self.message(outgoing).map_err(Unreachable)?;
        let sent = self.server.send(message).await;
        sent.map(drop).map_err(|error| Unreachable(error.to_string()))
    }
}
