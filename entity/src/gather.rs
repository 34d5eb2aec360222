//! Questions gathered: many callers ask the same thing of the database about different keys, and
//! whatever waits is one query.
//!
//! Guarantees: an answer is read after its question was asked, so nobody is told what was true
//! before. Costs no timer: alone, a question is asked at once. Refuses `OVERLOADED` when
//! [`WAITING_MAX`] callers wait already.

use crate::error::{Error, Fault, Result};
use crate::refusal::Code;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
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
pub(crate) struct Gather<K, V>(mpsc::Sender<Asked<K, V>>);

impl<K, V> Clone for Gather<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> fmt::Debug for Gather<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather")
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Gather<K, V> {
    /// Starts the task that asks. It ends with the last clone.
    pub(crate) fn start(ask: impl Fn(Vec<K>) -> BoxFuture<'static, Answers<K, V>> + Send + 'static) -> Self {
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
        Self(sender)
    }

    /// Asks about one key.
    pub(crate) async fn ask(&self, key: K) -> Result<Option<V>> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send((key, reply)).map_err(|error| match error {
            TrySendError::Full(_) => Error::from(Code::Overloaded),
            TrySendError::Closed(_) => Fault::Stopped("a gathered question").into(),
        })?;
        Ok(answer.await.map_err(|_| Fault::Stopped("a gathered question"))??)
    }
}
