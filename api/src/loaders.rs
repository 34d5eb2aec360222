//! The loaders of one request: what is asked for item by item is read together.
//!
//! Guarantees: a page costs a constant number of queries. Costs nothing until something is asked:
//! most requests need none of them.

use crate::annotation::Annotations;
use crate::authentication::bank;
use crate::instrument::Instruments;
use crate::quote::Quotes;
use crate::user::Names;
use async_graphql::Context;
use async_graphql::dataloader::DataLoader;
use entity::Fault;
use std::sync::OnceLock;

/// See the module.
#[derive(Default)]
pub(crate) struct Loaders {
    annotations: OnceLock<DataLoader<Annotations>>,
    instruments: OnceLock<DataLoader<Instruments>>,
    names: OnceLock<DataLoader<Names>>,
    quotes: OnceLock<DataLoader<Quotes>>,
}

fn of<'a>(context: &Context<'a>) -> Result<&'a Loaders, Fault> {
    context.data_opt().ok_or(Fault::Stopped("a request came without its loaders"))
}

/// What people noted for themselves.
pub(crate) fn annotations<'a>(context: &Context<'a>) -> Result<&'a DataLoader<Annotations>, Fault> {
    let bank = bank(context)?;
    Ok(of(context)?.annotations.get_or_init(|| DataLoader::new(Annotations(bank.clone()), tokio::spawn)))
}

/// Linked bank accounts.
pub(crate) fn instruments<'a>(context: &Context<'a>) -> Result<&'a DataLoader<Instruments>, Fault> {
    let bank = bank(context)?;
    Ok(of(context)?.instruments.get_or_init(|| DataLoader::new(Instruments(bank.clone()), tokio::spawn)))
}

/// Names of people.
pub(crate) fn names<'a>(context: &Context<'a>) -> Result<&'a DataLoader<Names>, Fault> {
    let bank = bank(context)?;
    Ok(of(context)?.names.get_or_init(|| DataLoader::new(Names(bank.clone()), tokio::spawn)))
}

/// Prices at which something was exchanged.
pub(crate) fn quotes<'a>(context: &Context<'a>) -> Result<&'a DataLoader<Quotes>, Fault> {
    let bank = bank(context)?;
    Ok(of(context)?.quotes.get_or_init(|| DataLoader::new(Quotes(bank.clone()), tokio::spawn)))
}
