//! Private servers for the tests: PostgreSQL and Redis from the installed binaries, on free ports
//! of the loopback, in temporary directories.
//!
//! Guarantees: they are gone when the test process is, however it ends: each runs under a shell
//! that waits on a pipe from this process, and ends the server and removes its directory when the
//! pipe closes. A missing binary is a failure that says which package to install, never a skip.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is tried.
const GLANCE: Duration = Duration::from_millis(20);

/// Runs a command until its input says a word or closes, and then ends it as a crash would. The
/// directory stays if the word is KEEP.
const WARDEN: &str = r#"dir=$1 signal=$2; shift 2
"$@" >"$dir/log" 2>&1 & server=$!
read -r word; kill -"$signal" $server 2>/dev/null; wait $server 2>/dev/null
[ "$word" = KEEP ] || rm -rf "$dir""#;

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

/// A server process under its warden.
struct Ward(Child);

impl Ward {
    /// The signal has to end the server at once, whatever it is doing.
    fn start(dir: &Path, signal: &str, command: &[&str]) -> Self {
        let child = Command::new("sh")
            .args(["-c", WARDEN, "warden"])
            .arg(dir)
            .arg(signal)
            .args(command)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        Self(child)
    }

    /// Ends the server; its directory stays if the word is `KEEP`.
    fn end(&mut self, word: &str) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _gone = writeln!(pipe, "{word}");
        }
        let _ended = self.0.wait();
    }
}

fn temp_dir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("okpay-{name}-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir(&dir).expect("a temporary directory");
    dir
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.starts_with(b"0\n")
}

fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < PATIENCE, "{what} did not start within {PATIENCE:?}");
        std::thread::sleep(GLANCE);
    }
}

/// A PostgreSQL server.
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    durable: bool,
    ward: Mutex<Option<Ward>>,
}

/// The PostgreSQL server that all worlds of this test process share. It trades durability for
/// speed; see [`Postgres::start_private`] for one that does not.
pub fn postgres() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(|| Postgres::launch(false))
}

impl Postgres {
    /// A server of one's own, durable, that a test may kill.
    pub fn start_private() -> Self {
        Self::launch(true)
    }

    fn launch(durable: bool) -> Self {
        let bin = Self::find_bin();
        let dir = temp_dir("postgres");
        if is_root() {
            Self::tool(Command::new("chown").arg("postgres").arg(&dir), "chown");
        }
        let data = dir.join("data");
        let initdb = bin.join("initdb");
        let mut command = Self::as_postgres(&initdb);
        command.args(["-U", "wallet", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"]).arg(&data);
        Self::tool(&mut command, "initdb");
        let server = Self { bin, dir, port: free_port(), durable, ward: Mutex::new(None) };
        server.start();
        server
    }

    /// The newest installation.
    fn find_bin() -> PathBuf {
        let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
        found.extend(std::env::var_os("PG_BIN").map(PathBuf::from));
        found.retain(|bin| bin.join("postgres").exists());
        found.sort();
        found.pop().expect("PostgreSQL is missing: apt-get install postgresql")
    }

    /// PostgreSQL refuses to run as root.
    fn as_postgres(program: &Path) -> Command {
        if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
            command
        } else {
            Command::new(program)
        }
    }

    fn tool(command: &mut Command, name: &str) {
        let output = command.output().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts it, on the port that it had before.
    pub fn start(&self) {
        let (data, port) = (self.dir.join("data"), self.port.to_string());
        let sockets = format!("unix_socket_directories={}", self.dir.display());
        let fsync = if self.durable { "fsync=on" } else { "fsync=off" };
        let postgres = self.bin.join("postgres");
        let (postgres, data) = (postgres.display().to_string(), data.display().to_string());
        let mut command: Vec<&str> = if is_root() {
            vec!["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        } else {
            Vec::new()
        };
        command.extend([postgres.as_str(), "-D", &data, "-p", &port, "-c", "listen_addresses=127.0.0.1"]);
        command.extend(["-c", &sockets, "-c", fsync, "-c", "max_connections=500"]);
        *self.ward.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Ward::start(&self.dir, "QUIT", &command));
        wait_for("PostgreSQL", || self.sql("postgres", "SELECT 1").is_ok());
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&self) {
        if let Some(mut ward) = self.ward.lock().unwrap_or_else(PoisonError::into_inner).take() {
            ward.end("KEEP");
        }
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://wallet@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database, empty or as a copy.
    pub fn create_database(&self, name: &str, template: Option<&str>) {
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        self.sql("postgres", &format!("CREATE DATABASE {name}{template}")).expect("a new database");
    }

    /// Removes a database, whoever is still connected.
    pub fn drop_database(&self, name: &str) {
        self.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).expect("a database to drop");
    }

    /// Runs a statement with `psql`.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn sql(&self, database: &str, statement: &str) -> Result<String, String> {
        let psql = self.bin.join("psql");
        let output = Command::new(psql)
            .args(["-X", "-q", "-A", "-t", "-c", statement, &self.url(database)])
            .output()
            .map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

/// A Redis server of one world.
pub struct Redis {
    dir: PathBuf,
    port: u16,
    ward: Ward,
}

impl Redis {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let dir = temp_dir("redis");
        let port = free_port();
        Self { ward: Self::launch(&dir, port), dir, port }
    }

    fn launch(dir: &Path, port: u16) -> Ward {
        let found = Command::new("redis-server").arg("--version").output();
        assert!(found.is_ok(), "Redis is missing: apt-get install redis-server");
        let (port_text, dir_text) = (port.to_string(), dir.display().to_string());
        let command = ["redis-server", "--port", &port_text, "--bind", "127.0.0.1", "--dir", &dir_text];
        let memory_only = ["--save", "", "--appendonly", "no"];
        let ward = Ward::start(dir, "KILL", &[&command[..], &memory_only[..]].concat());
        wait_for("Redis", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        ward
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Forgets everything.
    pub fn flush(&self) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("Redis answers");
        stream.write_all(b"FLUSHALL\r\n").expect("Redis listens");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).expect("Redis answers");
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.ward.end("KEEP");
    }

    /// Starts it again, empty, on the same port.
    pub fn restart(&mut self) {
        self.ward = Self::launch(&self.dir, self.port);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.ward.end("REMOVE");
    }
}
