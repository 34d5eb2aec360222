//! The schema that frontend apps see, composed of its nouns. `schema.graphql` is its contract.

use crate::account::{AccountMutation, AccountQuery};
use crate::annotation::AnnotationMutation;
use crate::deposit::DepositMutation;
use crate::error::{ErrorCode, ErrorHelp};
use crate::exchange_rate::ExchangeRateQuery;
use crate::history::HistoryQuery;
use crate::instrument::{InstrumentMutation, InstrumentQuery};
use crate::node::NodeQuery;
use crate::registration::RegistrationMutation;
use crate::sandbox::SandboxQuery;
use crate::session::SessionMutation;
use crate::transfer::TransferMutation;
use crate::user::UserQuery;
use crate::withdrawal::WithdrawalMutation;
use async_graphql::{EmptySubscription, MergedObject, Object, SDLExportOptions, SchemaBuilder};

/// What one document may cost: a field is 1, a page what is asked of each item times its size.
const COMPLEXITY: usize = 3_000;
/// How deep one document may be nested: the introspection of the IDE needs 15.
const DEPTH: usize = 18;

#[derive(Default)]
pub(crate) struct ErrorQuery;

#[Object]
impl ErrorQuery {
    /// Every error code, with what to do about it.
    async fn error_codes(&self) -> Vec<ErrorHelp> {
        ErrorCode::all()
    }
}

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    AccountQuery,
    ErrorQuery,
    ExchangeRateQuery,
    HistoryQuery,
    InstrumentQuery,
    NodeQuery,
    SandboxQuery,
    UserQuery,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountMutation,
    AnnotationMutation,
    DepositMutation,
    InstrumentMutation,
    RegistrationMutation,
    SessionMutation,
    TransferMutation,
    WithdrawalMutation,
);

/// The schema of frontend apps.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema, still without a bank.
pub fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_complexity(COMPLEXITY)
        .limit_depth(DEPTH)
        .disable_suggestions()
}

/// The schema as text, sorted, without a database.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(sorted())
}

/// How both schemas are printed.
pub(crate) fn sorted() -> SDLExportOptions {
    SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items()
}
