//! PostgreSQL checks a batch as a whole, where it checked row by row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Named after the file, as the migration table records it.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite's foreign keys cost next to nothing, and it has no triggers for whole statements.
        if manager.get_database_backend() == DbBackend::Postgres {
            let sql = include_str!("m0002_batches.sql");
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
