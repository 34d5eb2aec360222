//! What is shut, shared by all apis through Redis.
//!
//! Guarantees nothing that the database does not: while Redis is away or was flushed, each try is counted
//! there again, which is slower and shuts just as well.

use async_trait::async_trait;
use entity::clock::Time;
use entity::handle::Fingerprint;
use entity::throttle::Gate;
use redis::AsyncTypedCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::fmt;
use std::time::Duration;

/// How long Redis may take before it is not asked further.
const PATIENCE: Duration = Duration::from_millis(100);

/// See the module.
pub struct Shared {
    redis: ConnectionManager,
    namespace: String,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// Through the Redis at this address, which may be away.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn new(url: &str, namespace: &str) -> Result<Self, String> {
        let patience = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let client = redis::Client::open(url).map_err(|error| format!("REDIS_URL: {error}"))?;
        let redis = ConnectionManager::new_lazy_with_config(client, patience);
        let redis = redis.map_err(|error| format!("REDIS_URL: {error}"))?;
        Ok(Self { redis, namespace: namespace.to_owned() })
    }

    fn name(&self, key: Fingerprint) -> String {
        format!("{}:shut:{}", self.namespace, key.0.simple())
    }
}

#[async_trait]
impl Gate for Shared {
    async fn shut_until(&self, key: Fingerprint) -> Option<Time> {
        let found = self.redis.clone().get(self.name(key)).await;
        let micros = found.ok().flatten()?.parse().ok()?;
        Time::from_timestamp_micros(micros)
    }

    async fn shut(&self, key: Fingerprint, until: Time, now: Time) {
        let seconds = u64::try_from((until - now).num_seconds()).unwrap_or_default().max(1);
        let until = until.timestamp_micros().to_string();
        // Forgotten is no harm: the database knows.
        if let Err(error) = self.redis.clone().set_ex(self.name(key), until, seconds).await {
            tracing::debug!(%error, "a shut key is not remembered");
        }
    }

    async fn open(&self, key: Fingerprint) {
        // What is forgotten late ends by itself.
        if let Err(error) = self.redis.clone().del(self.name(key)).await {
            tracing::debug!(%error, "a shut key is still remembered");
        }
    }
}
