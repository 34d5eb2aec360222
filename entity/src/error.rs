//! What can come back instead of an answer: a refusal, or a fault.
//!
//! A refusal is shown to the caller. A fault is not: it is logged once where it is turned into an
//! answer, and the caller learns only that it may try again. A bug is neither; it panics.

use crate::refusal::{Code, Refusal};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Not the answer that was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The house says no, and why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The house can't, at present.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Shorthand for everything that can be refused or fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something outside the rules went wrong; trying again is safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database said so.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// Stored data is not what the program wrote.
    #[error("stored data is broken: {0}")]
    Corrupt(&'static str),
    /// A part of the program is gone, as during shutdown.
    #[error("stopped: {0}")]
    Stopped(&'static str),
}

impl Fault {
    /// Whether the database could not be asked at all, so that nothing is known about the
    /// statement itself.
    pub(crate) fn is_connection(&self) -> bool {
        match self {
            Self::Database(error) => connection_error(error),
            Self::Corrupt(_) | Self::Stopped(_) => false,
        }
    }

    /// Whether a statement failed by this constraint of the database.
    pub(crate) fn is_about(&self, constraint: &str) -> bool {
        matches!(self, Self::Database(error)
            if statement_error(error).is_some_and(|error| error.constraint() == Some(constraint)))
    }

    /// Whether a statement failed because somebody else was faster: a key that is there already, a
    /// guard that divides by zero, a deadlock. Nothing was written.
    pub(crate) fn is_rivalry(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        let code = statement_error(error).and_then(|error| error.code());
        code.is_some_and(|code| RIVALRY.contains(&code.as_ref()))
    }
}

/// Codes of PostgreSQL: `unique_violation`, `division_by_zero`, `serialization_failure`,
/// `deadlock_detected`.
const RIVALRY: [&str; 4] = ["23505", "22012", "40001", "40P01"];

/// The error of the database that is behind an error of ours.
#[expect(clippy::wildcard_enum_match_arm, reason = "foreign error enums grow; no other is of a statement")]
fn statement_error(error: &DbErr) -> Option<&(dyn sea_orm::sqlx::error::DatabaseError + 'static)> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error()
        }
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "foreign error enums grow; all others are data errors")]
fn connection_error(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error().is_none()
        }
        _ => false,
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Fault(Fault::Database(error))
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

/// Turns a broken unique rule into the refusal that it means.
pub(crate) fn unique_or(code: Refusal) -> impl FnOnce(DbErr) -> Error {
    move |error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => code.into(),
        _ => error.into(),
    }
}
