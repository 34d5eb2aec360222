//! Notices: everything that people are told, by name. A closed enum, so that each has its text in
//! every language.

use super::Category;
use crate::alert_rule::RuleKind;
use crate::kyc::Level;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Notice {
    /// A code to be shown.
    Code {
        /// Six digits.
        code: Secret,
        /// What it is for.
        purpose: CodePurpose,
    },
    /// Somebody tried to sign up with a handle that has a wallet already.
    HandleTaken,
    /// A program may act for the person with a key from now on.
    ApiKeyCreated {
        /// What the person calls it.
        name: String,
        /// The beginning and the end of its secret.
        hint: String,
    },
    /// The person ended a key.
    ApiKeyRevoked {
        /// What the person calls it.
        name: String,
        /// The beginning and the end of its secret.
        hint: String,
    },
    /// A payee is trusted from now on.
    PayeeTrusted {
        /// Who, with most of it hidden.
        payee: String,
    },
    /// An authenticator app is asked for from now on.
    TotpEnabled,
    /// No authenticator app is asked for any more.
    TotpDisabled,
    /// A passkey was added.
    PasskeyAdded {
        /// What the person calls it.
        name: String,
    },
    /// A passkey was removed.
    PasskeyRemoved {
        /// What the person calls it.
        name: String,
    },
    /// A passkey was refused because its counter went back: there may be a copy of it.
    PasskeyCopied {
        /// What the person calls it.
        name: String,
    },
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
    /// What a forgotten password is replaced with.
    PasswordReset {
        /// What proves to read the handle.
        token: Secret,
    },
    /// There are other security questions, or none any more.
    SecurityQuestionsChanged,
    /// The person has locked its wallet.
    Locked,
    /// The person has unlocked its wallet.
    Unlocked,
    /// What operators were asked for, and what they decided.
    Case(Case),
    /// What the person waited for with exchange rates.
    Waited(Waited),
    /// The wallet was closed, and its person forgotten.
    Closed,
    /// Several sign-ins in a row have failed.
    SignInsFailed {
        /// How the program of the last calls itself.
        agent: String,
        /// From which address the last was.
        address: String,
    },
    /// Too many wrong passwords: for a while nobody can try another.
    SignInsStopped,
    /// What the person wanted to be told of its money.
    Alert(Alert),
}

/// What a person wanted to be told of its money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What its rule is about.
    pub kind: RuleKind,
    /// How much has moved, with its currency.
    pub amount: String,
    /// Who or what is at the other end, with most of it hidden; none, where nobody is or is known any more.
    pub other: Option<String>,
    /// The balance after it, with its currency.
    pub balance: String,
}

/// What operators were asked for, and what they decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "kebab-case")]
pub enum Case {
    /// The person is known better.
    LevelRaised {
        /// How well.
        level: Level,
    },
    /// The person is not known better.
    LevelRefused {
        /// Why.
        reason: String,
    },
    /// Somebody says to have lost the handles of the wallet.
    RecoveryOpened {
        /// The handle that it is to have, with most of it hidden.
        handle: String,
        /// What cancels it. Not in the inbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Secret>,
    },
    /// In three days the wallet has another handle.
    RecoveryApproved {
        /// What cancels it. Not in the inbox.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<Secret>,
    },
    /// The wallet keeps its handles.
    RecoveryCancelled,
    /// What came of it that a payment was said not to be the person's.
    DisputeDecided {
        /// Whether it was not.
        upheld: bool,
        /// Why.
        reason: String,
    },
    /// A payment that waited has gone back.
    PaymentRejected {
        /// How much, with its currency.
        amount: String,
    },
    /// The wallet has another handle in place of one that was lost.
    WalletRecovered {
        /// Which, with most of it hidden.
        handle: String,
    },
}

/// What a person waited for with exchange rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "waited", rename_all = "kebab-case")]
pub enum Waited {
    /// A rate was reached.
    RateReached {
        /// Of what, such as `EUR/USD`.
        pair: String,
        /// The rate.
        rate: String,
    },
    /// An order was executed.
    OrderDone {
        /// What was paid, with its currency.
        paid: String,
        /// Into which currency.
        currency: String,
    },
    /// An order could not be executed when its rate was reached.
    OrderFailed {
        /// What was to be paid, with its currency.
        paid: String,
        /// Into which currency.
        currency: String,
        /// The code of the refusal.
        code: String,
    },
}

/// What a code is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "kebab-case")]
pub enum CodePurpose {
    /// To open a wallet.
    SignUp,
    /// To add a handle.
    AddHandle,
    /// To get a wallet back whose handle is lost.
    Recover,
    /// To change what guards the wallet.
    Security,
    /// To answer for a payment. It names what is paid (dynamic linking).
    Payment {
        /// Who is paid.
        payee: String,
        /// How much, with its currency.
        amount: String,
    },
}

impl Notice {
    /// What it is about. Codes are no entries of an inbox.
    pub fn category(&self) -> Option<Category> {
        match self {
            Self::Code { .. } | Self::HandleTaken | Self::PasswordReset { .. } | Self::Closed => None,
            Self::ApiKeyCreated { .. }
            | Self::ApiKeyRevoked { .. }
            | Self::PayeeTrusted { .. }
            | Self::TotpEnabled
            | Self::TotpDisabled
            | Self::PasskeyAdded { .. }
            | Self::PasskeyRemoved { .. }
            | Self::PasskeyCopied { .. }
            | Self::RecoveryCodesRenewed
            | Self::RecoveryCodeUsed { .. }
            | Self::HandleAdded { .. }
            | Self::HandleRemoved { .. }
            | Self::PrimaryHandleChanged { .. }
            | Self::NewDevice { .. }
            | Self::TokenReused
            | Self::ReportedNotMe
            | Self::PasswordChanged
            | Self::SecurityQuestionsChanged
            | Self::Locked
            | Self::Unlocked
            | Self::Case(_)
            | Self::SignInsFailed { .. }
            | Self::SignInsStopped => Some(Category::Security),
            Self::Waited(_) | Self::Alert(_) => Some(Category::Payments),
        }
    }

    /// The same without what only a message may carry.
    pub(crate) fn for_inbox(&self) -> Self {
        let mut kept = self.clone();
        if let Self::NewDevice { token, .. }
        | Self::Case(Case::RecoveryOpened { token, .. } | Case::RecoveryApproved { token }) = &mut kept
        {
            *token = None;
        }
        kept
    }
}
