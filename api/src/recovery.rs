//! Wallets whose handles are lost: a case with evidence, and how its person cancels it.

use crate::authentication::{bank, caller, origin};
use crate::error::ApiResult;
use crate::id::Named;
use crate::kyc::Document;
use crate::profile::Language;
use crate::registration::Verification;
use crate::user::HandleInput;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::VerificationId;
use entity::language::Locale;
use entity::recovery::{self, Answers};
use entity::secret::Secret;

/// Where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "recovery::RecoveryState")]
pub(crate) enum RecoveryState {
    /// Operators look at it.
    Open,
    /// It will be done when its time has come, unless it is cancelled.
    Approved,
    /// The wallet has the new handle.
    Done,
    /// It will not be done.
    Rejected,
    /// The person has cancelled it.
    Cancelled,
}

/// A case, as whoever has opened it sees it.
#[derive(SimpleObject)]
pub(crate) struct RecoveryStatus {
    /// Where it stands.
    state: RecoveryState,
    /// When it takes effect, if it was approved.
    effective_at: Option<DateTime<Utc>>,
}

/// The handle that a wallet is to have.
#[derive(InputObject)]
pub(crate) struct StartRecoveryInput {
    /// A handle that one has now, and that is nobody's.
    handle: HandleInput,
    /// In which language the code is sent: English if nothing is said.
    language: Option<Language>,
}

/// A code was sent to the new handle.
#[derive(SimpleObject)]
pub(crate) struct StartRecoveryPayload {
    /// What the code has to be shown with.
    verification: Verification,
}

/// What somebody who has lost a handle says.
#[derive(InputObject)]
pub(crate) struct OpenRecoveryCaseInput {
    /// Of the code that was sent to the new handle.
    verification_id: ID,
    /// The code.
    #[graphql(secret)]
    code: String,
    /// The handle that is lost.
    lost_handle: HandleInput,
    /// What happened: at most 2,000 characters.
    statement: String,
    /// What shows who it is: 1 to 10.
    documents: Vec<Document>,
    /// Whether the second factor is lost, too: then it is asked for no more when the case is done.
    #[graphql(default)]
    second_factor_lost: bool,
    /// Where the house has security questions: the answers, in the order in which they were chosen. They are one signal
    /// among others.
    #[graphql(default, secret)]
    security_answers: Vec<String>,
}

/// The case is with the operators.
#[derive(SimpleObject)]
pub(crate) struct OpenRecoveryCasePayload {
    /// What `recoveryStatus` asks for. It is shown once.
    token: String,
}

/// The code of a message about a case.
#[derive(InputObject)]
pub(crate) struct CancelRecoveryCaseInput {
    /// The code of the message.
    #[graphql(secret)]
    token: String,
}

/// Nothing will be changed.
#[derive(SimpleObject)]
pub(crate) struct CancelRecoveryCasePayload {
    /// How many cases were cancelled.
    cancelled: u64,
}

#[derive(Default)]
pub(crate) struct RecoveryQuery;

#[Object]
impl RecoveryQuery {
    /// Where a case stands. Refuses `NOT_FOUND`.
    async fn recovery_status(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token that opening it has answered.", secret)] token: String,
    ) -> ApiResult<RecoveryStatus> {
        let (state, effective_at) = recovery::state(bank(context)?, &token).await?;
        Ok(RecoveryStatus { state: state.into(), effective_at })
    }
}

#[derive(Default)]
pub(crate) struct RecoveryMutation;

#[Object]
impl RecoveryMutation {
    /// Begins to get a wallet back whose handle is lost: sends a code to the handle that it is to have. Refuses
    /// `EMAIL_INVALID`, `PHONE_INVALID`, `TOO_MANY_TRIES`.
    async fn start_recovery(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new handle.")] input: StartRecoveryInput,
    ) -> ApiResult<StartRecoveryPayload> {
        let locale = Locale::parse(input.language.unwrap_or_default().into(), None)?;
        let found = input.handle.parse()?;
        let started = recovery::start(bank(context)?, &found, &locale, &origin(context)).await?;
        Ok(StartRecoveryPayload { verification: started.into() })
    }

    /// Opens a case with the code that was sent to the new handle. The answer is the same whether or not the lost handle
    /// is somebody's. Operators look at the evidence; when two agree, three days pass in which every verified handle
    /// of the person can cancel it. Refuses `CODE_WRONG`, `CODE_EXPIRED`, `STATEMENT_INVALID`, `DOCUMENTS_MISSING`,
    /// `DOCUMENTS_INVALID`, `TOO_MANY_TRIES`.
    async fn open_recovery_case(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code, and what happened.")] input: OpenRecoveryCaseInput,
    ) -> ApiResult<OpenRecoveryCasePayload> {
        let id = VerificationId::parse(&input.verification_id, "verificationId")?;
        let claim = recovery::Claim {
            lost: input.lost_handle.parse()?,
            statement: input.statement,
            documents: input.documents.into_iter().map(Into::into).collect(),
            second_factor_lost: input.second_factor_lost,
            answers: Answers::Given(input.security_answers.into_iter().map(Secret::new).collect()),
        };
        let token = recovery::open(bank(context)?, id, &input.code, claim, &origin(context)).await?;
        Ok(OpenRecoveryCasePayload { token: token.reveal().to_owned() })
    }

    /// Cancels a case with the code of a message about it; needs no session. Refuses `CODE_EXPIRED`.
    async fn cancel_recovery_case(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The code of the message.")] input: CancelRecoveryCaseInput,
    ) -> ApiResult<CancelRecoveryCasePayload> {
        recovery::cancel(bank(context)?, &input.token, &origin(context)).await?;
        Ok(CancelRecoveryCasePayload { cancelled: 1 })
    }

    /// Cancels all cases about the wallet of who asks.
    async fn cancel_own_recovery_cases(&self, context: &Context<'_>) -> ApiResult<CancelRecoveryCasePayload> {
        let cancelled = recovery::cancel_own(bank(context)?, caller(context)?.user, &origin(context)).await?;
        Ok(CancelRecoveryCasePayload { cancelled })
    }
}
