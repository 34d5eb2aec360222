//! PostgreSQL: one server for all worlds of a test process, and private ones to kill.
//! Version 14 or newer.

use super::{GLANCE, PATIENCE, PORTS, Ward, free_port, leash, on_path, text};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// A PostgreSQL server.
pub struct Postgres {
    bin: PathBuf,
    data: PathBuf,
    port: u16,
    settings: Vec<String>,
    ward: Mutex<Ward>,
}

/// For servers whose data nobody needs after a power cut.
const FAST: [&str; 2] = ["fsync=off", "full_page_writes=off"];
/// As long as nobody asks for more.
const CONNECTIONS: &str = "max_connections=500";

/// The PostgreSQL server that all worlds of this test process share: started at first use, and
/// not durable.
pub fn postgres() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(|| Postgres::start_private(false))
}

impl Postgres {
    /// A server of one's own, that a test may kill. One that is not durable is faster, and loses
    /// nothing either as long as the machine runs.
    pub fn start_private(durable: bool) -> Self {
        Self::start_with(durable, &[])
    }

    /// The same with settings, such as `shared_buffers=1GB`.
    pub fn start_with(durable: bool, settings: &[&str]) -> Self {
        let fast = if durable { &[][..] } else { &FAST };
        let all = [&[CONNECTIONS], fast, settings].concat();
        let settings = all.into_iter().map(str::to_owned).collect();
        let bin = find_bin();
        let mut ward = Ward::new("postgres");
        if is_root() {
            ward.run(&["chown", "postgres", text(&ward.dir.clone())]);
        }
        let data = ward.dir.join("data");
        let initdb = bin.join("initdb");
        let options = ["-U", "wallet", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D", text(&data)];
        ward.run(&[&user()[..], &[text(&initdb)], &options].concat());
        Self { bin, data, port: free_port(), settings, ward: Mutex::new(ward) }.started()
    }

    /// A replica of it, which follows what is committed here.
    pub fn replica(&self) -> Self {
        let mut ward = Ward::new("replica");
        if is_root() {
            ward.run(&["chown", "postgres", text(&ward.dir.clone())]);
        }
        let data = ward.dir.join("data");
        let copy = self.bin.join("pg_basebackup");
        let port = self.port.to_string();
        let from = ["-U", "wallet", "-h", "127.0.0.1", "-p", &port, "-c", "fast", "-R", "-D", text(&data)];
        ward.run(&[&user()[..], &[text(&copy)], &from].concat());
        let (bin, settings) = (self.bin.clone(), self.settings.clone());
        Self { bin, data, port: free_port(), settings, ward: Mutex::new(ward) }.started()
    }

    fn started(mut self) -> Self {
        for _ in 0..PORTS {
            if self.try_start() {
                return self;
            }
            self.port = free_port();
        }
        panic!("PostgreSQL does not start: {}", self.ward().log());
    }

    /// Starts it again, on the port that it had before, with all that was committed.
    pub fn start(&self) {
        let started = Instant::now();
        while !self.try_start() {
            assert!(started.elapsed() < PATIENCE, "PostgreSQL does not start again: {}", self.ward().log());
            std::thread::sleep(GLANCE);
        }
    }

    fn try_start(&self) -> bool {
        let postgres = self.bin.join("postgres");
        let port = self.port.to_string();
        let mut ward = self.ward();
        let sockets = format!("unix_socket_directories={}", ward.dir.display());
        let mut command = [&user()[..], &[text(&postgres), "-D", text(&self.data), "-p", &port]].concat();
        let settings = [
            "listen_addresses=127.0.0.1",
            "timezone=UTC",
            // In a file of the data directory: what is elsewhere would outlive a kill.
            "dynamic_shared_memory_type=mmap",
            // One call instead of one for each file, before it starts again.
            "recovery_init_sync_method=syncfs",
            &sockets,
        ];
        let own = self.settings.iter().map(String::as_str);
        command.extend(settings.into_iter().chain(own).flat_map(|setting| ["-c", setting]));
        let ours = Ok(text(&self.data).to_owned());
        ward.start(&command, || self.sql("postgres", "SHOW data_directory") == ours)
    }

    /// Kills it with all that it is doing, as a crash would.
    pub fn kill(&self) {
        self.ward().kill();
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://wallet@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database, empty or as a copy of one that nobody is connected to.
    pub fn create_database(&self, name: &str, template: Option<&str>) {
        let template = template.unwrap_or("template1");
        let statement = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#);
        self.sql("postgres", &statement).expect("a new database");
    }

    /// Removes a database, whoever is still connected.
    pub fn drop_database(&self, name: &str) {
        let statement = format!(r#"DROP DATABASE "{name}" WITH (FORCE)"#);
        self.sql("postgres", &statement).expect("a database to drop");
    }

    /// Runs a statement with `psql`.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn sql(&self, database: &str, statement: &str) -> Result<String, String> {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-c", statement, &self.url(database)])
            .output()
            .map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    /// Runs a script with `psql`, its own commands included; stops at the first error.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn script(&self, database: &str, script: &str) -> Result<String, String> {
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", &self.url(database)];
        let mut child = Command::new(self.bin.join("psql"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut input = child.stdin.take().ok_or("psql takes no input")?;
        input.write_all(script.as_bytes()).map_err(|error| error.to_string())?;
        drop(input);
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    /// Runs one of its programs, such as `pgbench`, on a database.
    pub fn program(&self, name: &str, arguments: &[&str], database: &str) -> Output {
        Command::new(self.bin.join(name))
            .args(arguments)
            .arg(self.url(database))
            .output()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The process id of its first process.
    pub fn pid(&self) -> u32 {
        self.ward().server.expect("a server")
    }

    pub(super) fn ward(&self) -> MutexGuard<'_, Ward> {
        self.ward.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `PG_BIN` names; else Debian's newest installation; else the one on the path.
fn find_bin() -> PathBuf {
    let is_whole = |bin: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|file| bin.join(file).exists());
    if let Some(bin) = std::env::var_os("PG_BIN").map(PathBuf::from) {
        assert!(is_whole(&bin), "PG_BIN={} lacks initdb, postgres or psql", bin.display());
        return bin;
    }
    let version = |bin: &PathBuf| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = installed.map(|version| version.path().join("bin")).filter(is_whole).max_by_key(version);
    let other = || on_path("postgres")?.parent().map(Path::to_path_buf).filter(is_whole);
    debian.or_else(other).expect("PostgreSQL is missing: apt-get install postgresql")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("/proc").uid() == 0
}

/// PostgreSQL refuses to run as root.
fn user() -> Vec<&'static str> {
    let mut command = leash();
    if is_root() {
        command.extend(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command
}
