//! Connections: how many there may be, and how long one may keep us waiting.
//!
//! Guarantees: no more connections than the process may have open files, less those that it needs for
//! itself; what comes beyond waits in the kernel until one ends. A connection that has got no answer for
//! [`PATIENCE`] is closed, whether it is silent or dribbles, so that nobody holds a place for ever. When
//! the system refuses to accept one, it is said in the log, and tried again a moment later.
//!
//! rlimit, because the limit of open files can't be raised without unsafe code otherwise.

use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How long a connection may be without an answer: six times as long as a request may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Connections at most, however many files may be open.
const CONNECTIONS: u64 = 16_384;
/// Open files that the process needs for itself: databases, Redis, gateways.
const RESERVED: u64 = 128;
/// After so long it is tried again to accept a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Raises the limit of open files as far as the system lets us, and says how many connections there may
/// be then.
pub(crate) fn places() -> usize {
    let files = rlimit::increase_nofile_limit(CONNECTIONS + RESERVED).unwrap_or(1_024);
    let places = files.saturating_sub(RESERVED).clamp(16, CONNECTIONS);
    usize::try_from(places).unwrap_or(1_024)
}

/// Accepts so many connections at once.
pub(crate) struct Bounded<A> {
    inner: A,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl<A> Bounded<A> {
    pub(crate) fn new(inner: A, places: usize, patience: Duration) -> Self {
        Self { inner, places: Arc::new(Semaphore::new(places)), patience }
    }
}

impl<A: Acceptor> Acceptor for Bounded<A> {
    type Io = Connection<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> Result<(Self::Io, LocalAddr, RemoteAddr, poem::http::uri::Scheme)> {
        let place = self.places.clone().acquire_owned().await.map_err(Error::other)?;
        loop {
            match self.inner.accept().await {
                Ok((io, local, remote, scheme)) => {
                    let deadline = Box::pin(sleep(self.patience));
                    let connection = Connection { io, deadline, patience: self.patience, _place: place };
                    return Ok((connection, local, remote, scheme));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// A connection that has to be answered in time.
pub(crate) struct Connection<Io> {
    io: Io,
    deadline: Pin<Box<Sleep>>,
    patience: Duration,
    _place: OwnedSemaphorePermit,
}

impl<Io: AsyncRead + Unpin> AsyncRead for Connection<Io> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let connection = self.get_mut();
        if connection.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut connection.io).poll_read(cx, buffer)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Connection<Io> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let connection = self.get_mut();
        let written = Pin::new(&mut connection.io).poll_write(cx, bytes);
        if written.is_ready() {
            connection.deadline.as_mut().reset(Instant::now() + connection.patience);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
