//! The doorbell: rung after a commit that left something to do later.
//!
//! It only saves waiting. Nothing is lost when nobody hears it: the outbox is scanned anyway.

use tokio::sync::watch;

/// Clones ring and hear the same bell.
#[derive(Clone, Debug)]
pub struct Bell(watch::Sender<u64>);

impl Bell {
    /// A bell that nobody listens to yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Wakes whoever listens.
    pub fn ring(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A listener, which hears every ring from now on (several in a row as one).
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

/// Hears the bell.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Waits for a ring since the last call; for ever once the bell is gone.
    pub async fn rung(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
