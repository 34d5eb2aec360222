//! A source of exchange rates on this machine, which fails as it is told.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How it answers.
#[derive(Clone, Debug)]
pub enum Mode {
    /// With this text.
    Says(String),
    /// With the first half of it, as if that were all.
    BreaksOff(String),
    /// With fewer bytes than it has announced.
    HangsUp(String),
    /// Not at all.
    Silent,
    /// That it can't.
    Fails,
}

/// A source on this machine.
pub struct FeedServer {
    /// Where it is asked.
    pub url: String,
    mode: Arc<Mutex<Mode>>,
    serving: JoinHandle<()>,
}

impl Drop for FeedServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FeedServer {
    /// A source that says this.
    pub async fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/rates", listener.local_addr().expect("an address"));
        let mode = Arc::new(Mutex::new(mode));
        let told = mode.clone();
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mode = told.lock().expect("a mode").clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _read = stream.read(&mut request).await;
                    if let Mode::Silent = mode {
                        std::future::pending::<()>().await;
                    }
                    let _written = stream.write_all(answer(&mode).as_bytes()).await;
                });
            }
        });
        Self { url, mode, serving }
    }

    /// From now on it answers so.
    pub fn set(&self, mode: Mode) {
        *self.mode.lock().expect("a mode") = mode;
    }
}

fn answer(mode: &Mode) -> String {
    let (status, length, text) = match mode {
        Mode::Says(text) => ("200 OK", text.len(), text.as_str()),
        Mode::BreaksOff(text) => ("200 OK", text.len() / 2, &text[..text.len() / 2]),
        Mode::HangsUp(text) => ("200 OK", text.len(), &text[..text.len() / 2]),
        Mode::Silent | Mode::Fails => ("503 Service Unavailable", 0, ""),
    };
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}")
}
