//! What is said in a case. It is sealed, and forgotten with the case.

use super::RecoveryState;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Fault;
use crate::handle::{Handle, HandleKind};
use crate::id::{RecoveryId, UserId};
use crate::kyc::Document;
use crate::seal::{Place, Sealed};
use crate::secret::Secret;
use crate::table::recovery_case;
use serde::{Deserialize, Serialize};

/// The answers to the security questions, where the house has them: one signal among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// In the order in which the questions were chosen; nobody has looked at them.
    Given(Vec<Secret>),
    /// Whether all were right; none, where there are no questions, or too many tries. The answers are forgotten.
    Checked(Option<bool>),
}

/// What somebody who has lost a handle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The handle that is lost.
    pub lost: Handle,
    /// What happened, in its own words.
    pub statement: String,
    /// What shows who it is.
    pub documents: Vec<Document>,
    /// Whether the second factor is lost, too.
    pub second_factor_lost: bool,
    /// What it answered to the security questions.
    pub answers: Answers,
}

/// What is kept of it.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    lost: (HandleKind, String),
    found: (HandleKind, String),
    statement: String,
    documents: Vec<Document>,
    second_factor_lost: bool,
    answers: Answers,
}

/// A case, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// What was said; none, if the case is over.
    pub claim: Option<Claim>,
    /// The handle that the wallet is to have; none, if the case is over.
    pub found: Option<Handle>,
    /// Whose handle it was; none where it is nobody's.
    pub user: Option<UserId>,
    /// Where it stands.
    pub state: RecoveryState,
    /// When it was opened.
    pub opened_at: Time,
    /// When it takes effect.
    pub effective_at: Option<Time>,
}

const CLAIM: &str = "recovery_cases.claim";

impl Recovery {
    pub(super) fn read(bank: &Bank, row: &recovery_case::Model) -> Result<Self, Fault> {
        let kept = row.claim.as_ref().map(|sealed| {
            let text = bank.vault.house().open_text(Place(CLAIM, row.id.0), sealed)?;
            serde_json::from_str::<Kept>(&text).map_err(|_| Fault::Corrupt("a claim can't be read"))
        });
        let kept = kept.transpose()?;
        let stored = |(kind, value): (HandleKind, String)| Handle::stored(kind, value);
        Ok(Self {
            id: row.id,
            found: kept.as_ref().map(|kept| stored(kept.found.clone())),
            claim: kept.map(|kept| Claim {
                lost: stored(kept.lost),
                statement: kept.statement,
                documents: kept.documents,
                second_factor_lost: kept.second_factor_lost,
                answers: kept.answers,
            }),
            user: row.user_id,
            state: row.state,
            opened_at: row.opened_at,
            effective_at: row.effective_at,
        })
    }
}

impl Claim {
    /// Seals what was said, and the handle whose code was shown.
    pub(super) fn seal(self, bank: &Bank, id: RecoveryId, found: &Handle) -> Result<Sealed, Fault> {
        let handle = |handle: &Handle| (handle.kind(), handle.as_str().to_owned());
        let kept = Kept {
            lost: handle(&self.lost),
            found: handle(found),
            statement: self.statement,
            documents: self.documents,
            second_factor_lost: self.second_factor_lost,
            answers: self.answers,
        };
        let text = serde_json::to_string(&kept).unwrap_or_default();
        bank.vault.house().seal_text(Place(CLAIM, id.0), &text)
    }
}
