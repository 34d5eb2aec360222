//! The second factor: an authenticator app, and the recovery codes beside it.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::proof::Proof;
use entity::secret::Secret;
use entity::{recovery_code, totp};

/// What an authenticator app has to know. It guards nothing until `confirmTotp`.
#[derive(SimpleObject)]
pub(crate) struct EnrolTotpPayload {
    /// The secret, in base32, for typing.
    secret: String,
    /// The same as `otpauth://…`, to be shown as a QR code.
    uri: String,
}

/// The first code of the app.
#[derive(InputObject)]
pub(crate) struct ConfirmTotpInput {
    /// Six digits.
    #[graphql(secret)]
    code: String,
}

/// Recovery codes, which are shown this once.
#[derive(SimpleObject)]
pub(crate) struct RecoveryCodesPayload {
    /// Ten codes for the day that the other factors are lost. Each works once. Empty, where there are some already.
    recovery_codes: Vec<String>,
}

impl From<Vec<Secret>> for RecoveryCodesPayload {
    fn from(codes: Vec<Secret>) -> Self {
        Self { recovery_codes: shown(&codes) }
    }
}

/// Codes as they are shown, once.
pub(crate) fn shown(codes: &[Secret]) -> Vec<String> {
    codes.iter().map(|code| code.reveal().to_owned()).collect()
}

/// The password again, and an answered question.
#[derive(InputObject)]
pub(crate) struct SecondFactorInput {
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered; needed where the person has a second factor, and in every
    /// session that has shown no more than the password.
    challenge_id: Option<ID>,
}

impl SecondFactorInput {
    pub(crate) fn proof(self) -> ApiResult<Proof> {
        proof(self.password, self.challenge_id.as_ref())
    }
}

/// No app is asked for any more.
#[derive(SimpleObject)]
pub(crate) struct DisableTotpPayload {
    /// Always true.
    disabled: bool,
}

#[derive(Default)]
pub(crate) struct TotpMutation;

#[Object]
impl TotpMutation {
    /// Makes a secret for an authenticator app. Refuses `TOTP_ENROLLED`, `PASSWORD_WRONG`,
    /// `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn enrol_totp(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password, and an answered question.")] input: SecondFactorInput,
    ) -> ApiResult<EnrolTotpPayload> {
        let made = totp::enrol(bank(context)?, caller(context)?, input.proof()?).await?;
        Ok(EnrolTotpPayload { secret: made.secret.reveal().to_owned(), uri: made.uri.reveal().to_owned() })
    }

    /// Shows the first code of the app: from now on it is asked for at sign-in and before changes. Refuses
    /// `TOTP_ENROLLED`, `TOTP_NOT_ENROLLED`, `ANSWER_WRONG`, `TOO_MANY_TRIES`.
    async fn confirm_totp(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first code.")] input: ConfirmTotpInput,
    ) -> ApiResult<RecoveryCodesPayload> {
        Ok(totp::confirm(bank(context)?, caller(context)?, &input.code, &origin(context)).await?.into())
    }

    /// Asks for no app any more. Refuses `TOTP_NOT_ENROLLED`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
    /// `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn disable_totp(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password, and an answered question.")] input: SecondFactorInput,
    ) -> ApiResult<DisableTotpPayload> {
        totp::disable(bank(context)?, caller(context)?, input.proof()?, &origin(context)).await?;
        Ok(DisableTotpPayload { disabled: true })
    }

    /// Makes new recovery codes in place of all before. Refuses `TOTP_NOT_ENROLLED`, `PASSWORD_WRONG`,
    /// `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn renew_recovery_codes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password, and an answered question.")] input: SecondFactorInput,
    ) -> ApiResult<RecoveryCodesPayload> {
        let proof = input.proof()?;
        Ok(recovery_code::renew(bank(context)?, caller(context)?, proof, &origin(context)).await?.into())
    }
}
