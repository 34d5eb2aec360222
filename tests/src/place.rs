//! Where a world keeps its data: a SQLite file, or a database on the PostgreSQL of this process. It goes with
//! the world, even if its test failed.

use crate::servers;
use crate::world::Setup;
use entity::Db;
use std::path::PathBuf;
use uuid::Uuid;

/// What is removed with the world.
pub(crate) enum Place {
    File(PathBuf),
    Database(String),
}

impl Place {
    /// A new, empty, migrated database.
    pub(crate) async fn new(setup: Setup) -> (Self, Db) {
        let name = format!("world_{}", Uuid::new_v4().simple());
        match setup {
            Setup::Embedded => {
                let file = std::env::temp_dir().join(format!("{name}.db"));
                let db = Db::connect(&format!("sqlite://{}", file.display())).await.expect("SQLite opens");
                migration::run(db.connection()).await.expect("migrations run");
                (Self::File(file), db)
            }
            Setup::Real => {
                let server = servers::postgres();
                server.create_database(&name, Some(template().await));
                let db = Db::connect(&server.url(&name)).await.expect("PostgreSQL answers");
                (Self::Database(name), db)
            }
        }
    }
}

/// The database that all worlds on PostgreSQL are copied from: migrated once.
async fn template() -> &'static str {
    static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    READY
        .get_or_init(|| async {
            servers::postgres().create_database("template_world", None);
            let url = servers::postgres().url("template_world");
            let db = Db::connect(&url).await.expect("PostgreSQL answers");
            migration::run(db.connection()).await.expect("migrations run");
            db.close().await;
        })
        .await;
    "template_world"
}

impl Drop for Place {
    fn drop(&mut self) {
        match self {
            Self::File(file) => {
                for end in ["", "-wal", "-shm"] {
                    let _gone = std::fs::remove_file(format!("{}{end}", file.display()));
                }
            }
            Self::Database(name) => {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                let _gone = servers::postgres().sql("postgres", &drop);
            }
        }
    }
}
