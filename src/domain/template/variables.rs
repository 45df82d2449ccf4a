//! Variables in a text: `{{1}}`, `{{first_name}}`.

/// The variables of a text, each once, in the order of their first appearance.
pub fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// The text with its variables filled; one without a value stays as it is.
pub(super) fn filled<'a>(text: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut filled = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Variable(name) => match value_of(name) {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&format!("{{{{{name}}}}}")),
            },
        }
    }
    filled
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Braces that do not close are text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once("{{") {
        let Some((name, after)) = opened.split_once("}}") else { break };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Variable(name.trim()));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{filled, variables};

    #[test]
    fn variables_are_found_once_each_in_order_and_filled_wherever_they_stand() {
        let text = "Hi {{ name }}, {{1}} and {{name}}; {{open";
        assert_eq!(variables(text), ["name", "1"]);
        let value_of = |name: &str| (name == "name").then_some("{{1}}");
        assert_eq!(filled(text, value_of), "Hi {{1}}, {{1}} and {{1}}; {{open");
    }

    proptest! {
        #[test]
        fn a_text_without_values_stays_as_it_is(text in "[{}a1é]{0,40}") {
            prop_assert_eq!(filled(&text, |_| None), text);
        }
    }
}
