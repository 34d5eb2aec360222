//! Afterwards: what is written beside the answer, so that how long an answer takes tells nothing.
//!
//! Guarantees: so much at once and no more; what comes beyond is written before the answer, not dropped. Whoever
//! stops the house waits for it with [`Afterwards::finish`]. A fault is logged: nobody is there to be told. What is
//! under way when the process dies is lost, so nothing is written this way that money or a lock rests on.

use crate::error::{Error, Result};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What may be under way at once.
const PLACES: u32 = 256;

/// See the module. Clones share it.
#[derive(Clone, Debug)]
pub struct Afterwards(Arc<Semaphore>);

impl Afterwards {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(PLACES).unwrap_or(1))))
    }

    /// Does it beside the answer.
    pub(crate) async fn run(&self, work: impl Future<Output = Result<()>> + Send + 'static) {
        match self.0.clone().try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(async move {
                    let _place = place;
                    done(&work.await);
                });
            }
            Err(_) => done(&work.await),
        }
    }

    /// Waits until nothing is under way.
    pub async fn finish(&self) {
        // It is never closed.
        drop(self.0.acquire_many(PLACES).await);
    }
}

fn done(result: &Result<()>) {
    match result {
        // Somebody left meanwhile.
        Ok(()) | Err(Error::Refused(_)) => {}
        Err(error) => tracing::error!(%error, "what happened could not be recorded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn nothing_is_lost_however_much_there_is() {
        let (afterwards, count) = (Afterwards::new(), Arc::new(AtomicU32::new(0)));
        for _ in 0..PLACES * 2 {
            let count = count.clone();
            let work = async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::SeqCst);
                Ok(())
            };
            afterwards.run(work).await;
        }
        afterwards.finish().await;
        assert_eq!(count.load(Ordering::SeqCst), PLACES * 2);
    }
}
