//! What the words of a thing are, by which it is found: the same when it is written down and when it is shown.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::content::Content;
use crate::storage::contact_record::ContactRecord;
use crate::storage::message_record::MessageRecord;

/// More texts in the places of one template are not looked at.
const PLACES_MAX: usize = 100;

/// What a message says now; nothing if it was taken back.
pub fn message_words(record: &MessageRecord) -> Vec<Cow<'_, str>> {
    if record.revoked_s.is_some() {
        return Vec::new();
    }
    let content = record.edited.as_ref().map_or(&record.content, |(content, _)| content);
    let mut words: Vec<Cow<'_, str>> = content.words().into_iter().map(Cow::Borrowed).collect();
    if let Content::Template { components_json: Some(components), text: None, .. } = content {
        words.extend(texts_of(components).into_iter().map(Cow::Owned));
    }
    words
}

/// The names and attributes of a contact, without its numbers.
pub fn contact_words(record: &ContactRecord) -> Vec<&str> {
    let card = &record.card;
    let names = [&card.display_name, &record.book_name, &record.profile_name, &record.username, &card.email];
    let mut words: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    words.extend(card.attributes.values().map(String::as_str));
    words.extend(record.user_ids.iter().map(String::as_str));
    words
}

/// The texts in the places of a template.
fn texts_of(components_json: &str) -> Vec<String> {
    let Ok(components) = serde_json::from_str::<Value>(components_json) else { return Vec::new() };
    let mut texts = Vec::new();
    let mut open = vec![&components];
    while let Some(value) = open.pop().filter(|_| texts.len() < PLACES_MAX) {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(fields) => {
                texts.extend(fields.get("text").and_then(Value::as_str).map(str::to_owned));
                open.extend(fields.values().filter(|value| value.is_array() || value.is_object()).rev());
            }
            _ => {}
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_places_of_a_template_is_words_and_its_keys_are_none() {
        let components = r#"[{"type":"header","parameters":[{"type":"text","text":"Kak Budi"}]},
            {"type":"body","parameters":[{"type":"text","text":"INV-7"},{"type":"image","image":{"id":"5"}}]}]"#;
        assert_eq!(texts_of(components), ["Kak Budi", "INV-7"]);
        assert_eq!(texts_of("no json"), Vec::<String>::new());
        let deep = "[".repeat(100_000);
        assert_eq!(texts_of(&deep), Vec::<String>::new());
    }
}
