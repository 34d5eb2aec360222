//! The schema of those who run the wallet, at a route of its own. Its types never reach apps.
//!
//! Refuses everybody who does not send the operator token.

use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::Money;
use crate::page::{Pages, connection, described};
use crate::schema::sorted;
use crate::user::{HandleInput, User};
use async_graphql::{Context, EmptySubscription, Enum, ID, InputObject, Object, SchemaBuilder, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{JobId, UserId};
use entity::ledger::audit;
use entity::outbox::Entry;
use entity::page::Page;
use entity::refusal::Code;
use entity::{account, dead_letter, freeze, outbox, user};

/// Proof that the request came with the operator token.
#[derive(Clone, Copy)]
pub(crate) struct Operator;

fn operator(context: &Context<'_>) -> ApiResult<()> {
    let operator = context.data_opt::<Operator>();
    Ok(operator.map(|_| ()).ok_or(entity::Error::from(Code::Unauthenticated))?)
}

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

/// A job that was given up after all its attempts.
#[derive(SimpleObject)]
pub(crate) struct DeadLetter {
    /// The global id of the job.
    id: ID,
    /// What kind of job.
    kind: &'static str,
    /// How often it was tried.
    attempts: i32,
    /// What went wrong the last time.
    last_error: Option<String>,
    /// When it was given up.
    dead_at: Option<DateTime<Utc>>,
    /// When it was written.
    created_at: DateTime<Utc>,
}

impl From<Entry> for DeadLetter {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.to_global().to_id(),
            kind: entry.job.kind(),
            attempts: entry.attempts,
            last_error: entry.last_error,
            dead_at: entry.dead_at,
            created_at: entry.created_at,
        }
    }
}

/// Everything that an operator can read.
#[derive(Default)]
pub struct OperatorQuery;

/// Everything that an operator can read.
#[Object]
impl OperatorQuery {
    /// The trial balance: its lines sum to zero in every currency.
    async fn trial_balance(&self, context: &Context<'_>) -> ApiResult<Vec<TrialLine>> {
        operator(context)?;
        let lines = audit::trial_balance(&bank(context)?.db).await?.into_iter();
        Ok(lines
            .map(|line| TrialLine { purpose: line.purpose.into(), balance: Money(line.balance) })
            .collect())
    }

    /// Checks every law of the ledger now. It reads all postings.
    async fn audit(&self, context: &Context<'_>) -> ApiResult<Audit> {
        operator(context)?;
        let breaches = audit::run(bank(context)?).await?.into_iter();
        let breaches: Vec<_> =
            breaches.map(|breach| Breach { law: breach.law, count: breach.count }).collect();
        Ok(Audit { clean: breaches.is_empty(), breaches })
    }

    /// How many jobs wait to be done, dead letters not counted.
    async fn waiting_jobs(&self, context: &Context<'_>) -> ApiResult<u64> {
        operator(context)?;
        Ok(outbox::waiting(&bank(context)?.db).await?)
    }

    /// The jobs that were given up, oldest first.
    async fn dead_letters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<DeadLetter>> {
        operator(context)?;
        let (after, before) = (JobId::from_cursor(after, "after")?, JobId::from_cursor(before, "before")?);
        let slice = dead_letter::list(&bank(context)?.db, Page::parse(first, last, after, before)?).await?;
        Ok(connection(slice.map(|entry| (entry.id.to_cursor(), DeadLetter::from(entry)))))
    }

    /// Who is reached by a handle. Refuses `NOT_FOUND`.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A verified handle.")] handle: HandleInput,
    ) -> ApiResult<User> {
        operator(context)?;
        let found = user::reached_by(bank(context)?, &handle.parse()?).await?;
        crate::user::find(context, found.ok_or(Code::NotFound.at("handle"))?).await
    }
}

/// The job to be tried again.
#[derive(InputObject)]
pub(crate) struct RetryJobInput {
    /// The global id of a dead letter.
    id: ID,
}

/// The job is tried again.
#[derive(SimpleObject)]
pub(crate) struct RetryJobPayload {
    /// The global id of the job.
    id: ID,
}

/// The person to freeze or to unfreeze.
#[derive(InputObject)]
pub(crate) struct FreezeUserInput {
    /// The global id of the person.
    id: ID,
}

/// The person and its accounts are as asked.
#[derive(SimpleObject)]
pub(crate) struct FreezeUserPayload {
    /// The person.
    user: User,
}

/// Everything that an operator can do.
#[derive(Default)]
pub struct OperatorMutation;

/// Everything that an operator can do.
#[Object]
impl OperatorMutation {
    /// Has a dead letter tried again, with all its attempts before it. Refuses `JOB_NOT_DEAD`.
    async fn retry_job(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RetryJobInput,
    ) -> ApiResult<RetryJobPayload> {
        operator(context)?;
        let entry = dead_letter::retry(bank(context)?, JobId::parse(&input.id, "id")?).await?;
        Ok(RetryJobPayload { id: entry.id.to_global().to_id() })
    }

    /// Freezes a person: no money leaves its accounts. Refuses `NOT_FOUND`, `USER_CLOSED`.
    async fn freeze_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FreezeUserInput,
    ) -> ApiResult<FreezeUserPayload> {
        set_frozen(context, &input.id, true).await
    }

    /// Ends a freeze. Refuses `NOT_FOUND`, `USER_CLOSED`.
    async fn unfreeze_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FreezeUserInput,
    ) -> ApiResult<FreezeUserPayload> {
        set_frozen(context, &input.id, false).await
    }
}

async fn set_frozen(context: &Context<'_>, id: &ID, frozen: bool) -> ApiResult<FreezeUserPayload> {
    operator(context)?;
    let user = freeze::set(bank(context)?, UserId::parse(id, "id")?, frozen).await?;
    Ok(FreezeUserPayload { user: User(user) })
}

/// The schema of operators.
pub type OperatorSchema = async_graphql::Schema<OperatorQuery, OperatorMutation, EmptySubscription>;

/// The schema, still without a bank.
pub fn builder() -> SchemaBuilder<OperatorQuery, OperatorMutation, EmptySubscription> {
    let builder =
        OperatorSchema::build(OperatorQuery, OperatorMutation, EmptySubscription).disable_suggestions();
    described::<_, _, _, DeadLetter>(builder, "A page of dead letters.", "A dead letter and its place.")
}

/// The schema as text, sorted, without a database.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(sorted())
}
