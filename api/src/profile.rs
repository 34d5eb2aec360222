//! How a person is spoken to, and its password.

use crate::authentication::{bank, caller, origin};
use crate::challenge::{ChallengeAnswer, ChallengeMethod, proof};
use crate::error::ApiResult;
use crate::user::HandleInput;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::Bank;
use entity::password::NewPassword;
use entity::{language, password_reset, user};

/// A language that messages are written in.
#[derive(Clone, Copy, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "language::Language")]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Chinese, in simplified characters.
    Zh,
}

/// How a person is spoken to, and how old its password is. Nobody else sees it.
#[derive(SimpleObject)]
pub(crate) struct Profile {
    /// In which language.
    language: Language,
    /// In which time zone (IANA database).
    time_zone: &'static str,
    /// The phrase that is in every message to the person: one without it is not from us.
    anti_phishing_phrase: Option<String>,
    /// When the password was chosen. There is no need to change it regularly, only when somebody may know it.
    password_set_at: DateTime<Utc>,
    /// The version of the terms that is to be accepted before money moves again (see `acceptTerms`); none, if nothing is
    /// pending.
    pending_terms: Option<String>,
    /// Until when little may leave the wallet, since the password was replaced without the old one; none, if as much as
    /// always may.
    guarded_until: Option<DateTime<Utc>>,
}

impl Profile {
    fn of(bank: &Bank, user: user::User) -> Self {
        Self {
            pending_terms: bank.terms.pending(&user.terms_version).map(|version| version.to_string()),
            language: user.locale.language.into(),
            time_zone: user.locale.zone(),
            anti_phishing_phrase: user.phrase,
            password_set_at: user.password_set_at,
            guarded_until: user.guarded_until.filter(|until| *until > bank.clock.now()),
        }
    }
}

/// What is to be otherwise; what is not said stays as it is.
#[derive(InputObject)]
pub(crate) struct UpdateProfileInput {
    /// In which language the person is spoken to.
    language: Option<Language>,
    /// In which time zone it lives, by its name in the IANA database, such as `Asia/Shanghai`.
    time_zone: Option<String>,
    /// At most 100 characters that are to be in every message; an empty text for none.
    anti_phishing_phrase: Option<String>,
}

/// The profile is as asked.
#[derive(SimpleObject)]
pub(crate) struct UpdateProfilePayload {
    /// The profile.
    profile: Profile,
}

/// The old password and the new one.
#[derive(InputObject)]
pub(crate) struct ChangePasswordInput {
    /// The password of today.
    #[graphql(secret)]
    old_password: String,
    /// 12 to 128 characters, any of them, that can't be guessed.
    #[graphql(secret)]
    new_password: String,
    /// A question from `startChallenge` that was answered; needed where the person has a second factor, and in every
    /// session that has shown no more than the password.
    challenge_id: Option<ID>,
}

/// The password is changed, and all other sessions are over.
#[derive(SimpleObject)]
pub(crate) struct ChangePasswordPayload {
    /// The profile.
    profile: Profile,
}

/// The handle of who has forgotten the password.
#[derive(InputObject)]
pub(crate) struct RequestPasswordResetInput {
    /// A verified handle of the person.
    handle: HandleInput,
}

/// The same whether or not the handle is somebody's.
#[derive(SimpleObject)]
pub(crate) struct RequestPasswordResetPayload {
    /// Always true.
    requested: bool,
}

/// The token that was sent.
#[derive(InputObject)]
pub(crate) struct AskPasswordResetInput {
    /// The token of the message.
    #[graphql(secret)]
    token: String,
}

/// What `resetPassword` wants to be answered.
#[derive(SimpleObject)]
pub(crate) struct AskPasswordResetPayload {
    /// How it can be answered; empty, where the token is enough.
    methods: Vec<ChallengeMethod>,
    /// What passkeys are asked, as in `Challenge.passkeyOptions`. Null, where the person has none.
    passkey_options: Option<String>,
}

