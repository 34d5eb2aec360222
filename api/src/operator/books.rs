//! The books, as auditors see them.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::money::Money;
use async_graphql::{Context, Enum, Object, SimpleObject};
use entity::ledger::audit;
use entity::operator::Role;
use entity::{account, chain};

/// What an account is for.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "account::Purpose")]
pub(crate) enum AccountPurpose {
    /// What a person holds.
    Wallet,
    /// What the house has at its bank, seen from its customers: negative while it holds their deposits.
    BankClearing,
    /// What has left a wallet and has not reached the person's bank.
    WithdrawalInTransit,
    /// What has left a wallet and waits for operators.
    InReview,
    /// What the house has taken for its work.
    Fee,
    /// What the house has bought and sold of a currency: negative where it has sold what it has still to buy.
    FxPosition,
    /// What the house has kept of the rates.
    FxSpread,
    /// What was too little for a minor unit.
    FxRounding,
}

/// The sum of all accounts of one purpose in one currency.
#[derive(SimpleObject)]
pub(crate) struct TrialLine {
    /// What the accounts are for.
    purpose: AccountPurpose,
    /// The sum of their balances.
    balance: Money,
}

/// A law of the ledger that does not hold.
#[derive(SimpleObject)]
pub(crate) struct Breach {
    /// The law, in words.
    law: &'static str,
    /// How many rows break it.
    count: i64,
}

/// The result of checking every law of the ledger.
#[derive(SimpleObject)]
pub(crate) struct Audit {
    /// Whether every law holds.
    clean: bool,
    /// The laws that do not.
    breaches: Vec<Breach>,
}

/// An entry that does not continue its chain.
#[derive(SimpleObject)]
pub(crate) struct BrokenChain {
    /// Which log it is in.
    log: &'static str,
    /// Whose log it is, by its UUID.
    owner: String,
    /// The number of the entry.
    number: i64,
}

/// The result of following the chain of every log.
#[derive(SimpleObject)]
pub(crate) struct ChainAudit {
    /// How many entries there are.
    entries: u64,
    /// The first entry of each log that does not continue its chain.
    broken: Vec<BrokenChain>,
}

#[derive(Default)]
pub(crate) struct BooksQuery;

#[Object]
impl BooksQuery {
    /// The trial balance: its lines sum to zero in every currency. For auditors.
    async fn trial_balance(&self, context: &Context<'_>) -> ApiResult<Vec<TrialLine>> {
        acting(context, Role::Auditor, None).await?;
        let lines = audit::trial_balance(&bank(context)?.db).await?.into_iter();
        Ok(lines
            .map(|line| TrialLine { purpose: line.purpose.into(), balance: Money(line.balance) })
            .collect())
    }

    /// Checks every law of the ledger now. It reads all postings. For auditors.
    async fn audit(&self, context: &Context<'_>) -> ApiResult<Audit> {
        acting(context, Role::Auditor, None).await?;
        let breaches = audit::run(bank(context)?).await?.into_iter();
        let breaches: Vec<_> =
            breaches.map(|breach| Breach { law: breach.law, count: breach.count }).collect();
        Ok(Audit { clean: breaches.is_empty(), breaches })
    }

    /// Follows the chains of all security logs and operators' logs now. It reads all of them. For auditors.
    async fn chain_audit(&self, context: &Context<'_>) -> ApiResult<ChainAudit> {
        acting(context, Role::Auditor, None).await?;
        let verified = chain::verify(&bank(context)?.db).await?;
        let broken = verified.broken.into_iter();
        let broken = broken
            .map(|one| BrokenChain { log: one.log, owner: one.owner.to_string(), number: one.seq })
            .collect();
        Ok(ChainAudit { entries: verified.entries, broken })
    }
}
