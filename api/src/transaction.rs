//! Transactions, as one of their parties sees them.

use crate::annotation::{Annotation, AnnotationKey};
use crate::authentication::viewer;
use crate::error::ApiResult;
use crate::id::Named;
use crate::instrument::Instrument;
use crate::loaders;
use crate::money::Money;
use crate::quote::Quote;
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::{Fault, instrument, transaction};

/// What kind of act.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "transaction::Kind")]
pub(crate) enum TransactionKind {
    /// From one person to another.
    Transfer,
    /// From a bank into the wallet.
    Deposit,
    /// From the wallet to a bank.
    Withdrawal,
    /// From one of a person's accounts to another.
    Conversion,
}

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "transaction::State")]
pub(crate) enum TransactionState {
    /// The house looks into it; the money has left the wallet and waits, for a day at most.
    InReview,
    /// Asked for; the bank has not been told yet.
    Requested,
    /// The bank has accepted it and will answer later.
    Submitted,
    /// The bank was told and has not answered; it is being asked, and never told twice.
    Unknown,
    /// Done, and final.
    Settled,
    /// Not done, and final; the money is back where it was.
    Failed,
}

/// Why it was not done.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "transaction::Failure")]
pub(crate) enum TransactionFailure {
    /// The other bank refused.
    Declined,
    /// The account at the other bank is closed or unknown there.
    AccountClosed,
    /// The house has looked into it, and does not let it go on.
    Rejected,
}

/// Which way the money goes, for the person who asks.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Direction {
    /// Into the wallet.
    In,
    /// Out of the wallet.
    Out,
}

/// The other side of a transaction: a person or a bank account of one's own.
#[derive(SimpleObject)]
pub(crate) struct Counterparty {
    /// The name of the person, or of the holder of the bank account; none for a person who has left and was forgotten.
    name: Option<String>,
    /// The bank account, if it is one.
    instrument: Option<Instrument>,
}

impl Counterparty {
    fn of_instrument(linked: instrument::Instrument) -> Self {
        Self { name: Some(linked.holder.clone()), instrument: Some(Instrument(linked)) }
    }
}

/// One act that moves money.
pub(crate) struct Transaction(pub(crate) transaction::Transaction);

/// One act that moves money.
#[Object]
impl Transaction {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.terms.id.to_global().to_id()
    }

    /// What kind of act.
    async fn kind(&self) -> TransactionKind {
        self.0.terms.kind.into()
    }

    /// How far it has come.
    async fn state(&self) -> TransactionState {
        self.0.state.into()
    }

    /// Why it failed, if it did.
    async fn failure(&self) -> Option<TransactionFailure> {
        self.0.failure.map(Into::into)
    }

    /// Which way the money goes, for the person who asks.
    async fn direction(&self, context: &Context<'_>) -> ApiResult<Direction> {
        let out = self.0.terms.payer == Some(viewer(context)?.user);
        Ok(if out { Direction::Out } else { Direction::In })
    }

    /// How much: what has left, for who pays, and what has come, for who is paid.
    async fn money(&self, context: &Context<'_>) -> ApiResult<Money> {
        Ok(Money(self.0.amount_for(viewer(context)?.user).money()))
    }

    /// What it has become on its way, and at which price; for who pays.
    async fn quote(&self, context: &Context<'_>) -> ApiResult<Option<Quote>> {
        let own = self.0.terms.payer == Some(viewer(context)?.user);
        let Some(exchanged) = self.0.terms.exchanged.filter(|_| own) else { return Ok(None) };
        Ok(loaders::quotes(context)?.load_one(exchanged.quote).await?.map(Quote))
    }

    /// Who or what is at the other end.
    async fn counterparty(&self, context: &Context<'_>) -> ApiResult<Counterparty> {
        if let Some(linked) = self.0.terms.instrument {
            let found = loaders::instruments(context)?.load_one(linked).await?;
            let instrument = found.ok_or(Fault::Corrupt("an instrument is missing"))?;
            return Ok(Counterparty::of_instrument(instrument));
        }
        // Whose money only changes is at both ends.
        let me = viewer(context)?.user;
        let other = self.0.counterparty(me).unwrap_or(me);
        let name = loaders::names(context)?.load_one(other).await?;
        Ok(Counterparty { name, instrument: None })
    }

    /// The payer's words to the payee; both see them.
    async fn note(&self) -> Option<&str> {
        self.0.terms.note.as_deref()
    }

    /// What the person who asks noted for itself; the other side never sees it.
    async fn annotation(&self, context: &Context<'_>) -> ApiResult<Option<Annotation>> {
        let key = AnnotationKey { user: viewer(context)?.user, transaction: self.0.terms.id };
        Ok(loaders::annotations(context)?.load_one(key).await?.map(Annotation))
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its state last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
