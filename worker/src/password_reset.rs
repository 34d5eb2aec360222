//! Forgotten passwords: whose handle it is, and the message to it.

use crate::context::{Context, Left};
use entity::id::ResetId;
use entity::outbox::Entry;
use entity::password_reset;

/// Sends the token, if the handle is somebody's.
pub(crate) async fn send(context: &Context, entry: &Entry, id: ResetId) -> Result<(), Left> {
    Ok(password_reset::send(&context.bank, entry.id, id).await?)
}
