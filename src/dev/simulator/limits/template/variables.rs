//! Variables in the text of a template: `{{1}}`, `{{first_name}}`.

/// The variables of a text, each once, in the order of their first appearance.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// Whether the text begins or ends with a variable, or two stand side by side with nothing between.
pub(super) fn is_at_an_end(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") || text.ends_with("}}")
}

/// The words that are not variables.
pub(super) fn words(text: &str) -> usize {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push(' ');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

/// The characters of the text once its variables are filled with `values`, in order of their first appearance.
pub(super) fn filled_chars(text: &str, values: &[(String, String)]) -> usize {
    let mut filled = text.to_owned();
    for (name, value) in values {
        for written in [format!("{{{{{name}}}}}"), format!("{{{{ {name} }}}}")] {
            filled = filled.replace(&written, value);
        }
    }
    filled.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{filled_chars, is_at_an_end, variables, words};

    #[test]
    fn variables_are_found_once_each_in_order() {
        assert_eq!(variables("Hi {{1}}, {{2}} and {{1}}"), ["1", "2"]);
        assert_eq!(variables("Hi {{ first_name }}!"), ["first_name"]);
        assert!(variables("no {{ closed").is_empty());
        assert!(variables("").is_empty());
    }

    #[test]
    fn the_ends_and_the_words_are_told() {
        assert!(is_at_an_end("{{1}} is here"));
        assert!(is_at_an_end("here is {{1}} "));
        assert!(!is_at_an_end("here is {{1}}."));
        assert_eq!(words("Hi {{1}}, your code is {{2}}."), 4);
        assert_eq!(words("{{1}}"), 0);
    }

    #[test]
    fn a_filled_text_is_as_long_as_its_values() {
        let values = [("1".to_owned(), "Ann".to_owned())];
        assert_eq!(filled_chars("Hi {{1}}!", &values), "Hi Ann!".len());
    }
}
