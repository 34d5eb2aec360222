//! Registrations: the code is sent to the handle that somebody claims to own.

use crate::context::{Context, Left};
use entity::id::RegistrationId;
use entity::outbox::Entry;
use entity::{outbox, registration};

/// Sends the code; if the handle is taken, tells its owner instead.
pub(crate) async fn send_code(context: &Context, entry: &Entry, id: RegistrationId) -> Result<(), Left> {
    if let Some(message) = registration::message(&context.bank, id).await? {
        let (subject, body) = match message.code {
            Some(code) => (
                format!("{code} is your OKPay code"),
                format!("Enter {code} to activate your wallet. It is valid for ten minutes. Nobody from OKPay will ask you for it."),
            ),
            None => (
                "You have a wallet already".to_owned(),
                "Somebody tried to sign up with this address. If it was you, sign in instead. If not, there is nothing to do.".to_owned(),
            ),
        };
        context.gateways.messenger.send(&message.to, &subject, &body).await?;
    }
    Ok(outbox::finish(&context.bank, entry.id).await?)
}
