//! The doorbell between processes: an api publishes on a Redis channel, the worker's relay wakes.
//!
//! It only saves waiting, so nothing is done about a message that is lost. A lost connection is
//! made again, with a pause.

use entity::bell::Bell;
use futures::StreamExt;
use std::time::Duration;

/// How long it waits before it connects again.
const PAUSE: Duration = Duration::from_secs(1);

/// Rings the bell for every message, until it is dropped.
pub(crate) async fn hear(url: String, namespace: String, bell: Bell) {
    loop {
        if let Err(error) = listen(&url, &namespace, &bell).await {
            tracing::warn!(%error, "the doorbell can't be heard");
        }
        tokio::time::sleep(PAUSE).await;
        // Whatever rang meanwhile was missed.
        bell.ring();
    }
}

async fn listen(url: &str, namespace: &str, bell: &Bell) -> redis::RedisResult<()> {
    let mut channel = redis::Client::open(url)?.get_async_pubsub().await?;
    channel.subscribe(format!("{namespace}:outbox")).await?;
    let mut messages = channel.into_on_message();
    while messages.next().await.is_some() {
        bell.ring();
    }
    Ok(())
}
