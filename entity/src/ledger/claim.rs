//! Claims: what an act was built on, and has to be true still when it is written.
//!
//! Whoever hands in a command has looked things up before, perhaps long ago: whose session it is,
//! who is reached by a handle. Instead of asking anew for each act, it says so in a claim. The
//! ledger checks the claims of a whole batch in the statement that writes it, so a session that was
//! ended a moment ago moves no money.

use crate::handle::Handle;
use crate::id::{SessionId, UserId};
use crate::refusal::{Code, Refusal};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Claim {
    /// The session is this person's, and open.
    Session(SessionId, UserId),
    /// The handle reaches this person.
    Handle(Handle, UserId),
}

impl Claim {
    /// The session and whose it is.
    pub(crate) fn session_of(&self) -> Option<(SessionId, UserId)> {
        match self {
            Self::Session(session, user) => Some((*session, *user)),
            Self::Handle(..) => None,
        }
    }

    /// The handle and whom it reaches.
    pub(crate) fn handle_of(&self) -> Option<(&Handle, UserId)> {
        match self {
            Self::Handle(handle, user) => Some((handle, *user)),
            Self::Session(..) => None,
        }
    }

    /// What is answered where it is not true.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Session(..) => Code::SessionEnded.into(),
            Self::Handle(..) => Code::RecipientUnknown.at("to"),
        }
    }
}
