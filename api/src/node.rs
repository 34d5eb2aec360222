//! Anything by its global id (Relay), as far as it is one's own.

use crate::account::Account;
use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::id::GlobalId;
use crate::instrument::Instrument;
use crate::transaction::Transaction;
use crate::user::{self, User};
use async_graphql::{Context, ID, Interface, Object};
use entity::api_key::Scope;
use entity::refusal::Code;
use entity::{account, history, instrument};

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub(crate) enum Node {
    /// A person.
    User(User),
    /// An account.
    Account(Account),
    /// A transaction.
    Transaction(Transaction),
    /// A linked bank account.
    Instrument(Instrument),
}

#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything of one's own by its global id. Refuses `ID_MALFORMED`, and `NOT_FOUND` for what is not one's own.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> ApiResult<Node> {
        find(context, &id).await
    }
}

/// What an API key needs to read it.
fn scope(named: Option<GlobalId>) -> Scope {
    match named {
        Some(GlobalId::Transaction(_)) => Scope::ReadTransactions,
        Some(_) | None => Scope::ReadAccounts,
    }
}

async fn find(context: &Context<'_>, id: &ID) -> ApiResult<Node> {
    let named = GlobalId::parse(id);
    let (bank, me) = (bank(context)?, caller_with(context, scope(named))?.user);
    Ok(match named.ok_or(Code::IdMalformed.at("id"))? {
        GlobalId::User(id) if id == me => Node::User(user::find(context, id).await?),
        GlobalId::Account(owner, currency) if owner == me => {
            Node::Account(Account(account::find(&bank.db, me, currency).await?))
        }
        GlobalId::Transaction(id) => Node::Transaction(Transaction(history::find(&bank.db, me, id).await?)),
        GlobalId::Instrument(id) => Node::Instrument(Instrument(instrument::find(bank, me, id).await?)),
        GlobalId::User(_)
        | GlobalId::Account(..)
        | GlobalId::Verification(_)
        | GlobalId::Challenge(_)
        | GlobalId::Passkey(_)
        | GlobalId::Ceremony(_)
        | GlobalId::Session(_)
        | GlobalId::ApiKey(_)
        | GlobalId::Notification(_)
        | GlobalId::SecurityEvent(_)
        | GlobalId::Job(_)
        | GlobalId::Operator(_)
        | GlobalId::Application(_)
        | GlobalId::Recovery(_)
        | GlobalId::Quote(_)
        | GlobalId::Order(_)
        | GlobalId::RateAlert(_)
        | GlobalId::AlertRule(_)
        | GlobalId::Sheet(_)
        | GlobalId::Alert(_)
        | GlobalId::Dispute(_)
        | GlobalId::SanctionHit(_)
        | GlobalId::Proposal(_) => {
            return Err(Code::NotFound.at("id").into());
        }
    })
}
