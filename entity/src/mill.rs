//! The mill: threads of its own for what keeps a core busy for long.
//!
//! Guarantees: they are nicer than all other threads (`setpriority(2)`, on Linux): where a core is wanted for
//! anything else it is had at once, and the mill gets a small share. Ends with the last clone, and what waits.

use crate::error::Fault;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// How nice its threads are: of 0, like all others, to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 19;

type Work = Box<dyn FnOnce() + Send>;

/// See the module. Clones share it.
#[derive(Clone)]
pub(crate) struct Mill(Sender<Work>);

impl fmt::Debug for Mill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mill")
    }
}

impl Mill {
    /// Starts so many threads.
    pub(crate) fn start(threads: usize) -> Self {
        let (sender, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = waiting.clone();
            let thread = std::thread::Builder::new().name("mill".to_owned());
            if let Err(error) = thread.spawn(move || grind(&waiting)) {
                tracing::error!(%error, "a thread of the mill can't be started");
            }
        }
        Self(sender)
    }

    /// Has this worked out.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, done) = oneshot::channel();
        let work = move || {
            // Who has gone away needs no answer.
            let _gone = reply.send(work());
        };
        self.0.send(Box::new(work)).map_err(|_| Fault::Stopped("the mill"))?;
        done.await.map_err(|_| Fault::Stopped("the mill"))
    }
}

fn grind(waiting: &Mutex<Receiver<Work>>) {
    be_nice();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else {
            return;
        };
        // Work that crashes ends itself alone; who waits for it is told.
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("work of the mill crashed");
        }
    }
}

/// Lowers the priority of this thread: Linux has one for each.
fn be_nice() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "the mill works at the priority of all others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_by_nice_threads_and_a_crash_harms_nobody_else() {
        let mill = Mill::start(1);
        assert!(mill.run(|| -> () { std::panic::panic_any("crash") }).await.is_err());
        let nice = mill.run(|| rustix::process::getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!((nice, rustix::process::getpriority_process(None).unwrap()), (NICE, 0));
    }
}
