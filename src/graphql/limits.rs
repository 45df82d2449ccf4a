//! What a document may ask for at most. Counted on the parsed document before anything is validated or run, because
//! validation itself costs time that a hostile document can drive up.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, parser};

/// The longest query text. A front end's largest operation has a few thousand characters.
pub const QUERY_BYTES_MAX: usize = 64 * 1024;
/// How deep selections may nest, fragments followed.
pub const DEPTH_MAX: usize = 16;
/// How many fields may be selected, fragments followed.
pub const FIELDS_MAX: usize = 2_000;
/// How many of the fields may go by another name.
pub const ALIASES_MAX: usize = 100;
/// How many fields of one operation may be at the top.
pub const ROOTS_MAX: usize = 20;
/// What the fields may cost together; a list costs its page times what it holds.
pub const COMPLEXITY_MAX: usize = 20_000;
/// How many directives one field may have.
pub const DIRECTIVES_MAX: usize = 8;

/// Why a document is not looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("The query has more than {QUERY_BYTES_MAX} bytes.")]
    Bytes,
    #[error("The query nests deeper than {DEPTH_MAX} levels.")]
    Depth,
    #[error("The query selects more than {FIELDS_MAX} fields.")]
    Fields,
    #[error("The query has more than {ALIASES_MAX} aliases.")]
    Aliases,
    #[error("The query has more than {ROOTS_MAX} fields at the top.")]
    Roots,
    #[error("A fragment contains itself.")]
    Circle,
}

/// Why a text is no document that we run.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    TooMuch(TooMuch),
    #[error(transparent)]
    Syntax(parser::Error),
}

/// Parses a query text and sees that it keeps within the limits.
pub fn parse(text: &str) -> Result<ExecutableDocument, Unfit> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(Unfit::TooMuch(TooMuch::Bytes));
    }
    if brackets_nest_deeper_than(text, DEPTH_MAX * 4) {
        // The parser recurses; it does not get to see this.
        return Err(Unfit::TooMuch(TooMuch::Depth));
    }
    let document = parser::parse_query(text).map_err(Unfit::Syntax)?;
    check(&document).map_err(Unfit::TooMuch)?;
    Ok(document)
}

fn brackets_nest_deeper_than(text: &str, max: usize) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > max
    })
}

fn check(document: &ExecutableDocument) -> Result<(), TooMuch> {
    for (_, operation) in document.operations.iter() {
        if operation.node.selection_set.node.items.len() > ROOTS_MAX {
            return Err(TooMuch::Roots);
        }
        let mut count = Count { fragments: &document.fragments, within: Vec::new(), fields: 0, aliases: 0 };
        count.walk(&operation.node.selection_set.node, 1)?;
    }
    Ok(())
}

struct Count<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// The fragments that are being followed.
    within: Vec<&'a Name>,
    fields: usize,
    aliases: usize,
}

impl<'a> Count<'a> {
    fn walk(&mut self, set: &'a SelectionSet, depth: usize) -> Result<(), TooMuch> {
        if depth > DEPTH_MAX && !set.items.is_empty() {
            return Err(TooMuch::Depth);
        }
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.aliases += usize::from(field.node.alias.is_some());
                    if self.fields > FIELDS_MAX {
                        return Err(TooMuch::Fields);
                    }
                    if self.aliases > ALIASES_MAX {
                        return Err(TooMuch::Aliases);
                    }
                    self.walk(&field.node.selection_set.node, depth + 1)?;
                }
                Selection::InlineFragment(fragment) => {
                    // Counted as a field: nothing but nesting is free.
                    self.fields += 1;
                    self.walk(&fragment.node.selection_set.node, depth + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    self.fields += 1;
                    let name = &spread.node.fragment_name.node;
                    if self.within.contains(&name) {
                        return Err(TooMuch::Circle);
                    }
                    // A fragment that is not there is for the validation to name.
                    if let Some(fragment) = self.fragments.get(name) {
                        self.within.push(name);
                        self.walk(&fragment.node.selection_set.node, depth)?;
                        self.within.pop();
                    }
                    if self.fields > FIELDS_MAX {
                        return Err(TooMuch::Fields);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> Result<(), TooMuch> {
        match parse(text) {
            Ok(_) => Ok(()),
            Err(Unfit::TooMuch(what)) => Err(what),
            Err(Unfit::Syntax(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn what_asks_for_too_much_is_not_run() {
        let deep = |levels: usize| format!("{}x{}", "{ a ".repeat(levels), " }".repeat(levels));
        let aliases = |count: usize| {
            let fields: Vec<String> = (0..count).map(|n| format!("a{n}: id")).collect();
            format!("{{ viewer {{ {} }} }}", fields.join(" "))
        };
        assert_eq!(outcome("{ viewer { role } }"), Ok(()));
        assert_eq!(outcome(&deep(DEPTH_MAX - 1)), Ok(()));
        assert_eq!(outcome(&deep(DEPTH_MAX + 1)), Err(TooMuch::Depth));
        assert_eq!(outcome(&deep(10_000)), Err(TooMuch::Depth));
        assert_eq!(outcome(&aliases(ALIASES_MAX)), Ok(()));
        assert_eq!(outcome(&aliases(ALIASES_MAX + 1)), Err(TooMuch::Aliases));
        assert_eq!(outcome(&format!("{{ {} }}", "a ".repeat(ROOTS_MAX + 1))), Err(TooMuch::Roots));
        assert_eq!(outcome(&format!("{{ a {{ {} }} }}", "b ".repeat(FIELDS_MAX))), Err(TooMuch::Fields));
        assert_eq!(outcome(&"#".repeat(QUERY_BYTES_MAX + 1)), Err(TooMuch::Bytes));
    }

    #[test]
    fn fragments_count_where_they_are_used() {
        let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert_eq!(outcome(circle), Err(TooMuch::Circle));
        // Each fragment uses the one before ten times: small as a text, ten thousand fields as a query.
        let mut bomb = String::from("{ ...f4 } fragment f0 on Query { id }");
        for n in 1..5 {
            bomb.push_str(&format!(" fragment f{n} on Query {{ {} }}", format!("...f{} ", n - 1).repeat(10)));
        }
        assert_eq!(outcome(&bomb), Err(TooMuch::Fields));
    }
}
