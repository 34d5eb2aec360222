//! Questions gathered: many callers ask the same thing of the database about different keys, and
//! whatever waits is one query.
//!
//! Guarantees: an answer to [`Gather::ask`] is read after its question was asked, so nobody is told
//! what was true before. [`Gather::recall`] may be: it is for what never changes, or is claimed
//! again where it matters. Costs no timer: alone, a question is asked at once. Refuses `OVERLOADED`
//! when [`WAITING_MAX`] callers wait already.

use crate::error::{Error, Fault, Result};
use crate::refusal::Code;
use futures::future::BoxFuture;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Questions in a query at most.
const BATCH_MAX: usize = 512;
/// Callers that may wait at most.
const WAITING_MAX: usize = 8_192;

/// What is known about the keys of one query; a key without an entry is unknown.
pub(crate) type Answers<K, V> = std::result::Result<HashMap<K, V>, Fault>;

type Asked<K, V> = (K, oneshot::Sender<std::result::Result<Option<V>, Fault>>);

/// The way in. Clones share it.
pub(crate) struct Gather<K, V> {
    inbox: mpsc::Sender<Asked<K, V>>,
    memory: Arc<Cache<K, V>>,
}

impl<K, V> Clone for Gather<K, V> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone(), memory: self.memory.clone() }
    }
}

impl<K, V> fmt::Debug for Gather<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather")
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Gather<K, V> {
    /// Starts the task that asks. It ends with the last clone. So many answers are remembered.
    pub(crate) fn start(
        remembered: usize,
        ask: impl Fn(Vec<K>) -> BoxFuture<'static, Answers<K, V>> + Send + 'static,
    ) -> Self {
        let (sender, mut inbox) = mpsc::channel::<Asked<K, V>>(WAITING_MAX);
        tokio::spawn(async move {
            let mut asked = Vec::new();
            while inbox.recv_many(&mut asked, BATCH_MAX).await > 0 {
                let known = ask(asked.iter().map(|(key, _)| key.clone()).collect()).await;
                for (key, reply) in asked.drain(..) {
                    let answer = known.as_ref().map(|known| known.get(&key).cloned());
                    // Who has gone away needs no answer.
                    let _gone = reply.send(answer.map_err(Fault::clone));
                }
            }
        });
        Self { inbox: sender, memory: Arc::new(Cache::new(remembered)) }
    }

    /// What was answered the last time, even if that was long ago; else asks.
    pub(crate) async fn recall(&self, key: K) -> Result<Option<V>> {
        if let Some(known) = self.memory.get(&key) {
            return Ok(Some(known));
        }
        let answer = self.ask(key.clone()).await?;
        if let Some(value) = &answer {
            self.memory.insert(key, value.clone());
        }
        Ok(answer)
    }

    /// Forgets what was answered.
    pub(crate) fn forget(&self, key: &K) {
        self.memory.remove(key);
    }

    /// Asks about one key.
    pub(crate) async fn ask(&self, key: K) -> Result<Option<V>> {
        let (reply, answer) = oneshot::channel();
        self.inbox.try_send((key, reply)).map_err(|error| match error {
            TrySendError::Full(_) => Error::from(Code::Overloaded),
            TrySendError::Closed(_) => Fault::Stopped("a gathered question").into(),
        })?;
        Ok(answer.await.map_err(|_| Fault::Stopped("a gathered question"))??)
    }
}
