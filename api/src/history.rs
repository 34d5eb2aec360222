//! History: the transactions of the person who asks, newest first.

use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::Currency;
use crate::page::{Pages, connection, cost};
use crate::transaction::{Transaction, TransactionKind, TransactionState};
use async_graphql::{Context, ID, InputObject, Object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use entity::Bank;
use entity::api_key::Scope;
use entity::history::{self, Filter, Place};
use entity::id::{TransactionId, UserId};
use entity::page::Page;
use entity::refusal::{Code, Refusal};

/// Which transactions; each field narrows the list.
#[derive(InputObject, Default)]
pub(crate) struct TransactionFilter {
    /// Those of the account in this currency.
    currency: Option<Currency>,
    /// Those of one of these kinds; at least one.
    kinds: Option<Vec<TransactionKind>>,
    /// Those in one of these states; at least one.
    states: Option<Vec<TransactionState>>,
    /// Those asked for at this time or later.
    from: Option<DateTime<Utc>>,
    /// Those asked for before this time.
    until: Option<DateTime<Utc>>,
}

impl TransactionFilter {
    fn parse(self) -> ApiResult<Filter> {
        if self.kinds.as_ref().is_some_and(Vec::is_empty) || self.states.as_ref().is_some_and(Vec::is_empty) {
            return Err(Code::FilterInvalid.at("filter").into());
        }
        let filter = Filter {
            currency: self.currency.as_ref().map(Currency::parse_currency).transpose()?,
            kinds: self.kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            from: self.from,
            until: self.until,
        };
        Ok(filter.checked()?)
    }
}

/// A list of somebody's: what a cursor is good for.
struct List<'a> {
    bank: &'a Bank,
    user: UserId,
    filter: Filter,
}

impl List<'_> {
    fn place(&self, cursor: Option<String>, field: &'static str) -> Result<Option<Place>, Refusal> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let text = BASE64.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let place = text.and_then(|text| Place::read(&text, &self.bank.vault, self.user, &self.filter));
        place.map(Some).ok_or(Code::CursorInvalid.at(field))
    }

    async fn page(&self, page: &Page<Place>) -> ApiResult<Pages<Transaction>> {
        let slice = history::list(self.bank, self.user, &self.filter, page).await?;
        let cursor = |place: Place| BASE64.encode(place.signed(&self.bank.vault, self.user, &self.filter));
        Ok(connection(slice.map(|(place, item)| (cursor(place), Transaction(item)))))
    }
}

/// What it costs more where the history has to be searched: a few of them fill a document.
const SEARCH: usize = 500;

fn search_cost(filter: &TransactionFilter) -> usize {
    let plain =
        filter.kinds.is_none() && filter.states.is_none() && filter.from.is_none() && filter.until.is_none();
    if plain { 0 } else { SEARCH }
}

#[derive(Default)]
pub(crate) struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// The transactions of the person who asks, newest first: a deposit takes its place when it settles,
    /// everything else when it is asked for. Refuses `PAGE_SIZE`, `CURSOR_INVALID`,
    /// `CURRENCY_UNKNOWN`, `FILTER_INVALID`, `OVERLOADED`. Between two pages a deposit under way may settle and take
    /// its new place: whoever reads on meets it there or has met it before.
    #[graphql(complexity = "cost(first, last, child_complexity).saturating_add(search_cost(&filter))")]
    async fn transactions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor, so what is older.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor, so what is newer.")] before: Option<String>,
        #[graphql(desc = "Which transactions; all, if nothing is said.", default)] filter: TransactionFilter,
    ) -> ApiResult<Pages<Transaction>> {
        let user = caller_with(context, Scope::ReadTransactions)?.user;
        let list = List { bank: bank(context)?, user, filter: filter.parse()? };
        let (after, before) = (list.place(after, "after")?, list.place(before, "before")?);
        list.page(&Page::parse(first, last, after, before)?).await
    }

    /// One transaction of the person who asks. Refuses `NOT_FOUND`.
    async fn transaction(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> ApiResult<Transaction> {
        let user = caller_with(context, Scope::ReadTransactions)?.user;
        let id = TransactionId::parse(&id, "id")?;
        Ok(Transaction(history::find(&bank(context)?.db, user, id).await?))
    }
}
