//! Changes: what is proposed by one operator and done when another approves it.

use crate::bank::Bank;
use crate::error::Result;
use crate::fee::{self, Schedule};
use crate::id::{ApplicationId, ProposalId, RecoveryId, SanctionHitId, SheetId, TransactionId, UserId};
use crate::money::Currency;
use crate::operator::{self, Role};
use crate::outbox::{self, Job};
use crate::refusal::Code;
use crate::secret::Secret;
use crate::{fraud, freeze, kyc, rate, recovery, review, sanction};
use rust_decimal::Decimal;
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Money may leave a person's accounts again.
    UnfreezeUser {
        /// Whose.
        user: UserId,
    },
    /// A person is known better.
    RaiseLevel {
        /// What it has applied with.
        application: ApplicationId,
    },
    /// A wallet whose handle is lost gets another.
    RecoverHandle {
        /// The case.
        recovery: RecoveryId,
    },
    /// A payment goes on that has waited for operators.
    ReleasePayment {
        /// Which.
        transaction: TransactionId,
    },
    /// A person who was taken for somebody on a sanctions list is somebody else.
    ClearConfirmedHit {
        /// What was confirmed.
        hit: SanctionHitId,
    },
    /// Payments are screened by other rules.
    SetFraudRules {
        /// Which.
        rules: Vec<fraud::Rule>,
    },
    /// Rates that were held are used.
    AcceptRates {
        /// The sheet.
        sheet: SheetId,
    },
    /// A rate is set by hand for a while.
    SetRate {
        /// What is priced.
        base: Currency,
        /// In what.
        quote: Currency,
        /// How many quote units one base unit costs.
        rate: Decimal,
        /// For so many minutes.
        minutes: i64,
    },
    /// Exchanging costs something else.
    SetFees {
        /// What.
        schedule: Schedule,
    },
    /// Somebody may sign in as an operator, or with other roles, or again with another password and app.
    InviteOperator {
        /// By which name.
        name: String,
        /// To do what.
        roles: Vec<Role>,
        /// The first half of the invitation, which only the proposer is shown.
        half: Secret,
    },
}

impl Change {
    /// What proposes and decides it.
    pub(super) fn role(&self) -> Role {
        match self {
            Self::UnfreezeUser { .. }
            | Self::RaiseLevel { .. }
            | Self::RecoverHandle { .. }
            | Self::ReleasePayment { .. }
            | Self::ClearConfirmedHit { .. }
            | Self::SetFraudRules { .. } => Role::Reviewer,
            Self::AcceptRates { .. } | Self::SetRate { .. } | Self::SetFees { .. } => Role::Treasurer,
            Self::InviteOperator { .. } => Role::Admin,
        }
    }

    /// An operator to be invited. Neither who proposes nor who approves can take the invitation up alone.
    pub fn invite(name: String, roles: Vec<Role>) -> Self {
        Self::InviteOperator { name, roles, half: operator::new_half() }
    }

    /// The first half of an invitation.
    pub fn first_half(&self) -> Option<&Secret> {
        if let Self::InviteOperator { half, .. } = self { Some(half) } else { None }
    }

    /// What it is about: a person, an application, a case, or the digest of an operator's name.
    pub fn subject(&self, bank: &Bank) -> Uuid {
        match self {
            Self::UnfreezeUser { user } => user.0,
            Self::RaiseLevel { application } => application.0,
            Self::RecoverHandle { recovery } => recovery.0,
            Self::ReleasePayment { transaction } => transaction.0,
            Self::ClearConfirmedHit { hit } => hit.0,
            Self::AcceptRates { sheet } => sheet.0,
            Self::SetRate { base, quote, .. } => {
                bank.vault.digest(&[b"rate", base.code().as_bytes(), quote.code().as_bytes()]).0
            }
            Self::SetFraudRules { .. } => bank.vault.digest(&[b"fraud-rules"]).0,
            Self::SetFees { .. } => bank.vault.digest(&[b"fees"]).0,
            Self::InviteOperator { name, .. } => bank.vault.digest(&[b"operator", name.as_bytes()]).0,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::UnfreezeUser { .. } => "UNFREEZE_USER",
            Self::RaiseLevel { .. } => "RAISE_LEVEL",
            Self::RecoverHandle { .. } => "RECOVER_HANDLE",
            Self::ReleasePayment { .. } => "RELEASE_PAYMENT",
            Self::ClearConfirmedHit { .. } => "CLEAR_CONFIRMED_HIT",
            Self::SetFraudRules { .. } => "SET_FRAUD_RULES",
            Self::AcceptRates { .. } => "ACCEPT_RATES",
            Self::SetRate { .. } => "SET_RATE",
            Self::SetFees { .. } => "SET_FEES",
            Self::InviteOperator { .. } => "INVITE_OPERATOR",
        }
    }

