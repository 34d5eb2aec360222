//! Messages: what is sent to a handle goes out by mail or SMS.
//!
//! A message that was sent and could not be recorded is sent again with the same id.

use crate::context::{Context, Left};
use entity::id::MessageId;
use entity::message::{self, Channel};
use entity::outbox::Entry;

/// Sends one.
pub(crate) async fn send(context: &Context, entry: &Entry, id: MessageId) -> Result<(), Left> {
    if let Some(outgoing) = message::find(&context.bank, id).await? {
        let messenger = match outgoing.channel {
            Channel::Mail => &context.gateways.mail,
            Channel::Sms => &context.gateways.sms,
        };
        messenger.send(&outgoing).await?;
    }
    Ok(message::finish(&context.bank, entry.id, id).await?)
}
