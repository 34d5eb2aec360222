//! What can be proposed: what touches money or identity.

use super::account::Role;
use super::fraud::FraudRule;
use super::treasury::FeeRule;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal};
use async_graphql::{ID, InputObject, OneofObject, SimpleObject, Union};
use entity::fee::Schedule;
use entity::id::{ApplicationId, RecoveryId, SanctionHitId, SheetId, TransactionId, UserId};
use entity::proposal::Change as Proposed;
use entity::rate_alert::parse_rate;

/// A person whose money may leave again.
#[derive(SimpleObject)]
pub(crate) struct UnfreezeUser {
    /// The global id of the person.
    user_id: ID,
}

/// A person that is known better.
#[derive(SimpleObject)]
pub(crate) struct RaiseLevel {
    /// The global id of the application.
    application_id: ID,
}

/// A wallet whose handle is lost, and that gets another.
#[derive(SimpleObject)]
pub(crate) struct RecoverHandle {
    /// The global id of the case.
    recovery_case_id: ID,
}

/// A payment that has waited, and goes on.
#[derive(SimpleObject)]
pub(crate) struct ReleasePayment {
    /// The global id of the transaction.
    transaction_id: ID,
}

/// A hit that was confirmed, and is to be cleared: a mistake, or somebody who has left the list.
#[derive(SimpleObject)]
pub(crate) struct ClearConfirmedHit {
    /// The global id of the hit.
    sanction_hit_id: ID,
}

/// Somebody who may sign in as an operator, or with other roles, or again with another password and app.
#[derive(SimpleObject)]
pub(crate) struct InviteOperator {
    /// The name to sign in with.
    name: String,
    /// What it may do.
    roles: Vec<Role>,
}

/// Rates that were held, and are to be used.
#[derive(SimpleObject)]
pub(crate) struct AcceptRates {
    /// The global id of the rates.
    rates_id: ID,
}

/// A rate that is set by hand for a while.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "SetRateInput", name = "SetRate")]
pub(crate) struct SetRate {
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// How many quote units one base unit costs: at most twelve decimal digits.
    rate: Decimal,
    /// For so many minutes: 1 to 10080, a week.
    minutes: i32,
}

/// What exchanging is to cost.
#[derive(SimpleObject)]
pub(crate) struct SetFees {
    /// The rules; the first that fits counts.
    rules: Vec<FeeRule>,
}

/// Other rules by which payments are to be screened.
#[derive(SimpleObject)]
pub(crate) struct SetFraudRules {
    /// All that are to be in force.
    rules: Vec<FraudRule>,
}

/// What is proposed.
#[derive(Union)]
pub(crate) enum Change {
    /// Reviewers decide.
    UnfreezeUser(UnfreezeUser),
    /// Reviewers decide.
    RaiseLevel(RaiseLevel),
    /// Reviewers decide.
    RecoverHandle(RecoverHandle),
    /// Reviewers decide.
    ReleasePayment(ReleasePayment),
    /// Reviewers decide.
    ClearConfirmedHit(ClearConfirmedHit),
    /// Reviewers decide.
    SetFraudRules(SetFraudRules),
    /// Treasurers decide.
    AcceptRates(AcceptRates),
    /// Treasurers decide.
    SetRate(SetRate),
    /// Treasurers decide.
    SetFees(SetFees),
    /// Admins decide.
    InviteOperator(InviteOperator),
}

