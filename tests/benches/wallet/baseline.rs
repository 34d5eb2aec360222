//! What one would pick instead: the database alone, driven by pgbench.
//!
//! TPC-B as pgbench ships it; a minimal transfer as seven statements in a transaction; the same as
//! one call of a PL/pgSQL function. The transfers lock both balances, refuse an overdraft, and write
//! a transaction with its own key and two postings: the least that a ledger has to do.

use std::path::Path;
use std::time::Duration;
use tests::servers::Postgres;

/// What pgbench runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Script {
    /// As pgbench ships it.
    TpcB,
    /// A transfer, statement by statement.
    Statements,
    /// A transfer as one call.
    Function,
}

const TABLES: &str = "
CREATE TABLE balances (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0), seq bigint NOT NULL)
    WITH (fillfactor = 50);
CREATE TABLE acts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payer bigint NOT NULL, key bigint NOT NULL,
    payee bigint NOT NULL, amount bigint NOT NULL CHECK (amount > 0), at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (payer, key));
CREATE TABLE entries (account bigint, seq bigint, act bigint NOT NULL, amount bigint NOT NULL,
    balance_after bigint NOT NULL, PRIMARY KEY (account, seq));
CREATE FUNCTION pay(payer_id bigint, payee_id bigint, act_key bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE paid balances; got balances; act_id bigint;
BEGIN
    PERFORM 1 FROM balances WHERE id IN (payer_id, payee_id) ORDER BY id FOR UPDATE;
    UPDATE balances SET balance = balance - 1, seq = seq + 1 WHERE id = payer_id RETURNING * INTO paid;
    UPDATE balances SET balance = balance + 1, seq = seq + 1 WHERE id = payee_id RETURNING * INTO got;
    INSERT INTO acts (payer, key, payee, amount) VALUES (payer_id, act_key, payee_id, 1) RETURNING id INTO act_id;
    INSERT INTO entries VALUES (payer_id, paid.seq, act_id, -1, paid.balance), (payee_id, got.seq, act_id, 1, got.balance);
    RETURN act_id;
END $$;
";

const CHOOSE: &str = "\\set payer random(1, :people)\n\\set payee 1 + (:payer + random(0, :people - 2)) % :people\n\\set key random(1, 9000000000000000)\n";
const STATEMENTS: &str = "BEGIN;
SELECT id FROM balances WHERE id IN (:payer, :payee) ORDER BY id FOR UPDATE;
UPDATE balances SET balance = balance - 1, seq = seq + 1 WHERE id = :payer RETURNING balance AS paid, seq AS pseq \\gset
UPDATE balances SET balance = balance + 1, seq = seq + 1 WHERE id = :payee RETURNING balance AS got, seq AS gseq \\gset
INSERT INTO acts (payer, key, payee, amount) VALUES (:payer, :key, :payee, 1) RETURNING id AS act \\gset
INSERT INTO entries VALUES (:payer, :pseq, :act, -1, :paid), (:payee, :gseq, :act, 1, :got);
COMMIT;
";
const FUNCTION: &str = "SELECT pay(:payer, :payee, :key);\n";

/// A database with pgbench's own tables and ours beside them.
pub(crate) struct Baseline<'a> {
    server: &'a Postgres,
    people: usize,
}

/// Transactions a second and latencies; pgbench itself says only the mean.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    /// Transactions a second.
    pub(crate) rate: u64,
    /// Half of them took no longer.
    pub(crate) p50: Duration,
    /// 99 of 100 took no longer.
    pub(crate) p99: Duration,
}

impl<'a> Baseline<'a> {
    /// Prepares both, with this scale of TPC-B and so many accounts of the transfers.
    pub(crate) fn prepare(server: &'a Postgres, scale: usize, people: usize) -> Self {
        server.create_database("pgbench", None);
        let init = server.program("pgbench", &["-i", "-q", "-s", &scale.to_string()], "pgbench");
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let fill =
            format!("INSERT INTO balances SELECT i, 100000000, 0 FROM generate_series(1, {people}) AS i");
        for statement in [TABLES, &fill, "VACUUM ANALYZE"] {
            server.sql("pgbench", statement).expect("tables of the baseline");
        }
        Self { server, people }
    }

    /// Runs a script with so many clients for so long.
    pub(crate) fn run(&self, script: Script, clients: usize, time: Duration) -> Rate {
        let dir = tempdir();
        let (c, t) = (clients.to_string(), time.as_secs().max(1).to_string());
        let mut arguments = vec!["-n", "-M", "prepared", "-c", &c, "-T", &t];
        let (prefix, people, file) =
            (format!("{dir}/log"), format!("people={}", self.people), format!("{dir}/script"));
        arguments.extend(["-l", "--log-prefix", &prefix]);
        let text = match script {
            Script::TpcB => None,
            Script::Statements => Some(STATEMENTS),
            Script::Function => Some(FUNCTION),
        };
        if let Some(text) = text {
            std::fs::write(&file, format!("{CHOOSE}{text}")).expect("a script of pgbench");
            arguments.extend(["-D", &people, "-f", &file]);
        }
        let output = self.server.program("pgbench", &arguments, "pgbench");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rate = rate(&String::from_utf8_lossy(&output.stdout));
        let latencies = latencies(Path::new(&dir));
        let _gone = std::fs::remove_dir_all(&dir);
        let at = |thousandths: usize| {
            let last = latencies.len().saturating_sub(1);
            Duration::from_micros(latencies.get(last * thousandths / 1000).copied().unwrap_or_default())
        };
        Rate { rate, p50: at(500), p99: at(990) }
    }
}

fn tempdir() -> String {
    let dir = std::env::temp_dir().join(format!("okpay-pgbench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for the logs of pgbench");
    dir.display().to_string()
}

/// `tps = 2345.678 (without initial connection time)`
fn rate(output: &str) -> u64 {
    let line = output.lines().find_map(|line| line.strip_prefix("tps = "));
    let whole = line.and_then(|line| line.split(['.', ' ']).next()?.parse().ok());
    whole.expect("pgbench says its rate")
}

/// The third field of each line of the logs is the latency in microseconds.
fn latencies(dir: &Path) -> Vec<u64> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("log") {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            all.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
        }
    }
    all.sort_unstable();
    all
}
