//! Private servers for the tests: PostgreSQL and Redis from the installed binaries, on free ports
//! of the loopback, in temporary directories.
//!
//! Guarantees: they are gone when the test process is, however it ends. Each directory has a
//! warden, a shell that takes orders from this process through a pipe; when the pipe closes, it
//! kills the server and removes the directory. Should the warden itself be killed, the kernel
//! kills the server, but the directory stays.
//! A server that answers is ours: the port of another test process is noticed and left alone.
//! Refuses: to skip. A missing binary is a failure that says which package to install.
//! Costs: about a second for a PostgreSQL, some hundredths of one for a Redis. Needs Linux.

mod postgres;
mod redis;

pub use postgres::{Postgres, postgres};
pub use redis::Redis;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is asked.
const GLANCE: Duration = Duration::from_millis(5);
/// How many ports are tried: another process may take one between the choice and the start.
const PORTS: u32 = 5;

/// Takes orders, one a line, and answers each with a line. A server is killed with its children,
/// and stopped before that, so that it has no time to notice. What PostgreSQL
/// leaves in the kernel after that is a shared memory segment, named in its lock file.
const WARDEN: &str = r#"dir=$1 server=
trap '' HUP INT TERM PIPE
end() {
    [ "$server" ] || return
    kill -STOP "$server"
    kill -KILL $(grep -ls "^PPid:.$server\$" /proc/[0-9]*/status | cut -d/ -f3) "$server"
    wait "$server"
    server=
}
while read -r order command; do
    case $order in
        run) eval "$command" </dev/null >>"$dir/log" 2>&1; echo $? ;;
        start) eval "exec $command" </dev/null >>"$dir/log" 2>&1 & server=$!; echo $server ;;
        kill) end; echo 0 ;;
    esac
done
end
segment=$(sed -n '7s/.* //p' "$dir/data/postmaster.pid")
[ "$segment" ] && ipcrm -m "$segment"
rm -rf "$dir""#;

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

/// A temporary directory and at most one server in it.
struct Ward {
    dir: PathBuf,
    warden: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    server: Option<u32>,
}

impl Ward {
    fn new(name: &str) -> Self {
        let dir = temp_dir(name);
        let mut warden = Command::new("sh")
            .args(["-c", WARDEN, "warden"])
            .arg(&dir)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A Ctrl-C is for the test process alone.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let orders = warden.stdin.take();
        let answers = BufReader::new(warden.stdout.take().expect("the answers of the warden"));
        Self { dir, warden, orders, answers, server: None }
    }

    /// In one write, so that an order never arrives by halves.
    fn order(&mut self, order: &str, command: &[&str]) -> u32 {
        let mut line = order.to_owned();
        for word in command {
            write!(line, " '{}'", word.replace('\'', r"'\''")).expect("a string to write to");
        }
        line.push('\n');
        let orders = self.orders.as_mut().expect("the orders of the warden");
        orders.write_all(line.as_bytes()).expect("the warden listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the warden answers");
        answer.trim().parse().expect("the warden answers with a number")
    }

    /// Runs a command to its end.
    fn run(&mut self, command: &[&str]) {
        assert_eq!(self.order("run", command), 0, "{command:?} failed: {}", self.log());
    }

    /// Starts the server and waits until it is ready; false if it ends before that, as it does
    /// when its port is taken.
    fn start(&mut self, command: &[&str], ready: impl Fn() -> bool) -> bool {
        self.kill();
        let server = self.order("start", command);
        self.server = Some(server);
        let started = Instant::now();
        while !ready() {
            if has_ended(server) {
                return false;
            }
            assert!(started.elapsed() < PATIENCE, "{command:?} does not answer: {}", self.log());
            std::thread::sleep(GLANCE);
        }
        true
    }

    fn kill(&mut self) {
        if self.server.take().is_some() {
            self.order("kill", &[]);
        }
    }

    /// The end of what the server has said.
    fn log(&self) -> String {
        let log = std::fs::read(self.dir.join("log")).unwrap_or_default();
        let end = log.get(log.len().saturating_sub(2000)..).unwrap_or_default();
        String::from_utf8_lossy(end).into_owned()
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ended = self.warden.wait();
    }
}

