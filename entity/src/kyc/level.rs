//! Levels: how well a person is known, from a handle alone to its address and where its money comes from.

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// How well a person is known.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// By a verified handle.
    #[default]
    #[sea_orm(num_value = 0)]
    Unknown,
    /// By what it says.
    #[sea_orm(num_value = 1)]
    Declared,
    /// By an identity document.
    #[sea_orm(num_value = 2)]
    Identified,
    /// By its address and where its money comes from, too.
    #[sea_orm(num_value = 3)]
    Full,
}

impl Level {
    /// From 0 to 3.
    pub fn number(self) -> i32 {
        self.to_value()
    }
}
