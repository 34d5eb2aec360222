//! The machine: what it is, and how much of it each process took.

use std::fs;
use std::time::{Duration, Instant};

/// Clock ticks a second in /proc; Linux has shown 100 to programs for decades.
const TICKS: u64 = 100;

/// What the machine is, in one line.
pub(crate) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} x {}, {} GiB, {} of them set aside as huge pages, Linux {}",
        model.unwrap_or("unknown CPU"),
        kibibytes() >> 20,
        memory("Hugetlb") >> 20,
        system.trim()
    )
}

/// How much memory it has.
pub(crate) fn kibibytes() -> u64 {
    memory("MemTotal")
}

/// What the kernel says of its memory by this name, in KiB.
fn memory(name: &str) -> u64 {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes =
        memory.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next());
    kibibytes.and_then(|kibibytes| kibibytes.parse().ok()).unwrap_or_default()
}

/// Whose time is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    api: Vec<u32>,
    database: Vec<u32>,
    began: Option<(Instant, [u64; 3])>,
}

/// Hundredths of a core that each took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cpu {
    /// The api, if it is a process of its own.
    pub(crate) api: u64,
    /// The database with its children.
    pub(crate) database: u64,
    /// This process: the load generator, and the bank where it runs in process.
    pub(crate) load: u64,
}

impl Meter {
    /// Of these processes; begins now.
    pub(crate) fn start(api: &[u32], database: &[u32]) -> Self {
        let mut meter = Self { api: api.to_vec(), database: database.to_vec(), began: None };
        meter.began = Some((Instant::now(), meter.read()));
        meter
    }

    fn read(&self) -> [u64; 3] {
        let own = |pids: &[u32]| pids.iter().map(|pid| ticks(&pid.to_string(), false)).sum();
        let families = self.database.iter().map(|pid| family(*pid)).sum();
        [own(&self.api), families, ticks("self", false)]
    }

    /// What each took since the beginning.
    pub(crate) fn stop(&self) -> Cpu {
        let Some((since, before)) = self.began else {
            return Cpu::default();
        };
        let after = self.read();
        let elapsed = u64::try_from(since.elapsed().max(Duration::from_millis(1)).as_millis()).unwrap_or(1);
        let share = |at: usize| after[at].saturating_sub(before[at]) * 1000 * 100 / TICKS / elapsed;
        Cpu { api: share(0), database: share(1), load: share(2) }
    }
}

/// The ticks of a process, with those of children that it has waited for.
fn ticks(pid: &str, with_children: bool) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    let own = field(11) + field(12);
    if with_children { own + field(13) + field(14) } else { own }
}

/// The ticks of a process and its children, the ended ones included.
fn family(pid: u32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let living: u64 = children.split_whitespace().map(|child| ticks(child, false)).sum();
    ticks(&pid.to_string(), true) + living
}