/// Nobody has waited for it yet, so that its number is still its own.
fn has_ended(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat"));
    status.is_ok_and(|status| status.contains(") Z "))
}

/// Links are resolved, because the servers are known by their directories.
fn temp_dir(name: &str) -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let parent = std::env::temp_dir().canonicalize().expect("a directory for temporary files");
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let dir = parent.join(format!("okpay-{name}-{}-{number}", std::process::id()));
        match std::fs::create_dir(&dir) {
            Ok(()) => return dir,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", dir.display()),
        }
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The kernel kills a server whose warden has died.
fn leash() -> Vec<&'static str> {
    assert!(on_path("setpriv").is_some(), "setpriv is missing: apt-get install util-linux");
    vec!["setpriv", "--pdeathsig", "KILL"]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn until(what: &str, mut seen: impl FnMut() -> bool) {
        let started = Instant::now();
        while !seen() {
            assert!(started.elapsed() < PATIENCE, "{what}");
            std::thread::sleep(GLANCE);
        }
    }

    #[test]
    fn a_killed_postgres_comes_back_with_all_that_was_committed() {
        let server = Postgres::start_private(true);
        server.create_database("first", None);
        server.sql("first", "CREATE TABLE t AS SELECT 7 AS n").unwrap();
        server.create_database("copy", Some("first"));
        for n in 1..=2 {
            server.sql("copy", &format!("INSERT INTO t VALUES ({n})")).unwrap();
            server.kill();
            assert!(server.sql("copy", "SELECT 1").is_err());
            server.start();
        }
        assert_eq!(server.sql("copy", "SELECT sum(n) FROM t").as_deref(), Ok("10"));
        server.drop_database("copy");
        assert!(server.sql("copy", "SELECT 1").is_err());
    }

    #[test]
    fn a_killed_redis_comes_back_empty_on_its_port() {
        let mut server = Redis::start();
        let (url, dir) = (server.url(), server.ward.dir.clone());
        server.flush();
        server.kill();
        server.restart();
        server.flush();
        assert_eq!(server.url(), url);
        server.kill();
        drop(server);
        assert!(!dir.exists());
    }

    #[test]
    fn a_taken_port_is_noticed() {
        let (first, mut second) = (Redis::start(), Ward::new("redis"));
        let port = first.url().rsplit(':').next().expect("a port").to_owned();
        assert!(!second.start(&["redis-server", "--port", &port, "--bind", "127.0.0.1"], || false));
        assert!(second.log().contains("Address already in use"), "{}", second.log());
    }

    /// Starts servers, names all that has to go with this process, and waits for its end.
    fn live_until_killed() {
        let (postgres, private, redis) = (postgres(), Postgres::start_private(true), Redis::start());
        private.kill();
        let dirs =
            [&postgres.ward().dir, &private.ward().dir, &redis.ward.dir].map(|dir| text(dir).to_owned());
        let servers = [&postgres.ward(), &redis.ward].map(|ward| ward.server.expect("a server"));
        let servers = servers.map(|server| format!("/proc/{server}"));
        println!("\nREADY {} {}", dirs.join(" "), servers.join(" "));
        let _never = std::io::stdin().read(&mut [0]);
    }

    #[test]
    fn nothing_outlives_a_killed_process() {
        if std::env::var_os("OKPAY_TESTS_VICTIM").is_some() {
            return live_until_killed();
        }
        let mut victim = Command::new(std::env::current_exe().expect("this program"))
            .args(["nothing_outlives_a_killed_process", "--nocapture"])
            .env("OKPAY_TESTS_VICTIM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program again");
        let mut said = BufReader::new(victim.stdout.take().expect("what it says")).lines();
        let ready = said.find_map(|line| Some(line.ok()?.strip_prefix("READY ")?.to_owned()));
        let left: Vec<PathBuf> = ready.expect("all servers").split(' ').map(PathBuf::from).collect();
        assert!(left.len() == 5 && left.iter().all(|place| place.exists()), "{left:?}");
        victim.kill().expect("a process to kill");
        victim.wait().expect("a killed process");
        let is_dead = |status: String| status.contains(") Z ");
        let is_gone = |place: &PathBuf| {
            !place.exists() || std::fs::read_to_string(place.join("stat")).is_ok_and(is_dead)
        };
        until("everything goes", || left.iter().all(is_gone));
    }
}
