//! Notices: everything that people are told, by name. A closed enum, so that each has its text in
//! every language.

use super::Category;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Notice {
    /// The code of a registration.
    SignUpCode {
        /// Six digits.
        code: Secret,
    },
    /// Somebody tried to sign up with a handle that has a wallet already.
    HandleTaken,
    /// The code that adds a handle.
    AddHandleCode {
        /// Six digits.
        code: Secret,
    },
    /// The code that answers a question before a change of what guards the wallet.
    SecurityCode {
        /// Six digits.
        code: Secret,
    },
    /// An authenticator app is asked for from now on.
    TotpEnabled,
    /// No authenticator app is asked for any more.
    TotpDisabled,
    /// There are new recovery codes.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: u64,
    },
    /// A handle was added.
    HandleAdded {
        /// Which, with most of it hidden.
        handle: String,
    },
    /// A handle was removed.
    HandleRemoved {
        /// Which, with most of it hidden.
        handle: String,
    },
    /// Another handle is the primary one.
    PrimaryHandleChanged {
        /// Which, with most of it hidden.
        handle: String,
    },
    /// Somebody signed in on a device that was not seen before.
    NewDevice {
        /// How its program calls itself.
        agent: String,
        /// From which address.
        address: String,
        /// What proves to have got this message: it ends all sessions. Not in the inbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Secret>,
    },
    /// A refresh token was used twice, so its session was ended.
    TokenReused,
    /// Somebody said of a sign-in that it was not theirs: all sessions were ended.
    ReportedNotMe,
    /// The password was changed.
    PasswordChanged,
    /// Too many wrong passwords: for a while nobody can try another.
    SignInsStopped,
}

impl Notice {
    /// What it is about. Codes are no entries of an inbox.
    pub fn category(&self) -> Option<Category> {
        match self {
            Self::SignUpCode { .. }
            | Self::HandleTaken
            | Self::AddHandleCode { .. }
            | Self::SecurityCode { .. } => None,
            Self::TotpEnabled
            | Self::TotpDisabled
            | Self::RecoveryCodesRenewed
            | Self::RecoveryCodeUsed { .. }
            | Self::HandleAdded { .. }
            | Self::HandleRemoved { .. }
            | Self::PrimaryHandleChanged { .. }
            | Self::NewDevice { .. }
            | Self::TokenReused
            | Self::ReportedNotMe
            | Self::PasswordChanged
            | Self::SignInsStopped => Some(Category::Security),
        }
    }

    /// The same without what only a message may carry.
    pub(crate) fn for_inbox(&self) -> Self {
        let mut kept = self.clone();
        if let Self::NewDevice { token, .. } = &mut kept {
            *token = None;
        }
        kept
    }
}
