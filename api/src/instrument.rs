//! Instruments: linked bank accounts.

use crate::authentication::{bank, caller, caller_with};
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection, cost, page_of};
use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::api_key::Scope;
use entity::id::InstrumentId;
use entity::page::Page;
use entity::{Bank, instrument};
use std::collections::HashMap;

/// A linked bank account.
pub(crate) struct Instrument(pub(crate) instrument::Instrument);

/// A linked bank account.
#[Object]
impl Instrument {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_global().to_id()
    }

    /// The IBAN with only its ends readable.
    async fn masked_iban(&self) -> String {
        self.0.masked_iban()
    }

    /// Whose name it is in.
    async fn holder(&self) -> &str {
        &self.0.holder
    }

    /// What the person calls it.
    async fn nickname(&self) -> Option<&str> {
        self.0.nickname.as_deref()
    }

    /// When it was linked.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Many instruments at once.
pub(crate) struct Instruments(pub(crate) Bank);

#[async_trait::async_trait]
impl Loader<InstrumentId> for Instruments {
    type Value = instrument::Instrument;
    type Error = entity::Error;

    async fn load(
        &self,
        ids: &[InstrumentId],
    ) -> Result<HashMap<InstrumentId, instrument::Instrument>, entity::Error> {
        Ok(instrument::find_many(&self.0.db, &self.0.vault, ids).await?)
    }
}

#[derive(Default)]
pub(crate) struct InstrumentQuery;

#[Object]
impl InstrumentQuery {
    /// The linked bank accounts of the person who asks, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn instruments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Instrument>> {
        let user = caller_with(context, Scope::ReadAccounts)?.user;
        let after = InstrumentId::from_cursor(after, "after")?;
        let before = InstrumentId::from_cursor(before, "before")?;
        let page = Page::parse(first, last, after, before)?;
        let linked = instrument::list(bank(context)?, user).await?;
        let slice = page_of(linked, |instrument| instrument.id, &page)?;
        Ok(connection(slice.map(|item| (item.id.to_cursor(), Instrument(item)))))
    }
}

/// The bank account to link.
#[derive(InputObject)]
pub(crate) struct LinkBankAccountInput {
    /// Its IBAN (ISO 13616); spaces do no harm.
    iban: String,
    /// Whose name it is in: 1 to 100 characters.
    holder: String,
    /// What to call it: 1 to 100 characters, or none.
    nickname: Option<String>,
}

/// The bank account is linked.
#[derive(SimpleObject)]
pub(crate) struct LinkBankAccountPayload {
    /// The instrument, new or as it was.
    instrument: Instrument,
}

#[derive(Default)]
pub(crate) struct InstrumentMutation;

#[Object]
impl InstrumentMutation {
    /// Links a bank account. Refuses `IBAN_INVALID`, `HOLDER_INVALID`, `NICKNAME_INVALID`.
    async fn link_bank_account(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The bank account to link.")] input: LinkBankAccountInput,
    ) -> ApiResult<LinkBankAccountPayload> {
        let user = caller(context)?.user;
        let account = instrument::BankAccount::parse(&input.iban, &input.holder, input.nickname.as_deref())?;
        let linked = instrument::link(bank(context)?, user, account).await?;
        Ok(LinkBankAccountPayload { instrument: Instrument(linked) })
    }
}
