//! What a document may cost, found out before anything walks it.
//!
//! A few hundred bytes of nested fragment spreads stand for millions of fields. The library's own
//! limits compare only after they have walked them all, so each fragment is priced here once and
//! its price added wherever it is spread. What passes is small when expanded, and the library's
//! walks are safe. Costs a linear pass over the text and one over the document.

use crate::error::{ErrorCode, request_error};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};
use std::collections::HashMap;

/// Characters in a document.
const LENGTH: usize = 32 * 1024;
/// Brackets that may be open at once; the parser recurses into each.
const BRACKETS: usize = 64;
/// What a document may cost when its fragments are expanded.
const LIMIT: Cost = Cost { fields: 1_000, aliases: 30, directives: 30, depth: 25 };
/// Fields at the root of a mutation: each is an act.
const ACTS: usize = 10;

/// The price of a selection, fragments expanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    fields: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
}

impl Cost {
    /// Both, one beside the other.
    fn and(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
        }
    }

    /// The same price, if a document may cost it.
    fn affordable(self) -> Result<Self, ServerError> {
        if self.depth > LIMIT.depth {
            return Err(too_deep());
        }
        let within = self.fields <= LIMIT.fields
            && self.aliases <= LIMIT.aliases
            && self.directives <= LIMIT.directives;
        if within { Ok(self) } else { Err(too_complex()) }
    }

    fn deeper(self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self }
    }
}

/// Reads and prices a document.
pub(crate) fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    if text.len() > LENGTH {
        return Err(request_error(ErrorCode::DocumentTooComplex, "The document is longer than 32 KiB."));
    }
    if brackets(text) > BRACKETS {
        return Err(too_deep());
    }
    let document = parse_query(text).map_err(|error| {
        let mut refused = request_error(ErrorCode::GraphqlParseFailed, &error.to_string());
        refused.locations = error.positions().collect();
        refused
    })?;
    check(&document)?;
    Ok(document)
}

/// The operation that a request names, or the only one.
pub(crate) fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(&operation.node),
        DocumentOperations::Multiple(operations) => {
            let only = || operations.values().next().filter(|_| operations.len() == 1);
            let named = |name| operations.get(name);
            name.map_or_else(only, named).map(|operation| &operation.node)
        }
    }
}

/// Whether the operation is one act that claims its session to the ledger, which then makes sure that
/// it is open in the moment of the act: nothing is gained by asking before.
pub(crate) fn claims_session(operation: &OperationDefinition) -> bool {
    let [selection] = operation.selection_set.node.items.as_slice() else {
        return false;
    };
    operation.ty == OperationType::Mutation
        && matches!(&selection.node, Selection::Field(field)
            if field.node.name.node == "createTransfer" && field.node.directives.is_empty())
}

/// Refuses variables that are needed and not given: the library would find out in mid-execution.
pub(crate) fn check_variables(
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let (name, definition) = (&definition.node.name.node, &definition.node);
        let needed = !definition.var_type.node.nullable && definition.default_value.is_none();
        if needed && matches!(variables.get(name), None | Some(Value::Null)) {
            let text = format!("The variable ${name} is needed.");
            return Err(request_error(ErrorCode::GraphqlValidationFailed, &text));
        }
    }
    Ok(())
}

/// The deepest nesting of brackets. It does not spare strings and comments: to know where those
/// end is to parse.
fn brackets(text: &str) -> usize {
    let mut open = 0_usize;
    let mut deepest = 0;
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => open = open.saturating_add(1),
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = open.max(deepest);
    }
    deepest
}

fn too_deep() -> ServerError {
    request_error(
        ErrorCode::DocumentTooDeep,
        "The document is nested too deeply, or its fragments form a circle.",
    )
}

fn too_complex() -> ServerError {
    let text =
        "The document asks for more than one request may: 1000 fields, 30 aliases, 30 directives, 10 acts.";
    request_error(ErrorCode::DocumentTooComplex, text)
}

fn check(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut prices = Prices { fragments: &document.fragments, known: HashMap::new() };
    // A fragment that nobody spreads is priced as well: the library walks it too.
    for name in document.fragments.keys() {
        prices.fragment(name)?;
    }
    for (_, operation) in document.operations.iter() {
        let OperationDefinition { ty, selection_set, directives, .. } = &operation.node;
        let own = Cost { directives: directives.len(), ..Cost::default() };
        prices.selection(&selection_set.node)?.and(own).affordable()?;
        let items = selection_set.node.items.as_slice();
        if *ty == OperationType::Mutation && items.len() > ACTS {
            return Err(too_complex());
        }
        if *ty == OperationType::Subscription && !follows_one(items) {
            let text = "A subscription has one field at its root, which stands in the operation itself.";
            return Err(request_error(ErrorCode::GraphqlValidationFailed, text));
        }
    }
    Ok(())
}

