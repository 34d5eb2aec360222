//! Lost handles: whose they are, and the messages about it.

use crate::context::{Context, Left};
use entity::id::RecoveryId;
use entity::outbox::Entry;
use entity::recovery;

/// Tells the person whose handle is said to be lost, if there is one.
pub(crate) async fn announce(context: &Context, entry: &Entry, id: RecoveryId) -> Result<(), Left> {
    Ok(recovery::announce(&context.bank, entry.id, id).await?)
}
