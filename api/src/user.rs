//! People, as they see themselves.

use crate::authentication::{bank, caller_with, refuse_keys};
use crate::error::ApiResult;
use crate::handle::Handle;
use crate::id::Named;
use crate::kyc::Level;
use crate::limit::{Limit, LimitPeriod};
use crate::money::Money;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, Object, OneofObject};
use chrono::{DateTime, Utc};
use entity::Bank;
use entity::api_key::Scope;
use entity::id::UserId;
use entity::refusal::{Code, Refusal};
use entity::user;
use entity::{handle, limit};
use std::collections::HashMap;

/// How a person is reached: exactly one of the two.
#[derive(OneofObject)]
pub(crate) enum HandleInput {
    /// An e-mail address.
    Email(String),
    /// A phone number in international form (E.164), such as `+4915112345678`.
    Phone(String),
}

impl HandleInput {
    /// The handle in its one spelling.
    pub(crate) fn parse(&self) -> Result<handle::Handle, Refusal> {
        match self {
            Self::Email(text) => handle::Handle::email(text),
            Self::Phone(text) => handle::Handle::phone(text),
        }
    }
}

/// Whether a person may act.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "user::UserState")]
pub(crate) enum UserState {
    /// May do everything.
    Active,
    /// May look and be paid; no money leaves.
    Frozen,
    /// Has left.
    Closed,
}

/// A person who uses the wallet.
pub(crate) struct User(pub(crate) user::User);

/// A person who uses the wallet.
#[Object]
impl User {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_global().to_id()
    }

    /// What the person calls itself; none for one who has left and was forgotten.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether the person may act.
    async fn state(&self) -> UserState {
        self.0.state.into()
    }

    /// How well the person is known.
    async fn kyc_level(&self) -> Level {
        self.0.level.into()
    }

    /// What may leave the wallet in this day and month, by how well the person is known.
    async fn limits(&self, context: &Context<'_>) -> ApiResult<Vec<Limit>> {
        let [day, month] = limit::left(bank(context)?, self.0.id).await?;
        Ok(vec![Limit::new(LimitPeriod::Day, day), Limit::new(LimitPeriod::Month, month)])
    }

    /// The most that one payment may be worth, in euros, by the person's level.
    async fn payment_limit(&self, context: &Context<'_>) -> ApiResult<Money> {
        Ok(Money(limit::once(bank(context)?, self.0.id).await?))
    }

    /// The verified handles, oldest first. API keys may not read them.
    async fn handles(&self, context: &Context<'_>) -> ApiResult<Vec<Handle>> {
        refuse_keys(context)?;
        let handles = user::handles(bank(context)?, self.0.id).await?;
        Ok(handles.into_iter().map(Handle::from).collect())
    }

    /// The version of the terms that the person accepted.
    async fn terms_version(&self) -> &str {
        &self.0.terms_version
    }

    /// When the person signed up.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// The person of this id.
pub(crate) async fn find(context: &Context<'_>, id: UserId) -> ApiResult<User> {
    let found = user::find_many(bank(context)?, &[id]).await?.remove(&id);
    Ok(User(found.ok_or(Code::NotFound)?))
}

#[derive(Default)]
pub(crate) struct UserQuery;

#[Object]
impl UserQuery {
    /// The person who asks.
    async fn me(&self, context: &Context<'_>) -> ApiResult<User> {
        find(context, caller_with(context, Scope::ReadAccounts)?.user).await
    }
}

/// The names of many people at once.
pub(crate) struct Names(pub(crate) Bank);

#[async_trait::async_trait]
impl Loader<UserId> for Names {
    type Value = String;
    type Error = entity::Error;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, String>, entity::Error> {
        let people = user::find_many(&self.0, ids).await?;
        Ok(people.into_iter().filter_map(|(id, user)| Some((id, user.name?))).collect())
    }
}
