//! API keys: with them programs act for a person, as far as each is allowed.

use crate::authentication::{bank, caller, origin};
use crate::challenge::proof;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Money, MoneyInput};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::api_key::{self, NewApiKey, Scopes, SpendLimit, parse_networks};
use entity::id::ApiKeyId;
use entity::proof::Proof;
use entity::user::parse_name;

/// What an API key may. Whatever is not named here, no key may.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "api_key::Scope")]
pub(crate) enum ApiKeyScope {
    /// To read who the person is, the accounts and their balances, and linked bank accounts.
    ReadAccounts,
    /// To read the history and single transactions.
    ReadTransactions,
    /// To send money to people.
    Transfer,
    /// To pay out to linked bank accounts.
    Withdraw,
    /// To top up from linked bank accounts.
    Deposit,
    /// To put private notes and tags on transactions.
    Annotate,
}

/// How long a spend limit counts: by the calendar, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "api_key::Interval")]
pub(crate) enum SpendInterval {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first day of the month.
    Month,
}

/// How much may leave by an API key. In other currencies nothing may.
#[derive(InputObject)]
pub(crate) struct SpendLimitInput {
    /// So much.
    money: MoneyInput,
    /// In so long.
    interval: SpendInterval,
}

impl SpendLimitInput {
    fn parse(&self) -> ApiResult<SpendLimit> {
        Ok(SpendLimit { amount: self.money.parse()?, interval: self.interval.into() })
    }
}

/// How much may leave by an API key, and has left.
#[derive(SimpleObject)]
pub(crate) struct ApiKeySpending {
    /// How much may leave in the interval.
    limit: Money,
    /// How long the limit counts.
    interval: SpendInterval,
    /// What has left since the interval began, or may be about to.
    spent: Money,
    /// When the next interval begins.
    resets_at: DateTime<Utc>,
}

/// A key with which a program acts for the person.
#[derive(SimpleObject)]
pub(crate) struct ApiKey {
    /// The global id.
    id: ID,
    /// What the person calls it.
    name: String,
    /// The beginning and the end of its secret.
    hint: String,
    /// What it may.
    scopes: Vec<ApiKeyScope>,
    /// The addresses and networks that it may be used from; any, if there is none.
    allowed_addresses: Vec<String>,
    /// How much may leave by it, and has left; none where no money can.
    spending: Option<ApiKeySpending>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it works.
    expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(key: api_key::ApiKey) -> Self {
        let spending = |spending: api_key::Spending| ApiKeySpending {
            limit: Money(spending.limit.amount.money()),
            interval: spending.limit.interval.into(),
            spent: Money(spending.spent),
            resets_at: spending.resets_at,
        };
        Self {
            id: key.id.to_global().to_id(),
            name: key.name,
            hint: key.hint,
            scopes: key.scopes.all().map(Into::into).collect(),
            allowed_addresses: key.networks.iter().map(ToString::to_string).collect(),
            spending: key.spending.map(spending),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// The key to be made.
#[derive(InputObject)]
pub(crate) struct CreateApiKeyInput {
    /// What to call it: 1 to 100 characters.
    name: String,
    /// What it may: at least one scope.
    scopes: Vec<ApiKeyScope>,
    /// At most 20 addresses or networks that it may be used from, such as `192.0.2.7` or `2001:db8::/32`; from anywhere, if
    /// there is none.
    #[graphql(default)]
    allowed_addresses: Vec<String>,
    /// How much may leave by it; needed for `TRANSFER` and `WITHDRAW`.
    spend_limit: Option<SpendLimitInput>,
    /// Until when it works: at most a year from now.
    expires_at: DateTime<Utc>,
    /// The password of the person.
    #[graphql(secret)]
    password: String,
    /// A question from `startChallenge` that was answered.
    challenge_id: ID,
}

impl CreateApiKeyInput {
    fn parse(self) -> ApiResult<(NewApiKey, Proof)> {
        let wanted = NewApiKey {
            name: parse_name(&self.name)?,
            scopes: Scopes::of(self.scopes.into_iter().map(Into::into))?,
            networks: parse_networks(&self.allowed_addresses)?,
            limit: self.spend_limit.as_ref().map(SpendLimitInput::parse).transpose()?,
            expires_at: self.expires_at,
        };
        Ok((wanted, proof(self.password, Some(&self.challenge_id))?))
    }
}

/// The key works from now on.
#[derive(SimpleObject)]
pub(crate) struct CreateApiKeyPayload {
    /// What the program sends with each request, as `Authorization: Bearer …`. It is shown this once.
    secret: String,
    /// The key.
    api_key: ApiKey,
}

/// The key to be ended.
#[derive(InputObject)]
pub(crate) struct RevokeApiKeyInput {
    /// The global id of an open key of one's own.
    id: ID,
}

/// The key is over.
#[derive(SimpleObject)]
pub(crate) struct RevokeApiKeyPayload {
    /// Always true: from now on it is refused.
    revoked: bool,
}

#[derive(Default)]
pub(crate) struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The open API keys of the person who asks, newest first.
    async fn api_keys(&self, context: &Context<'_>) -> ApiResult<Vec<ApiKey>> {
        let keys = api_key::list(bank(context)?, caller(context)?.user).await?;
        Ok(keys.into_iter().map(ApiKey::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes a key with which a program acts for the person, as far as it is allowed; it is never asked a question. It
    /// ends with the sessions of the person: when the wallet is locked, the password or the second factor changed. Refuses
    /// `NAME_INVALID`, `SCOPES_INVALID`, `ADDRESSES_INVALID`, `SPEND_LIMIT_REQUIRED`, `EXPIRY_INVALID`, `API_KEY_LIMIT`,
    /// `PASSWORD_WRONG`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`, and amounts that are none.
    async fn create_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it is to be like.")] input: CreateApiKeyInput,
    ) -> ApiResult<CreateApiKeyPayload> {
        let (caller, (wanted, proof)) = (caller(context)?, input.parse()?);
        let made = api_key::create(bank(context)?, caller, wanted, proof, &origin(context)).await?;
        Ok(CreateApiKeyPayload { secret: made.0.reveal().to_owned(), api_key: made.1.into() })
    }

    /// Ends a key, at once. Refuses `NOT_FOUND`.
    async fn revoke_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RevokeApiKeyInput,
    ) -> ApiResult<RevokeApiKeyPayload> {
        let (caller, id) = (caller(context)?, ApiKeyId::parse(&input.id, "id")?);
        api_key::revoke(bank(context)?, caller, id, &origin(context)).await?;
        Ok(RevokeApiKeyPayload { revoked: true })
    }
}
