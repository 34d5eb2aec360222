//! Accounts: one balance in one currency each.

use crate::authentication::{bank, caller, caller_with};
use crate::error::ApiResult;
use crate::id::GlobalId;
use crate::money::{Currency, Money};
use crate::page::{Pages, connection, cost, page_of};
use crate::rate::ExchangeRate;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::api_key::Scope;
use entity::money;
use entity::page::Page;
use entity::refusal::{Code, Refusal};
use entity::{account, total};

/// Whether money may go in and out of an account.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "account::AccountState")]
pub(crate) enum AccountState {
    /// Both.
    Open,
    /// Only in.
    Frozen,
    /// Neither.
    Closed,
}

/// A balance in one currency. A person has at most one a currency.
pub(crate) struct Account(pub(crate) account::Account);

impl Account {
    fn global(&self) -> GlobalId {
        GlobalId::Account(self.0.owner, self.0.balance.currency)
    }
}

/// A balance in one currency. A person has at most one a currency.
#[Object]
impl Account {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global().to_id()
    }

    /// The currency of the account.
    async fn currency(&self) -> Currency {
        self.0.balance.currency.into()
    }

    /// What is in it and can be spent. Money that is on its way is not.
    async fn balance(&self) -> Money {
        Money(self.0.balance)
    }

    /// Whether money may go in and out.
    async fn state(&self) -> AccountState {
        self.0.state.into()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }
}

/// All that a person has, in one currency.
#[derive(SimpleObject)]
pub(crate) struct TotalBalance {
    /// The sum, each balance rounded down to a minor unit.
    money: Money,
    /// The rates that it was computed with, of each other currency that there is money in.
    rates: Vec<ExchangeRate>,
    /// As of when.
    as_of: DateTime<Utc>,
}

impl From<total::Total> for TotalBalance {
    fn from(total: total::Total) -> Self {
        let rates = total.rates.into_iter().map(ExchangeRate::from).collect();
        Self { money: Money(total.money), rates, as_of: total.as_of }
    }
}

#[derive(Default)]
pub(crate) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The accounts of the person who asks, by currency code.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn accounts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Account>> {
        let user = caller_with(context, Scope::ReadAccounts)?.user;
        let (after, before) = (cursor(after, "after")?, cursor(before, "before")?);
        let page = Page::parse(first, last, after, before)?;
        let accounts = account::list(&bank(context)?.db, user).await?;
        let slice = page_of(accounts, |account| account.balance.currency, &page)?;
        let slice = slice.map(|account| (Account(account.clone()).global().to_id().0, Account(account)));
        Ok(connection(slice))
    }

    /// All that the person who asks has, in one currency, at the mid rates of now. Refuses `PAIR_UNKNOWN` and `RATE_STALE`
    /// where a rate is missing: never a sum without one.
    async fn total_balance(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency of the sum.")] currency: Currency,
    ) -> ApiResult<TotalBalance> {
        let user = caller_with(context, Scope::ReadAccounts)?.user;
        Ok(total::of(bank(context)?, user, currency.parse_currency()?).await?.into())
    }

    /// The account of the person who asks in one currency. Refuses `NOT_FOUND` where none was opened.
    async fn account(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency of the account.")] currency: Currency,
    ) -> ApiResult<Account> {
        let user = caller_with(context, Scope::ReadAccounts)?.user;
        Ok(Account(account::find(&bank(context)?.db, user, currency.parse_currency()?).await?))
    }
}

fn cursor(cursor: Option<String>, field: &'static str) -> Result<Option<money::Currency>, Refusal> {
    match cursor.map(|cursor| GlobalId::parse(&ID(cursor))) {
        None => Ok(None),
        Some(Some(GlobalId::Account(_, currency))) => Ok(Some(currency)),
        Some(_) => Err(Code::CursorInvalid.at(field)),
    }
}

/// The account to open.
#[derive(InputObject)]
pub(crate) struct OpenAccountInput {
    /// In which currency.
    currency: Currency,
}

/// The account is open.
#[derive(SimpleObject)]
pub(crate) struct OpenAccountPayload {
    /// The account, new or as it was.
    account: Account,
}

#[derive(Default)]
pub(crate) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Opens an account in a currency, or finds it open. Not needed before receiving money: that opens it by itself.
    /// Refuses `CURRENCY_UNKNOWN`.
    async fn open_account(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account to open.")] input: OpenAccountInput,
    ) -> ApiResult<OpenAccountPayload> {
        let (user, currency) = (caller(context)?.user, input.currency.parse_currency()?);
        let opened = account::open(bank(context)?, user, currency).await?;
        Ok(OpenAccountPayload { account: Account(opened) })
    }
}
