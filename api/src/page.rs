//! Pages of lists, as Relay connections.

use async_graphql::connection::{
    Connection, DefaultConnectionName, DefaultEdgeName, DisableNodesField, Edge, EmptyFields,
};
use async_graphql::{ObjectType, OutputType, SchemaBuilder, SubscriptionType};
use entity::page::{Page, SIZE, Slice};
use entity::refusal::Refusal;

/// A connection: edges and page info, and no second way to the nodes.
pub(crate) type Pages<T> = Connection<
    String,
    T,
    EmptyFields,
    EmptyFields,
    DefaultConnectionName,
    DefaultEdgeName,
    DisableNodesField,
>;

/// One place in a connection.
type Place<T> = Edge<String, T, EmptyFields, DefaultEdgeName>;

/// Says in the schema what the pages of a list are: the library leaves them without a word.
pub(crate) fn described<Q, M, S, T: OutputType>(
    builder: SchemaBuilder<Q, M, S>,
    page: &'static str,
    place: &'static str,
) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let builder = builder.override_output_type_description::<Pages<T>>(page);
    builder.override_output_type_description::<Place<T>>(place)
}

/// The connection of a page that was read.
pub(crate) fn connection<T: OutputType>(slice: Slice<(String, T)>) -> Pages<T> {
    let mut pages = Pages::new(slice.has_previous, slice.has_next);
    pages.edges.extend(slice.items.into_iter().map(|(cursor, node)| Edge::new(cursor, node)));
    pages
}

/// What a page costs: what is asked of each item, as often as there may be one.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, each: usize) -> usize {
    let items = first.or(last).map_or(usize::try_from(SIZE), usize::try_from).unwrap_or(0);
    items.saturating_mul(each).saturating_add(5)
}

/// A page of a short list that is at hand as a whole, in the order of its keys.
pub(crate) fn page_of<T, K: Ord>(
    items: Vec<T>,
    key: impl Fn(&T) -> K,
    page: &Page<K>,
) -> Result<Slice<T>, Refusal> {
    let mut items: Vec<T> = items
        .into_iter()
        .filter(|item| page.after.as_ref().is_none_or(|after| key(item) > *after))
        .filter(|item| page.before.as_ref().is_none_or(|before| key(item) < *before))
        .collect();
    if page.backwards() {
        items.reverse();
    }
    page.slice(items)
}
