//! The history is read along the chains of postings.

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
        db.execute_unprepared(&dialect::render(include_str!("m0003_history.sql"), backend)).await?;
        if backend == DbBackend::Postgres {
            db.execute_unprepared(include_str!("m0003_postings.sql")).await?;
        }
        Ok(())
    }
}
