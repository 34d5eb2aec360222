//! Redis: one small server for each world, that a test may flush, kill and start again.

use super::{GLANCE, PATIENCE, PORTS, Ward, free_port, leash, on_path, text};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Instant;

/// A Redis server of one world. It keeps nothing on disk, and ends when it is dropped.
pub struct Redis {
    port: u16,
    pub(super) ward: Ward,
}

impl Redis {
    /// Starts one, on a free port.
    pub fn start() -> Self {
        let mut server = Self { port: free_port(), ward: Ward::new("redis") };
        for _ in 0..PORTS {
            if server.try_start() {
                return server;
            }
            server.port = free_port();
        }
        panic!("Redis does not start: {}", server.ward.log());
    }

    fn try_start(&mut self) -> bool {
        let redis = on_path("redis-server").expect("Redis is missing: apt-get install redis-server");
        let (port, dir) = (self.port.to_string(), self.ward.dir.clone());
        let place = [text(&redis), "--port", &port, "--bind", "127.0.0.1", "--dir", text(&dir)];
        let memory_only = ["--save", "", "--appendonly", "no"];
        let command = [&leash()[..], &place, &memory_only].concat();
        self.ward.start(&command, || is_ours(self.port, &dir))
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Forgets everything.
    pub fn flush(&self) {
        let answer = ask(self.port, "FLUSHALL").expect("Redis answers");
        assert_eq!(answer, "+OK\r\n");
    }

    /// Kills it, with all that it held.
    pub fn kill(&mut self) {
        self.ward.kill();
    }

    /// Starts it again, empty, on the same port.
    pub fn restart(&mut self) {
        let started = Instant::now();
        while !self.try_start() {
            assert!(started.elapsed() < PATIENCE, "Redis does not start again: {}", self.ward.log());
            std::thread::sleep(GLANCE);
        }
    }
}

fn is_ours(port: u16, dir: &Path) -> bool {
    ask(port, "CONFIG GET dir").is_ok_and(|answer| answer.contains(&format!("\r\n{}\r\n", dir.display())))
}

/// Sends an inline command, and reads until Redis has answered and hung up.
fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "{command}\r\nQUIT\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.strip_suffix("+OK\r\n").unwrap_or_default().to_owned())
}
