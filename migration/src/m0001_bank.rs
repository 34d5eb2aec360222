//! The first house: people, accounts, transactions, postings, and what is to be done later.

use crate::dialect;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Named after the file, as the migration table records it.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (db, backend) = (manager.get_connection(), manager.get_database_backend());
        for sql in [
            include_str!("m0001_people.sql"),
            include_str!("m0001_ledger.sql"),
            include_str!("m0001_later.sql"),
        ] {
            db.execute_unprepared(&dialect::render(sql, backend)).await?;
        }
        // SQLite's foreign keys cost next to nothing, and it has no triggers for whole statements.
        if backend == DbBackend::Postgres {
            db.execute_unprepared(include_str!("m0001_batches.sql")).await?;
        }
        Ok(())
    }
}
