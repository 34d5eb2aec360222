//! Security questions, for houses that want them.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::security_question::{self, Chosen};

/// A question and its answer.
#[derive(InputObject)]
pub(crate) struct SecurityQuestionInput {
    /// At most 100 characters, which the person is shown.
    question: String,
    /// 3 to 100 characters that are not in the question. Case and spaces don't matter.
    #[graphql(secret)]
    answer: String,
}

/// The questions that a person chooses, with the password again.
#[derive(InputObject)]
pub(crate) struct SetSecurityQuestionsInput {
    /// Three to ten, with different answers, in place of those before; none for none any more.
    questions: Vec<SecurityQuestionInput>,
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered; needed where the person has a second factor, and in every
    /// session that has shown no more than the password.
    challenge_id: Option<ID>,
}

/// The questions are as asked.
#[derive(SimpleObject)]
pub(crate) struct SetSecurityQuestionsPayload {
    /// The questions.
    security_questions: Vec<String>,
}

#[derive(Default)]
pub(crate) struct SecurityQuestionQuery;

#[Object]
impl SecurityQuestionQuery {
    /// The questions that the person who asks has chosen, in its order.
    async fn security_questions(&self, context: &Context<'_>) -> ApiResult<Vec<String>> {
        Ok(security_question::list(bank(context)?, caller(context)?.user).await?)
    }
}

#[derive(Default)]
pub(crate) struct SecurityQuestionMutation;

#[Object]
impl SecurityQuestionMutation {
    /// Chooses security questions. Their answers open nothing: they are one signal for the people who look at a
    /// recovery. Refuses `SECURITY_QUESTIONS_OFF` where the house does not want them, `SECURITY_QUESTIONS_INVALID`,
    /// `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn set_security_questions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The questions and the password.")] input: SetSecurityQuestionsInput,
    ) -> ApiResult<SetSecurityQuestionsPayload> {
        let proof = proof(input.password, input.challenge_id.as_ref())?;
        let chosen = input.questions.iter().map(|chosen| Chosen::parse(&chosen.question, &chosen.answer));
        let (bank, caller) = (bank(context)?, caller(context)?);
        security_question::set(bank, caller, chosen.collect::<Result<_, _>>()?, proof, &origin(context))
            .await?;
        Ok(SetSecurityQuestionsPayload {
            security_questions: security_question::list(bank, caller.user).await?,
        })
    }
}
