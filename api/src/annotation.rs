//! Annotations: private notes and tags on transactions.

use crate::authentication::{bank, caller_with};
use crate::error::ApiResult;
use crate::id::Named;
use crate::transaction::Transaction;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::api_key::Scope;
use entity::id::{TransactionId, UserId};
use entity::{Bank, annotation, history};
use std::collections::HashMap;

/// What one party noted for itself.
pub(crate) struct Annotation(pub(crate) annotation::Annotation);

/// What one party noted for itself.
#[Object]
impl Annotation {
    /// The note.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The tags, in the order given.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }
}

/// Whose annotation of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AnnotationKey {
    pub(crate) user: UserId,
    pub(crate) transaction: TransactionId,
}

/// The annotations of many transactions at once.
pub(crate) struct Annotations(pub(crate) Bank);

#[async_trait::async_trait]
impl Loader<AnnotationKey> for Annotations {
    type Value = annotation::Annotation;
    type Error = entity::Error;

    async fn load(
        &self,
        keys: &[AnnotationKey],
    ) -> Result<HashMap<AnnotationKey, annotation::Annotation>, entity::Error> {
        // A request has one caller, so all keys are of one person.
        let Some(user) = keys.first().map(|key| key.user) else {
            return Ok(HashMap::new());
        };
        let ids: Vec<_> = keys.iter().map(|key| key.transaction).collect();
        let found = annotation::find_many(&self.0.db, user, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(transaction, found)| (AnnotationKey { user, transaction }, found))
            .collect())
    }
}

/// What to note.
#[derive(InputObject)]
pub(crate) struct AnnotateTransactionInput {
    /// On which transaction.
    transaction_id: ID,
    /// The note, at most 500 characters; none removes it.
    note: Option<String>,
    /// The tags: at most 20 different ones of at most 50 characters.
    #[graphql(default)]
    tags: Vec<String>,
}

/// It is noted.
#[derive(SimpleObject)]
pub(crate) struct AnnotateTransactionPayload {
    /// The transaction with the annotation.
    transaction: Transaction,
}

#[derive(Default)]
pub(crate) struct AnnotationMutation;

#[Object]
impl AnnotationMutation {
    /// Puts a private note and tags on a transaction, in place of those before. Refuses `NOT_FOUND`, `NOTE_INVALID`,
    /// `TAGS_INVALID`.
    async fn annotate_transaction(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to note, and where.")] input: AnnotateTransactionInput,
    ) -> ApiResult<AnnotateTransactionPayload> {
        let (bank, user) = (bank(context)?, caller_with(context, Scope::Annotate)?.user);
        let id = TransactionId::parse(&input.transaction_id, "transactionId")?;
        let noted = annotation::Annotation::parse(input.note.as_deref(), input.tags)?;
        annotation::put(bank, user, id, noted).await?;
        Ok(AnnotateTransactionPayload { transaction: Transaction(history::find(&bank.db, user, id).await?) })
    }
}
