//! The schema of those who run the wallet, at a route of its own. Its types never reach apps.
//!
//! Guarantees: whoever gets past [`acting`] has a session and the role, and what it asks for, granted or not, is in
//! its log already. No other way leads to an officer. Refuses `UNAUTHENTICATED`, `ROLE_MISSING`.

mod account;
mod books;
mod case;
mod change;
mod dispute;
mod event;
mod fraud;
mod job;
mod kyc;
mod monitor;
mod person;
mod proposal;
mod rate;
mod recovery;
mod review;
mod sanction;
mod treasury;

use crate::authentication::{bank, origin};
use crate::dispute::Dispute;
use crate::error::ApiResult;
use crate::page::described;
use crate::schema::sorted;
use account::{AccountMutation, AccountQuery};
use async_graphql::{Context, MergedObject, MergedSubscription, SchemaBuilder};
use books::BooksQuery;
use case::{CaseMutation, CaseQuery};
use dispute::{DisputeMutation, DisputeQuery};
use entity::operator::{Officer, Role};
use entity::operator_event;
use entity::refusal::Code;
use event::{EventQuery, OperatorEvent};
use fraud::FraudQuery;
use job::{DeadLetter, JobMutation, JobQuery};
use kyc::{KycMutation, KycQuery, WaitingApplication};
use monitor::{MonitorQuery, MonitorSubscription};
use person::{PersonMutation, PersonQuery};
use proposal::{Proposal, ProposalMutation, ProposalQuery};
use rate::{Alert, RateMutation, RateQuery};
use recovery::{RecoveryCase, RecoveryMutation, RecoveryQuery};
use review::{PaymentInReview, ReviewMutation, ReviewQuery};
use sanction::{SanctionHit, SanctionMutation, SanctionQuery};
use treasury::TreasuryQuery;
use uuid::Uuid;

/// The operator who asks, whatever its roles.
fn officer<'a>(context: &Context<'a>) -> ApiResult<&'a Officer> {
    let officer = context.data_opt::<Officer>();
    Ok(officer.ok_or(entity::Error::from(Code::Unauthenticated))?)
}

/// The operator who asks, if it has the role; that it does or sees this field is in its log.
async fn acting<'a>(context: &Context<'a>, role: Role, subject: Option<Uuid>) -> ApiResult<&'a Officer> {
    acting_as_one(context, &[role], subject).await
}

/// The same, if it has one of the roles.
async fn acting_as_one<'a>(
    context: &Context<'a>,
    roles: &[Role],
    subject: Option<Uuid>,
) -> ApiResult<&'a Officer> {
    let officer = officer(context)?;
    announce(context, officer, subject).await?;
    officer.require_one(roles)?;
    Ok(officer)
}

/// Writes the field that is asked for to the operator's log.
async fn announce(context: &Context<'_>, officer: &Officer, subject: Option<Uuid>) -> ApiResult<()> {
    let field = context.field().name().to_owned();
    Ok(operator_event::announce(bank(context)?, officer, &field, subject, &origin(context)).await?)
}

/// Everything that operators can read.
#[derive(MergedObject, Default)]
pub struct OperatorQuery(
    AccountQuery,
    BooksQuery,
    CaseQuery,
    DisputeQuery,
    EventQuery,
    FraudQuery,
    JobQuery,
    KycQuery,
    MonitorQuery,
    PersonQuery,
    ProposalQuery,
    RateQuery,
    RecoveryQuery,
    ReviewQuery,
    SanctionQuery,
    TreasuryQuery,
);

/// Everything that operators can do.
#[derive(MergedObject, Default)]
pub struct OperatorMutation(
    AccountMutation,
    CaseMutation,
    DisputeMutation,
    JobMutation,
    KycMutation,
    PersonMutation,
    ProposalMutation,
    RateMutation,
    RecoveryMutation,
    ReviewMutation,
    SanctionMutation,
);

/// Everything that operators can follow.
#[derive(MergedSubscription, Default)]
pub struct OperatorSubscription(MonitorSubscription);

/// The schema of operators.
pub type OperatorSchema = async_graphql::Schema<OperatorQuery, OperatorMutation, OperatorSubscription>;

/// The schema, still without a bank.
pub fn builder() -> SchemaBuilder<OperatorQuery, OperatorMutation, OperatorSubscription> {
    let schema = OperatorSchema::build(
        OperatorQuery::default(),
        OperatorMutation::default(),
        OperatorSubscription::default(),
    );
    let builder = schema.disable_suggestions();
    let builder =
        described::<_, _, _, DeadLetter>(builder, "A page of dead letters.", "A dead letter and its place.");
    let builder = described::<_, _, _, Alert>(builder, "A page of alerts.", "An alert and its place.");
    let builder = described::<_, _, _, OperatorEvent>(builder, "A page of a log.", "An entry and its place.");
    let builder = described::<_, _, _, WaitingApplication>(
        builder,
        "A page of applications.",
        "An application and its place.",
    );
    let builder =
        described::<_, _, _, PaymentInReview>(builder, "A page of payments.", "A payment and its place.");
    let builder = described::<_, _, _, Dispute>(builder, "A page of disputes.", "A dispute and its place.");
    let builder = described::<_, _, _, SanctionHit>(builder, "A page of hits.", "A hit and its place.");
    let builder = described::<_, _, _, RecoveryCase>(builder, "A page of cases.", "A case and its place.");
    described::<_, _, _, Proposal>(builder, "A page of proposals.", "A proposal and its place.")
}

/// The schema as text, sorted, without a database.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(sorted())
}
