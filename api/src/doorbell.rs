//! The doorbell to workers in other processes: each ring is published on a Redis channel.
//!
//! It only saves waiting. While Redis is away, rings are dropped, and the workers scan.

use entity::bell::Listener;
use redis::AsyncTypedCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;

/// How long one ring may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Publishes every ring until it is dropped.
///
/// # Errors
/// When the address can't be used.
pub async fn publish(url: &str, namespace: &str, mut bell: Listener) -> redis::RedisResult<()> {
    let channel = format!("{namespace}:outbox");
    let patience = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1);
    let mut redis = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, patience)?;
    loop {
        bell.rung().await;
        if let Err(error) = redis.publish(&channel, 1).await {
            tracing::warn!(%error, "the doorbell can't be rung");
        }
    }
}
