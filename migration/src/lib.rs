//! The history of the database.
//!
//! Each migration is one SQL text, written once for PostgreSQL and SQLite; where the two engines
//! differ a placeholder stands (see [`dialect`]). It is SQL and not a builder because an auditor
//! reads it: every law of the ledger is repeated here as a constraint or a trigger.
//!
//! Guarantees: [`run`] applies each migration once, in order, in one database transaction under a
//! lock, however many processes start at the same moment. Refuses: nothing is undone by a
//! migration; a mistake is mended by the next one.

mod dialect;
mod m0001_bank;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Any number, the same in every process: it names the lock under which migrations run.
const LOCK: &str = "SELECT pg_advisory_xact_lock(5065171)";

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let sql: [Sql; 24] = [
            Sql { name: "m0002_operators", text: include_str!("m0002_operators.sql") },
            Sql { name: "m0003_passkeys", text: include_str!("m0003_passkeys.sql") },
            Sql { name: "m0004_api_keys", text: include_str!("m0004_api_keys.sql") },
            Sql { name: "m0005_terms", text: include_str!("m0005_terms.sql") },
            Sql { name: "m0006_guard", text: include_str!("m0006_guard.sql") },
            Sql { name: "m0007_security_questions", text: include_str!("m0007_security_questions.sql") },
            Sql { name: "m0008_kyc", text: include_str!("m0008_kyc.sql") },
            Sql { name: "m0009_recovery", text: include_str!("m0009_recovery.sql") },
            Sql { name: "m0010_limits", text: include_str!("m0010_limits.sql") },
            Sql { name: "m0011_exchange", text: include_str!("m0011_exchange.sql") },
            Sql { name: "m0012_fraud", text: include_str!("m0012_fraud.sql") },
            Sql { name: "m0013_review", text: include_str!("m0013_review.sql") },
            Sql { name: "m0014_dispute", text: include_str!("m0014_dispute.sql") },
            Sql { name: "m0015_fraud_rules", text: include_str!("m0015_fraud_rules.sql") },
            Sql { name: "m0016_sanction", text: include_str!("m0016_sanction.sql") },
            Sql { name: "m0017_alert_rule", text: include_str!("m0017_alert_rule.sql") },
            Sql { name: "m0018_case", text: include_str!("m0018_case.sql") },
            Sql { name: "m0019_country", text: include_str!("m0019_country.sql") },
            Sql { name: "m0020_decision", text: include_str!("m0020_decision.sql") },
            Sql { name: "m0021_words", text: include_str!("m0021_words.sql") },
            Sql { name: "m0022_checks", text: include_str!("m0022_checks.sql") },
            Sql { name: "m0023_locks", text: include_str!("m0023_locks.sql") },
            Sql { name: "m0024_revocations", text: include_str!("m0024_revocations.sql") },
            Sql { name: "m0025_revoking", text: include_str!("m0025_revoking.sql") },
        ];
        let mut all: Vec<Box<dyn MigrationTrait>> = vec![Box::new(m0001_bank::Migration)];
        for migration in sql {
            all.push(Box::new(migration));
        }
        all
    }
}

/// A migration that is nothing but its SQL. Its name is recorded in the database and never changes.
struct Sql {
    name: &'static str,
    text: &'static str,
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = dialect::render(self.text, manager.get_database_backend());
        manager.get_connection().execute_unprepared(&text).await.map(drop)
    }
}

/// Brings the database up to date; does nothing where it is.
///
/// # Errors
/// When the database can't be reached or refuses a statement; then nothing has changed.
#[expect(clippy::disallowed_methods, reason = "migrations come before everything else")]
pub async fn run(db: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(LOCK).await?;
    }
    Migrator::up(&tx, None).await?;
    tx.commit().await
}