    /// Refuses what could not be done now.
    pub(super) async fn check(&self, bank: &Bank) -> Result<()> {
        match self {
            Self::UnfreezeUser { user } => {
                sanction::refuse_listed(bank.db.connection(), *user).await?;
                freeze::check_frozen(bank, *user).await
            }
            Self::RaiseLevel { application } => kyc::check_open(bank, *application).await,
            Self::RecoverHandle { recovery } => recovery::check_open(bank, *recovery).await.map(drop),
            Self::ReleasePayment { transaction } => {
                review::check_releasable(bank.db.connection(), *transaction).await
            }
            Self::ClearConfirmedHit { hit } => sanction::check_confirmed(bank.db.connection(), *hit).await,
            Self::SetFraudRules { rules } => Ok(fraud::check(rules)?),
            Self::AcceptRates { sheet } => rate::check_held(bank.db.connection(), *sheet).await.map(drop),
            Self::SetRate { base, quote, rate, minutes } => {
                rate::check_by_hand(*base, *quote, *rate, *minutes)
            }
            // A schedule that could not be in force can't be made.
            Self::SetFees { .. } => Ok(()),
            Self::InviteOperator { name, roles, .. } => {
                operator::parse_name(name)?;
                if roles.is_empty() { Err(Code::RoleMissing.at("roles").into()) } else { Ok(()) }
            }
        }
    }

    /// Does it; an invitation has a second half, which is shown once.
    pub(super) async fn make(
        &self,
        bank: &Bank,
        tx: &DatabaseTransaction,
        proposal: ProposalId,
    ) -> Result<Option<Secret>> {
        match self {
            Self::UnfreezeUser { user } => {
                sanction::refuse_listed(tx, *user).await?;
                freeze::set(bank, tx, *user, false).await.map(|_| None)
            }
            Self::RaiseLevel { application } => kyc::approve(bank, tx, *application).await.map(|()| None),
            Self::RecoverHandle { recovery } => recovery::approve(bank, tx, *recovery).await.map(|()| None),
            Self::ReleasePayment { transaction } => {
                review::check_releasable(tx, *transaction).await?;
                let job = Job::ReleasePayment { transaction: *transaction, proposal };
                outbox::put(tx, job, bank.clock.now()).await.map(|()| None)
            }
            Self::ClearConfirmedHit { hit } => sanction::overturn(tx, *hit, proposal).await.map(|()| None),
            Self::SetFraudRules { rules } => fraud::set(bank, tx, rules, proposal).await.map(|()| None),
            Self::AcceptRates { sheet } => rate::accept(bank, tx, *sheet).await.map(|()| None),
            Self::SetRate { base, quote, rate, minutes } => {
                rate::set_by_hand(bank, tx, (*base, *quote), *rate, *minutes).await.map(|()| None)
            }
            Self::SetFees { schedule } => fee::set(bank, tx, schedule).await.map(|()| None),
            Self::InviteOperator { name, roles, half } => {
                let other = operator::new_half();
                let token = operator::join_halves(half, &other);
                operator::invite_in(bank, tx, name, roles, &token).await?;
                Ok(Some(other))
            }
        }
    }
}