/// The token that was sent, and the new password.
#[derive(InputObject)]
pub(crate) struct ResetPasswordInput {
    /// The token of the message.
    #[graphql(secret)]
    token: String,
    /// 12 to 128 characters, any of them, that can't be guessed.
    #[graphql(secret)]
    new_password: String,
    /// The second factor, where the person has one.
    answer: Option<ChallengeAnswer>,
}

/// The password is replaced, and all sessions are over.
#[derive(SimpleObject)]
pub(crate) struct ResetPasswordPayload {
    /// Always true: sign in with the new password.
    reset: bool,
}

/// The profile of the person who asks.
pub(crate) async fn find(context: &Context<'_>) -> ApiResult<Profile> {
    Ok(Profile::of(bank(context)?, crate::user::find(context, caller(context)?.user).await?.0))
}

#[derive(Default)]
pub(crate) struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// How the person who asks is spoken to.
    async fn profile(&self, context: &Context<'_>) -> ApiResult<Profile> {
        find(context).await
    }
}

#[derive(Default)]
pub(crate) struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes how the person is spoken to. Refuses `TIME_ZONE_UNKNOWN`, `PHRASE_INVALID`.
    async fn update_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to be otherwise.")] input: UpdateProfileInput,
    ) -> ApiResult<UpdateProfilePayload> {
        let UpdateProfileInput { language, time_zone, anti_phishing_phrase: phrase } = input;
        let wanted = user::Settings { language: language.map(Into::into), time_zone, phrase };
        let changed = user::change_settings(bank(context)?, caller(context)?.user, wanted).await?;
        Ok(UpdateProfilePayload { profile: Profile::of(bank(context)?, changed) })
    }

    /// Changes the password; all other sessions end. Refuses `PASSWORD_WRONG`, `PASSWORD_TOO_SHORT`,
    /// `PASSWORD_TOO_LONG`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
    /// `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn change_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The old one and the new one.")] input: ChangePasswordInput,
    ) -> ApiResult<ChangePasswordPayload> {
        let (caller, old) = (caller(context)?, proof(input.old_password, input.challenge_id.as_ref())?);
        let new = NewPassword::parse(input.new_password, "newPassword")?;
        user::change_password(bank(context)?, caller, old, new, &origin(context)).await?;
        Ok(ChangePasswordPayload { profile: find(context).await? })
    }

    /// Sends a token to a handle, with which its owner can choose another password. Refuses `EMAIL_INVALID`,
    /// `PHONE_INVALID`, `TOO_MANY_TRIES`.
    async fn request_password_reset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which handle.")] input: RequestPasswordResetInput,
    ) -> ApiResult<RequestPasswordResetPayload> {
        password_reset::start(bank(context)?, &input.handle.parse()?, &origin(context)).await?;
        Ok(RequestPasswordResetPayload { requested: true })
    }

    /// Asks for the second factor of who has forgotten the password. Refuses `CODE_EXPIRED`, `TOO_MANY_TRIES`.
    async fn ask_password_reset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token.")] input: AskPasswordResetInput,
    ) -> ApiResult<AskPasswordResetPayload> {
        let asked = password_reset::ask(bank(context)?, &input.token, &origin(context)).await?;
        let methods = asked.methods.into_iter().map(Into::into).collect();
        Ok(AskPasswordResetPayload { methods, passkey_options: asked.passkey_options })
    }

    /// Chooses another password with the token, and with the second factor where there is one; all sessions end.
    /// Refuses `CODE_EXPIRED`, `CHALLENGE_REQUIRED`, `ANSWER_WRONG`, `METHOD_UNAVAILABLE`, `PASSWORD_TOO_SHORT`,
    /// `PASSWORD_TOO_LONG`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `TOO_MANY_TRIES`, `OVERLOADED`.
    async fn reset_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: ResetPasswordInput,
    ) -> ApiResult<ResetPasswordPayload> {
        let new = NewPassword::parse(input.new_password, "newPassword")?;
        let answer = input.answer.map(Into::into);
        password_reset::finish(bank(context)?, &input.token, new, answer, &origin(context)).await?;
        Ok(ResetPasswordPayload { reset: true })
    }
}
