//! Questions that only the person can answer, before an act that matters.

use crate::authentication::{Session, authentication, bank, caller, origin};
use crate::error::ApiResult;
use crate::id::Named;
use crate::transaction::Transaction;
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use entity::challenge;
use entity::id::ChallengeId;
use entity::password::Password;
use entity::proof::Proof;
use entity::step_up::Paid;

/// What is asked before.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "challenge::Act")]
pub(crate) enum ChallengeAct {
    /// A session is opened.
    SignIn,
    /// Money leaves.
    Payment,
    /// What guards the wallet is changed.
    Security,
}

/// How a question can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "challenge::Method")]
pub(crate) enum ChallengeMethod {
    /// With a passkey.
    Passkey,
    /// With the six digits of an authenticator app.
    Totp,
    /// With one of the recovery codes.
    RecoveryCode,
    /// With the six digits that were sent to the primary handle.
    Code,
}

/// A question that only the person can answer. It is for one act, and for five minutes.
#[derive(SimpleObject)]
pub(crate) struct Challenge {
    /// The global id.
    id: ID,
    /// What is asked before.
    act: ChallengeAct,
    /// How it can be answered.
    methods: Vec<ChallengeMethod>,
    /// What passkeys are asked: JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`, whose result
    /// `navigator.credentials.get` takes as `publicKey`. Null, where the person has none.
    passkey_options: Option<String>,
    /// Until when.
    expires_at: DateTime<Utc>,
}

impl From<challenge::Challenge> for Challenge {
    fn from(asked: challenge::Challenge) -> Self {
        Self {
            id: asked.id.to_global().to_id(),
            act: asked.act.into(),
            methods: asked.methods.into_iter().map(Into::into).collect(),
            passkey_options: asked.passkey_options,
            expires_at: asked.expires_at,
        }
    }
}

/// An answer: exactly one of them.
#[derive(OneofObject)]
pub(crate) enum ChallengeAnswer {
    /// What `navigator.credentials.get` gave for `passkeyOptions`, by `JSON.stringify`.
    #[graphql(secret)]
    Passkey(String),
    /// The six digits of the authenticator app.
    #[graphql(secret)]
    Totp(String),
    /// One of the recovery codes. It works once.
    #[graphql(secret)]
    RecoveryCode(String),
    /// The six digits that were sent.
    #[graphql(secret)]
    Code(String),
}

impl From<ChallengeAnswer> for challenge::Answer {
    fn from(answer: ChallengeAnswer) -> Self {
        match answer {
            ChallengeAnswer::Passkey(credential) => Self::Passkey(credential),
            ChallengeAnswer::Totp(code) => Self::Totp(code),
            ChallengeAnswer::RecoveryCode(code) => Self::RecoveryCode(code),
            ChallengeAnswer::Code(code) => Self::Code(code),
        }
    }
}

/// The id of a question, if one is named.
pub(crate) fn challenge_id(id: Option<&ID>) -> ApiResult<Option<ChallengeId>> {
    id.map(|id| ChallengeId::parse(id, "challengeId")).transpose()
}

/// What came of a payment: the act, or the question before it.
pub(crate) fn split(paid: Paid) -> (Option<Transaction>, Option<Challenge>) {
    match paid {
        Paid::Done(done) => (Some(Transaction(done)), None),
        Paid::Asked(asked) => (None, Some(asked.into())),
    }
}

/// The password again, and an answered question where the person has a second factor.
pub(crate) fn proof(password: String, challenge: Option<&ID>) -> ApiResult<Proof> {
    Ok(Proof { password: Password::typed(password), challenge: challenge_id(challenge)? })
}

/// The question that was asked.
#[derive(SimpleObject)]
pub(crate) struct StartChallengePayload {
    /// The question.
    challenge: Challenge,
}

/// A question and its answer.
#[derive(InputObject)]
pub(crate) struct AnswerChallengeInput {
    /// Which question.
    challenge_id: ID,
    /// The answer.
    answer: ChallengeAnswer,
    /// For a sign-in: what the device got when the person signed in on it the first time.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// The answer was right.
#[derive(SimpleObject)]
pub(crate) struct AnswerChallengePayload {
    /// For a sign-in, what to sign requests with; else none: the act may be asked for now, with the challenge's id.
    session: Option<Session>,
}

#[derive(Default)]
pub(crate) struct ChallengeMutation;

#[Object]
impl ChallengeMutation {
    /// Asks a question before a change of what guards the wallet. Refuses `TOO_MANY_TRIES`.
    async fn start_challenge(&self, context: &Context<'_>) -> ApiResult<StartChallengePayload> {
        let asked = challenge::ask_security(bank(context)?, caller(context)?).await?;
        Ok(StartChallengePayload { challenge: asked.into() })
    }

    /// Answers a question. Refuses `ANSWER_WRONG`, `CHALLENGE_EXPIRED`, `CHALLENGE_INVALID`, `METHOD_UNAVAILABLE`,
    /// `TOO_MANY_TRIES`.
    async fn answer_challenge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which question, and the answer.")] input: AnswerChallengeInput,
    ) -> ApiResult<AnswerChallengePayload> {
        let (bank, caller, origin) =
            (bank(context)?, caller(context).ok(), origin(context).on(input.device_token));
        let id = ChallengeId::parse(&input.challenge_id, "challengeId")?;
        let tokens = challenge::answer(bank, caller, id, input.answer.into(), &origin).await?;
        let issue = |tokens| authentication(context)?.issue(bank, tokens);
        Ok(AnswerChallengePayload { session: tokens.map(issue).transpose()? })
    }
}