/// Whether a subscription is to one stream (GraphQL, section 5.2.3.1). The library would begin as many as there are fields,
/// and none that a fragment names.
fn follows_one(items: &[Positioned<Selection>]) -> bool {
    let [only] = items else { return false };
    matches!(&only.node, Selection::Field(field) if !field.node.name.node.starts_with("__"))
}

/// The price of each fragment; none while it is being found, which means a circle.
struct Prices<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<&'a Name, Option<Cost>>,
}

impl<'a> Prices<'a> {
    fn fragment(&mut self, name: &Name) -> Result<Cost, ServerError> {
        // An unknown fragment costs nothing here; validation refuses it by name.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return Ok(Cost::default());
        };
        if let Some(known) = self.known.get(name) {
            return known.ok_or_else(too_deep);
        }
        self.known.insert(name, None);
        let cost = self.selection(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(cost));
        Ok(cost)
    }

    fn selection(&mut self, selection: &'a SelectionSet) -> Result<Cost, ServerError> {
        let mut total = Cost::default();
        for item in &selection.items {
            let (own, inner) = match &item.node {
                Selection::Field(field) => {
                    let (aliases, directives) =
                        (usize::from(field.node.alias.is_some()), field.node.directives.len());
                    let own = Cost { fields: 1, aliases, directives, depth: 0 };
                    (own, self.selection(&field.node.selection_set.node)?)
                }
                Selection::FragmentSpread(spread) => {
                    let own = Cost { directives: spread.node.directives.len(), ..Cost::default() };
                    (own, self.fragment(&spread.node.fragment_name.node)?)
                }
                Selection::InlineFragment(inline) => {
                    let own = Cost { directives: inline.node.directives.len(), ..Cost::default() };
                    (own, self.selection(&inline.node.selection_set.node)?)
                }
            };
            total = total.and(own.and(inner).deeper()).affordable()?;
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        let error = parse(text).unwrap_err();
        error.extensions.unwrap().get("code").unwrap().to_string()
    }

    /// Twenty fragments, each spreading the next one twice: a million fields in 700 bytes.
    fn explosion() -> String {
        let levels = (0..20).map(|i| format!("fragment F{i} on Query {{...F{0} ...F{0}}} ", i + 1));
        levels.collect::<String>() + "fragment F20 on Query {__typename}"
    }

    #[test]
    fn fragments_that_double_at_each_level_are_refused_at_once() {
        assert_eq!(code(&format!("{{...F0}} {}", explosion())), "\"DOCUMENT_TOO_COMPLEX\"");
        let unused = format!("{{__typename}} {}", explosion());
        assert_eq!(code(&unused), "\"DOCUMENT_TOO_COMPLEX\"");
    }

    #[test]
    fn circles_and_long_chains_are_refused() {
        assert_eq!(
            code("{...A} fragment A on Query {...B} fragment B on Query {...A}"),
            "\"DOCUMENT_TOO_DEEP\""
        );
        let chain: String = (0..200).map(|i| format!("fragment F{i} on Query {{...F{}}} ", i + 1)).collect();
        assert_eq!(
            code(&format!("{{...F0}} {chain} fragment F200 on Query {{__typename}}")),
            "\"DOCUMENT_TOO_DEEP\""
        );
    }

    #[test]
    fn brackets_aliases_acts_and_length_are_limited() {
        assert_eq!(code(&format!("{}{}", "{a".repeat(65), "}".repeat(65))), "\"DOCUMENT_TOO_DEEP\"");
        assert_eq!(
            code(&format!("{{a(b: {}{})}}", "[".repeat(20_000), "]".repeat(9_000))),
            "\"DOCUMENT_TOO_DEEP\""
        );
        let aliases: String = (0..31).map(|i| format!("a{i}: me {{id}} ")).collect();
        assert_eq!(code(&format!("{{{aliases}}}")), "\"DOCUMENT_TOO_COMPLEX\"");
        assert_eq!(
            code(&format!("mutation {{{}}}", "signOut{signedOut} ".repeat(11))),
            "\"DOCUMENT_TOO_COMPLEX\""
        );
        assert_eq!(code(&" ".repeat(LENGTH + 1)), "\"DOCUMENT_TOO_COMPLEX\"");
        assert_eq!(code("{"), "\"GRAPHQL_PARSE_FAILED\"");
    }
}
