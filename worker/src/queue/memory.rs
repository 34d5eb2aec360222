//! Queues within one process, on apalis' memory backend.
//!
//! The tickets wait in a channel of our own, which apalis only reads: so pushing never blocks,
//! and a worker that is built anew goes on where the last one ended.
//!
//! Refuses more than [`WAITING_MAX`] waiting tickets a kind: the rest is dropped, and pushed again
//! by the outbox.

use super::{Lane, QueueFault, Ticket};
use apalis::prelude::{
    MemorySink, MemoryStorage, RandomId, TaskBuilder, TaskId, WorkerBuilder, WorkerBuilderExt, WorkerContext,
    WorkerError,
};
use futures::{SinkExt, StreamExt, stream};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Tickets of a kind that wait at most; they take 16 bytes each.
const WAITING_MAX: usize = 1 << 18;

/// The queues.
#[derive(Clone)]
pub(super) struct Memory(Arc<HashMap<&'static str, Queue>>);

struct Queue {
    sender: mpsc::Sender<Ticket>,
    receiver: Arc<Mutex<mpsc::Receiver<Ticket>>>,
}

impl Memory {
    pub(super) fn new(kinds: &'static [&'static str]) -> Self {
        let queue = || {
            let (sender, receiver) = mpsc::channel(WAITING_MAX);
            Queue { sender, receiver: Arc::new(Mutex::new(receiver)) }
        };
        Self(Arc::new(kinds.iter().map(|kind| (*kind, queue())).collect()))
    }

    pub(super) fn push(&self, kind: &'static str, tickets: &[Ticket]) -> Result<(), QueueFault> {
        let queue = self.0.get(kind).ok_or(QueueFault::Unknown(kind))?;
        for (pushed, ticket) in tickets.iter().enumerate() {
            if queue.sender.try_send(*ticket).is_err() {
                tracing::warn!(kind, dropped = tickets.len().saturating_sub(pushed), "too many tickets wait");
                break;
            }
        }
        Ok(())
    }

    /// Answers tickets until the end is asked for.
    pub(super) async fn serve(
        &self,
        lane: &Lane,
        ended: impl Future<Output = ()>,
    ) -> Result<(), WorkerError> {
        let Some(queue) = self.0.get(lane.kind) else {
            return Ok(());
        };
        let receiver = queue.receiver.clone();
        let tickets =
            stream::poll_fn(move |cx| receiver.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(cx));
        let tasks = tickets
            .map(|ticket| TaskBuilder::new(ticket).task_id(TaskId::from_string(RandomId::default())).build());
        // Nothing is pushed through apalis, but it asks whether that could be done.
        let nowhere = futures::sink::drain().sink_map_err(|never: Infallible| match never {});
        let sink = MemorySink::new(Arc::new(futures::lock::Mutex::new(Box::new(nowhere))));

        let context = WorkerContext::new(lane.kind);
        let answering = lane.clone();
        let worker = WorkerBuilder::new(&context)
            .backend(MemoryStorage::new_with(sink, tasks.boxed()))
            .concurrency(lane.width())
            .build(move |ticket: Ticket| answering.clone().answer(ticket, std::future::ready(())));
        let mut running = pin!(worker.run());
        tokio::select! {
            // It has to be started before it can be stopped.
            biased;
            end = &mut running => return end,
            () = ended => context.stop()?,
        }
        running.await
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Handler, Queues, Ticket};
    use super::WAITING_MAX;
    use std::sync::Arc;
    use tokio::sync::{mpsc, oneshot};
    use uuid::Uuid;

    const KINDS: &[&str] = &["one", "two"];

    fn ticket(job: u128) -> Ticket {
        Ticket { job: Uuid::from_u128(job) }
    }

    /// Tells when it begins, panics at a nil job, and ends when it is let go.
    fn handler(begun: mpsc::UnboundedSender<Uuid>, gate: Arc<tokio::sync::Semaphore>) -> Handler {
        Arc::new(move |ticket| {
            assert!(!ticket.job.is_nil(), "a nil job");
            let (begun, gate) = (begun.clone(), gate.clone());
            Box::pin(async move {
                begun.send(ticket.job).unwrap();
                gate.acquire().await.unwrap().forget();
                begun.send(ticket.job).unwrap();
            })
        })
    }

    #[tokio::test]
    async fn answers_what_was_pushed_before_survives_panics_and_drains() {
        let queues = Queues::memory(KINDS);
        queues.push("one", vec![ticket(0), ticket(1)]).await.unwrap();
        let (begun, mut begins) = mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let (stop, stopped) = oneshot::channel::<()>();
        let running = queues.clone().run(handler(begun, gate.clone()), 1, async {
            let _dropped = stopped.await;
        });
        let running = tokio::spawn(running);
        assert_eq!(begins.recv().await, Some(Uuid::from_u128(1)));
        // The lane is full; the other one is not.
        queues.push("one", vec![ticket(2)]).await.unwrap();
        queues.push("two", vec![ticket(3)]).await.unwrap();
        assert_eq!(begins.recv().await, Some(Uuid::from_u128(3)));
        drop(stop);
        tokio::task::yield_now().await;
        assert!(!running.is_finished());
        gate.add_permits(2);
        running.await.unwrap();
        assert!(begins.recv().await.is_some() && begins.recv().await.is_some());
        assert_eq!(begins.recv().await, None);
    }

    #[tokio::test]
    async fn pushing_while_nobody_answers_neither_blocks_nor_grows_without_bound() {
        let queues = Queues::memory(KINDS);
        let tickets = vec![ticket(1); WAITING_MAX + 1];
        queues.push("one", tickets).await.unwrap();
        let error = queues.push("three", Vec::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no queue named three");
    }
}
