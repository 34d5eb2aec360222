//! Know your customer: how well a person is known, and what it applies with to be known better.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::kyc;

/// How well a person is known.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "kyc::Level", name = "KycLevel")]
pub(crate) enum Level {
    /// Level 0: by a verified handle.
    Unknown,
    /// Level 1: by what it says.
    Declared,
    /// Level 2: by an identity document.
    Identified,
    /// Level 3: by its address and where its money comes from, too.
    Full,
}

/// What came of an application.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "kyc::ApplicationState")]
pub(crate) enum ApplicationState {
    /// Operators look at it.
    Open,
    /// The level is raised.
    Approved,
    /// It is not, and the reason says why.
    Rejected,
    /// The person has taken it back.
    Withdrawn,
}

/// What a document is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "kyc::DocumentKind")]
pub(crate) enum DocumentKind {
    /// A passport.
    Passport,
    /// An identity card of a state.
    IdentityCard,
    /// A permit to live in a country.
    ResidencePermit,
    /// A picture of the person with the document.
    Portrait,
    /// A bill or statement that shows where it lives.
    ProofOfAddress,
    /// Where its money comes from.
    SourceOfFunds,
}

/// Who a person says that it is.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "KycProfileInput", name = "KycProfile")]
pub(crate) struct Profile {
    /// As in its identity document: at most 100 characters.
    full_name: String,
    /// When it was born: at least 18 years ago.
    birth_date: NaiveDate,
    /// Where it is a citizen: two letters of ISO 3166-1.
    nationality: String,
    /// Where it lives: street and number, or what there is.
    address: String,
    /// The town.
    town: String,
    /// The postal code, where there is one.
    postal_code: Option<String>,
    /// The country: two letters of ISO 3166-1.
    country: String,
}

impl From<Profile> for kyc::Profile {
    fn from(profile: Profile) -> Self {
        let Profile { full_name, birth_date, nationality, address, town, postal_code, country } = profile;
        Self { full_name, birth_date, nationality, address, town, postal_code, country }
    }
}

impl From<kyc::Profile> for Profile {
    fn from(profile: kyc::Profile) -> Self {
        let kyc::Profile { full_name, birth_date, nationality, address, town, postal_code, country } =
            profile;
        Self { full_name, birth_date, nationality, address, town, postal_code, country }
    }
}

/// A document that lies elsewhere, in a store that is made for them.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "KycDocumentInput", name = "KycDocument")]
pub(crate) struct Document {
    /// What it is.
    kind: DocumentKind,
    /// Where it lies, as the store names it: at most 100 characters.
    reference: String,
    /// The SHA-256 of the file, in 64 hexadecimal digits.
    sha256: String,
}

impl From<Document> for kyc::Document {
    fn from(Document { kind, reference, sha256 }: Document) -> Self {
        Self { kind: kind.into(), reference, sha256 }
    }
}

impl From<kyc::Document> for Document {
    fn from(kyc::Document { kind, reference, sha256 }: kyc::Document) -> Self {
        Self { kind: kind.into(), reference, sha256 }
    }
}

/// An application to be known better.
#[derive(SimpleObject)]
#[graphql(name = "KycApplication")]
pub(crate) struct Application {
    /// The global id.
    id: ID,
    /// The level that is asked for.
    level: Level,
    /// Who the person says that it is.
    profile: Profile,
    /// What shows it.
    documents: Vec<Document>,
    /// What came of it.
    state: ApplicationState,
    /// Why it was rejected.
    reason: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
}

impl From<kyc::Application> for Application {
    fn from(application: kyc::Application) -> Self {
        Self {
            id: application.id.to_global().to_id(),
            level: application.level.into(),
            profile: application.form.profile.into(),
            documents: application.form.documents.into_iter().map(Into::into).collect(),
            state: application.state.into(),
            reason: application.reason,
            created_at: application.created_at,
            decided_at: application.decided_at,
        }
    }
}

/// What a person applies with.
#[derive(InputObject)]
pub(crate) struct ApplyForLevelInput {
    /// The level, above the present one.
    level: Level,
    /// Who the person is.
    profile: Profile,
    /// What shows it: from `IDENTIFIED` on an identity document; for `FULL` a proof of address and the source of funds,
    /// too. At most ten.
    documents: Vec<Document>,
}

/// The application is with the operators.
#[derive(SimpleObject)]
pub(crate) struct ApplyForLevelPayload {
    /// The application.
    application: Application,
}

/// The application is taken back.
#[derive(SimpleObject)]
pub(crate) struct WithdrawApplicationPayload {
    /// The application.
    application: Application,
}

#[derive(Default)]
pub(crate) struct KycQuery;

#[Object]
impl KycQuery {
    /// The applications of the person who asks, newest first. Nobody else but operators sees them.
    async fn kyc_applications(&self, context: &Context<'_>) -> ApiResult<Vec<Application>> {
        let own = kyc::own(bank(context)?, caller(context)?.user).await?;
        Ok(own.into_iter().map(Application::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct KycMutation;

#[Object]
impl KycMutation {
    /// Applies to be known better. Refuses `LEVEL_REACHED`, `APPLICATION_OPEN`, `PROFILE_INVALID`, `DOCUMENTS_INVALID`,
    /// `DOCUMENTS_MISSING`.
    async fn apply_for_level(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The level, and what shows that it is due.")] input: ApplyForLevelInput,
    ) -> ApiResult<ApplyForLevelPayload> {
        let documents = input.documents.into_iter().map(Into::into).collect();
        let form = kyc::Form { profile: input.profile.into(), documents };
        let made = kyc::apply(bank(context)?, caller(context)?.user, input.level.into(), form).await?;
        Ok(ApplyForLevelPayload { application: made.into() })
    }

    /// Takes the open application back. Refuses `NOT_FOUND`.
    async fn withdraw_application(&self, context: &Context<'_>) -> ApiResult<WithdrawApplicationPayload> {
        let withdrawn = kyc::withdraw(bank(context)?, caller(context)?.user).await?;
        Ok(WithdrawApplicationPayload { application: withdrawn.into() })
    }
}
