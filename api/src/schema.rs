//! The schema that frontend apps see, composed of its nouns. `schema.graphql` is its contract.

use crate::account::{Account, AccountMutation, AccountQuery};
use crate::alert_rule::{AlertRuleMutation, AlertRuleQuery};
use crate::annotation::AnnotationMutation;
use crate::api_key::{ApiKeyMutation, ApiKeyQuery};
use crate::challenge::ChallengeMutation;
use crate::closing::ClosingMutation;
use crate::conversion::ConversionMutation;
use crate::conversion_order::{ConversionOrderMutation, ConversionOrderQuery};
use crate::deposit::DepositMutation;
use crate::dispute::{DisputeMutation, DisputeQuery};
use crate::error::{ErrorCode, ErrorHelp};
use crate::freeze::FreezeMutation;
use crate::handle::HandleMutation;
use crate::history::HistoryQuery;
use crate::instrument::{Instrument, InstrumentMutation, InstrumentQuery};
use crate::kyc::{KycMutation, KycQuery};
use crate::node::NodeQuery;
use crate::notification::{Notification, NotificationMutation, NotificationQuery};
use crate::page::described;
use crate::passkey::{PasskeyMutation, PasskeyQuery};
use crate::payee::{PayeeMutation, PayeeQuery};
use crate::preview::PreviewMutation;
use crate::profile::{ProfileMutation, ProfileQuery};
use crate::quote::{QuoteMutation, QuoteQuery};
use crate::rate::{RateQuery, RateSubscription};
use crate::rate_alert::{RateAlertMutation, RateAlertQuery};
use crate::recovery::{RecoveryMutation, RecoveryQuery};
use crate::registration::RegistrationMutation;
use crate::sandbox::SandboxQuery;
use crate::security_event::{SecurityEvent, SecurityEventQuery};
use crate::security_question::{SecurityQuestionMutation, SecurityQuestionQuery};
use crate::session::{SessionMutation, SessionQuery};
use crate::terms::{TermsMutation, TermsQuery};
use crate::totp::TotpMutation;
use crate::transaction::Transaction;
use crate::transfer::TransferMutation;
use crate::user::UserQuery;
use crate::withdrawal::WithdrawalMutation;
use async_graphql::{MergedObject, MergedSubscription, Object, SDLExportOptions, SchemaBuilder};

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

// In groups, so that the compiler does not have to walk one long chain of them. A field is looked for in one after the
// other, from the last to the first: what is asked most comes last.

#[derive(MergedObject, Default)]
struct PeopleQuery(
    AlertRuleQuery,
    DisputeQuery,
    KycQuery,
    NotificationQuery,
    PasskeyQuery,
    ProfileQuery,
    RecoveryQuery,
    SecurityEventQuery,
    SecurityQuestionQuery,
    SessionQuery,
    TermsQuery,
    UserQuery,
);

#[derive(MergedObject, Default)]
struct MoneyQuery(PayeeQuery, InstrumentQuery, HistoryQuery, AccountQuery);

#[derive(MergedObject, Default)]
struct ExchangeQuery(RateQuery, QuoteQuery, ConversionOrderQuery, RateAlertQuery);

#[derive(MergedObject, Default)]
struct DeveloperQuery(ApiKeyQuery, ErrorQuery, NodeQuery, SandboxQuery);

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(DeveloperQuery, PeopleQuery, ExchangeQuery, MoneyQuery);

#[derive(MergedObject, Default)]
struct PeopleMutation(
    AlertRuleMutation,
    ClosingMutation,
    HandleMutation,
    KycMutation,
    NotificationMutation,
    ProfileMutation,
    RecoveryMutation,
    RegistrationMutation,
    TermsMutation,
);

#[derive(MergedObject, Default)]
struct SecurityMutation(
    ApiKeyMutation,
    DisputeMutation,
    ChallengeMutation,
    FreezeMutation,
    PasskeyMutation,
    SecurityQuestionMutation,
    SessionMutation,
    TotpMutation,
);

#[derive(MergedObject, Default)]
struct MoneyMutation(
    PayeeMutation,
    InstrumentMutation,
    AnnotationMutation,
    AccountMutation,
    WithdrawalMutation,
    DepositMutation,
    TransferMutation,
);

#[derive(MergedObject, Default)]
struct ExchangeMutation(
    QuoteMutation,
    ConversionMutation,
    PreviewMutation,
    ConversionOrderMutation,
    RateAlertMutation,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(PeopleMutation, SecurityMutation, ExchangeMutation, MoneyMutation);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(RateSubscription);

/// The schema of frontend apps.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, still without a bank.
pub fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_complexity(COMPLEXITY)
        .limit_depth(DEPTH)
        .disable_suggestions();
    let builder = described::<_, _, _, Account>(builder, "A page of accounts.", "An account and its place.");
    let builder = described::<_, _, _, Instrument>(
        builder,
        "A page of linked bank accounts.",
        "A linked bank account and its place.",
    );
    let builder =
        described::<_, _, _, Notification>(builder, "A page of an inbox.", "An entry and its place.");
    let builder =
        described::<_, _, _, SecurityEvent>(builder, "A page of a security log.", "An entry and its place.");
    described::<_, _, _, Transaction>(builder, "A page of transactions.", "A transaction and its place.")
}

/// The schema as text, sorted, without a database.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(sorted())
}

/// How both schemas are printed.
pub(crate) fn sorted() -> SDLExportOptions {
    SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items()
}
