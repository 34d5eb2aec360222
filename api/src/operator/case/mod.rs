//! Cases of payments, as reviewers work on them.

mod file;

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::case;
use entity::id::{OperatorId, TransactionId};
use entity::operator::{self, Role};
use file::{CaseFile, CaseNote};

/// Who may have a case.
#[derive(SimpleObject)]
pub(crate) struct Reviewer {
    /// The global id of the operator.
    id: ID,
    /// The name that it signs in with.
    name: String,
}

impl From<operator::Operator> for Reviewer {
    fn from(operator: operator::Operator) -> Self {
        Self { id: operator.id.to_global().to_id(), name: operator.name }
    }
}

/// The case, and who is to have it.
#[derive(InputObject)]
pub(crate) struct AssignCaseInput {
    /// The global id of the transaction.
    transaction_id: ID,
    /// The global id of a reviewer; who asks, if nothing is said.
    operator_id: Option<ID>,
}

/// It has it.
#[derive(SimpleObject)]
pub(crate) struct AssignCasePayload {
    /// The global id of the reviewer who has the case.
    assignee_id: ID,
}

/// The case that nobody is to have.
#[derive(InputObject)]
pub(crate) struct ReleaseCaseInput {
    /// The global id of the transaction.
    transaction_id: ID,
}

/// Nobody has it.
#[derive(SimpleObject)]
pub(crate) struct ReleaseCasePayload {
    /// Always true.
    released: bool,
}

/// What is to be noted.
#[derive(InputObject)]
pub(crate) struct AddCaseNoteInput {
    /// The global id of the transaction.
    transaction_id: ID,
    /// 1 to 2,000 characters.
    text: String,
}

/// It is noted.
#[derive(SimpleObject)]
pub(crate) struct AddCaseNotePayload {
    /// The note.
    note: CaseNote,
}

#[derive(Default)]
pub(crate) struct CaseQuery;

#[Object]
impl CaseQuery {
    /// All that a reviewer decides from about a payment. For reviewers. Refuses `NOT_FOUND`.
    async fn case_file(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id of the transaction.")] transaction_id: ID,
    ) -> ApiResult<CaseFile> {
        let id = TransactionId::parse(&transaction_id, "transactionId")?;
        acting(context, Role::Reviewer, Some(id.0)).await?;
        Ok(case::file(bank(context)?, id).await?.into())
    }

    /// Who may have a case, by name. For reviewers.
    async fn reviewers(&self, context: &Context<'_>) -> ApiResult<Vec<Reviewer>> {
        acting(context, Role::Reviewer, None).await?;
        let all = operator::active(&bank(context)?.db, Role::Reviewer).await?;
        Ok(all.into_iter().map(Reviewer::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Gives a case to a reviewer, whoever had it: from then on only that one sends the payment back or proposes to let it go
    /// on. For reviewers. Refuses `NOT_FOUND`, `ROLE_MISSING` for an operator who is no reviewer.
    async fn assign_case(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and to whom.")] input: AssignCaseInput,
    ) -> ApiResult<AssignCasePayload> {
        let id = TransactionId::parse(&input.transaction_id, "transactionId")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let other = input.operator_id.map(|id| OperatorId::parse(&id, "operatorId")).transpose()?;
        let assignee = other.unwrap_or(officer.id);
        case::assign(bank(context)?, officer, id, Some(assignee)).await?;
        Ok(AssignCasePayload { assignee_id: assignee.to_global().to_id() })
    }

    /// Lets a case go: nobody has it. For reviewers. Refuses `NOT_FOUND`.
    async fn release_case(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReleaseCaseInput,
    ) -> ApiResult<ReleaseCasePayload> {
        let id = TransactionId::parse(&input.transaction_id, "transactionId")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        case::assign(bank(context)?, officer, id, None).await?;
        Ok(ReleaseCasePayload { released: true })
    }

    /// Notes something on a case, for good. Every reviewer may. Refuses `NOT_FOUND`, `NOTE_INVALID`.
    async fn add_case_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "On which, and what.")] input: AddCaseNoteInput,
    ) -> ApiResult<AddCaseNotePayload> {
        let id = TransactionId::parse(&input.transaction_id, "transactionId")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let note = case::note(bank(context)?, officer, id, &input.text).await?;
        Ok(AddCaseNotePayload { note: note.into() })
    }
}