impl From<Proposed> for Change {
    fn from(change: Proposed) -> Self {
        match change {
            Proposed::UnfreezeUser { user } => {
                Self::UnfreezeUser(UnfreezeUser { user_id: user.to_global().to_id() })
            }
            Proposed::RaiseLevel { application } => {
                Self::RaiseLevel(RaiseLevel { application_id: application.to_global().to_id() })
            }
            Proposed::RecoverHandle { recovery } => {
                Self::RecoverHandle(RecoverHandle { recovery_case_id: recovery.to_global().to_id() })
            }
            Proposed::ReleasePayment { transaction } => {
                Self::ReleasePayment(ReleasePayment { transaction_id: transaction.to_global().to_id() })
            }
            Proposed::ClearConfirmedHit { hit } => {
                Self::ClearConfirmedHit(ClearConfirmedHit { sanction_hit_id: hit.to_global().to_id() })
            }
            Proposed::SetFraudRules { rules } => {
                Self::SetFraudRules(SetFraudRules { rules: rules.iter().map(FraudRule::from).collect() })
            }
            Proposed::AcceptRates { sheet } => {
                Self::AcceptRates(AcceptRates { rates_id: sheet.to_global().to_id() })
            }
            Proposed::SetRate { base, quote, rate, minutes } => Self::SetRate(SetRate {
                base: base.into(),
                quote: quote.into(),
                rate: Decimal(rate.to_string()),
                minutes: i32::try_from(minutes).unwrap_or(i32::MAX),
            }),
            Proposed::SetFees { schedule } => {
                Self::SetFees(SetFees { rules: schedule.rules().iter().map(FeeRule::from).collect() })
            }
            Proposed::InviteOperator { name, roles, .. } => {
                let roles = roles.into_iter().map(Into::into).collect();
                Self::InviteOperator(InviteOperator { name, roles })
            }
        }
    }
}

/// Somebody to be invited.
#[derive(InputObject)]
pub(crate) struct InviteOperatorInput {
    /// 2 to 40 small letters, digits, points and hyphens.
    name: String,
    /// What it may do.
    roles: Vec<Role>,
}

/// What is proposed: exactly one of them.
#[derive(OneofObject)]
pub(crate) enum ChangeInput {
    /// The global id of a frozen person whose money may leave again. For reviewers.
    UnfreezeUser(ID),
    /// The global id of an application whose person is to be known better. For reviewers.
    RaiseLevel(ID),
    /// The global id of a case whose wallet is to have the new handle. For reviewers.
    RecoverHandle(ID),
    /// The global id of a transaction in review that is to go on. For reviewers.
    ReleasePayment(ID),
    /// The global id of a sanctions hit that was confirmed and is to be cleared. For reviewers.
    ClearConfirmedHit(ID),
    /// All the rules by which payments are to be screened. `checkFraudRules` says whether they can be loaded. For reviewers.
    SetFraudRules(Vec<FraudRule>),
    /// The global id of rates that were held, and are to be used. For treasurers.
    AcceptRates(ID),
    /// A rate to be set by hand. For treasurers.
    SetRate(SetRate),
    /// What exchanging is to cost: the first rule that fits counts, and the last is for everything. For treasurers.
    SetFees(Vec<FeeRule>),
    /// An operator to be invited, or invited anew. For admins.
    InviteOperator(InviteOperatorInput),
}

impl ChangeInput {
    pub(super) fn parse(self) -> ApiResult<Proposed> {
        Ok(match self {
            Self::UnfreezeUser(id) => {
                Proposed::UnfreezeUser { user: UserId::parse(&id, "change.unfreezeUser")? }
            }
            Self::RaiseLevel(id) => {
                Proposed::RaiseLevel { application: ApplicationId::parse(&id, "change.raiseLevel")? }
            }
            Self::RecoverHandle(id) => {
                Proposed::RecoverHandle { recovery: RecoveryId::parse(&id, "change.recoverHandle")? }
            }
            Self::ReleasePayment(id) => {
                let transaction = TransactionId::parse(&id, "change.releasePayment")?;
                Proposed::ReleasePayment { transaction }
            }
            Self::ClearConfirmedHit(id) => {
                Proposed::ClearConfirmedHit { hit: SanctionHitId::parse(&id, "change.clearConfirmedHit")? }
            }
            Self::SetFraudRules(rules) => {
                Proposed::SetFraudRules { rules: rules.into_iter().map(Into::into).collect() }
            }
            Self::AcceptRates(id) => {
                Proposed::AcceptRates { sheet: SheetId::parse(&id, "change.acceptRates")? }
            }
            Self::SetRate(SetRate { base, quote, rate, minutes }) => Proposed::SetRate {
                base: base.parse_currency()?,
                quote: quote.parse_currency()?,
                rate: parse_rate(&rate.0)?,
                minutes: minutes.into(),
            },
            Self::SetFees(rules) => {
                let rules = rules.into_iter().map(FeeRule::parse).collect::<ApiResult<_>>()?;
                Proposed::SetFees { schedule: Schedule::new(rules)? }
            }
            Self::InviteOperator(InviteOperatorInput { name, roles }) => {
                Proposed::invite(name, roles.into_iter().map(Into::into).collect())
            }
        })
    }
}
