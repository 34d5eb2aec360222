//! History: the transactions of the person who asks, newest first.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::Currency;
use crate::page::{Pages, connection, cost};
use crate::transaction::{Transaction, TransactionKind, TransactionState};
use async_graphql::{Context, ID, InputObject, Object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use entity::history::{self, Filter, Place};
use entity::id::TransactionId;
use entity::page::Page;
use entity::refusal::{Code, Refusal};

/// Which transactions; each field narrows the list.
#[derive(InputObject, Default)]
pub(crate) struct TransactionFilter {
    /// Those of the account in this currency.
    currency: Option<Currency>,
    /// Those of one of these kinds.
    kinds: Option<Vec<TransactionKind>>,
    /// Those in one of these states.
    states: Option<Vec<TransactionState>>,
    /// Those asked for at this time or later.
    from: Option<DateTime<Utc>>,
    /// Those asked for before this time.
    until: Option<DateTime<Utc>>,
}

impl TransactionFilter {
    fn parse(self) -> ApiResult<Filter> {
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

/// A place as a client gets it: opaque.
fn cursor(place: &Place) -> String {
    BASE64.encode(place.to_string())
}

fn place(cursor: Option<String>, field: &'static str) -> Result<Option<Place>, Refusal> {
    let read = |cursor: String| String::from_utf8(BASE64.decode(cursor).ok()?).ok()?.parse().ok();
    cursor.map(|cursor| read(cursor).ok_or(Code::CursorInvalid.at(field))).transpose()
}

#[derive(Default)]
pub(crate) struct HistoryQuery;

#[Object]
impl HistoryQuery {
    /// The transactions of the person who asks, newest first: a deposit takes its place when it settles,
    /// everything else when it is asked for. Refuses `PAGE_SIZE`, `CURSOR_INVALID`,
    /// `CURRENCY_UNKNOWN`, `FILTER_INVALID`.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn transactions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor, so what is older.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor, so what is newer.")] before: Option<String>,
        #[graphql(desc = "Which transactions; all, if nothing is said.", default)] filter: TransactionFilter,
    ) -> ApiResult<Pages<Transaction>> {
        let page = Page::parse(first, last, place(after, "after")?, place(before, "before")?)?;
        let user = caller(context)?.user;
        let slice = history::list(&bank(context)?.db, user, &filter.parse()?, &page).await?;
        Ok(connection(slice.map(|(place, item)| (cursor(&place), Transaction(item)))))
    }

    /// One transaction of the person who asks. Refuses `NOT_FOUND`.
    async fn transaction(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> ApiResult<Transaction> {
        let id = TransactionId::parse(&id, "id")?;
        Ok(Transaction(history::find(&bank(context)?.db, caller(context)?.user, id).await?))
    }
}
