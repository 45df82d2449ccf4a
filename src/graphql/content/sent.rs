//! Content that only businesses send: templates, and interactive messages.

use async_graphql::SimpleObject;
use serde_json::Value;

use super::{Common, ContentType, own};
use crate::domain::content;

/// A template that the business sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    /// The language of the template in Meta's spelling, like `id` or `en_US`.
    language: Option<String>,
    /// What was put in its places: Meta's own JSON.
    components_json: Option<String>,
}

impl TemplateContent {
    pub(super) fn new(
        name: Option<String>,
        language: Option<String>,
        components_json: Option<String>,
        text: Option<String>,
    ) -> Self {
        let params = components_json.as_deref().map(body_params);
        let common = Common {
            template_name: name,
            template_params: Some(params.unwrap_or_default()),
            ..Common::of(ContentType::Template, text)
        };
        Self { common, language, components_json }
    }
}

/// The texts of the body's parameters. Amounts and dates have a text beside their parts.
fn body_params(components_json: &str) -> Vec<String> {
    let Ok(Value::Array(components)) = serde_json::from_str(components_json) else { return Vec::new() };
    let is_body = |component: &&Value| {
        component.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("body"))
    };
    let parameters = components.iter().filter(is_body).filter_map(|body| body.get("parameters")?.as_array());
    parameters
        .flatten()
        .map(|parameter| {
            let text = parameter.get("text").or_else(|| {
                let kind = parameter.get("type")?.as_str()?;
                parameter.get(kind)?.get("fallback_value")
            });
            text.and_then(Value::as_str).unwrap_or_default().to_owned()
        })
        .collect()
}

/// Buttons, a list or the like that the business sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct InteractiveContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    /// `button`, `list`, `cta_url` and so on, in Meta's words.
    interactive_type: Option<String>,
    /// What is above the words, in Meta's word: `text`, `image`, `video` or `document`. Null: nothing.
    header_type: Option<String>,
    /// The words of the header; null unless it is a text.
    header_text: Option<String>,
    /// The file of the header; null if there is none.
    header_media: Option<Box<InteractiveHeaderMedia>>,
    /// The small print below the words; null: none.
    footer: Option<String>,
    /// The text on the button that opens the list.
    button: Option<String>,
    /// The buttons that the customer can answer with, in their order; empty for other types.
    buttons: Vec<InteractiveButton>,
    /// What a tap does, in Meta's word, like `cta_url` or `flow`; null for reply buttons and lists.
    action_name: Option<String>,
    /// Meta's id of the catalogue whose products it shows; null for other types.
    catalog_id: Option<String>,
    /// The one product that it shows, by the id that the business gave it; null for other types.
    product_retailer_id: Option<String>,
    /// Meta's own JSON.
    parameters_json: Option<String>,
    /// Meta's own JSON.
    sections_json: Option<String>,
}

/// The file above the words of a message with something to tap.
#[derive(Clone, Debug, SimpleObject)]
pub struct InteractiveHeaderMedia {
    /// Meta's id of the file; null if it was sent by its address.
    media_id: Option<String>,
    /// The kind of the file, like `image/jpeg`, as Meta says; null if Meta does not.
    mime_type: Option<String>,
    /// As Meta writes it: base64 or hexadecimal.
    sha256: Option<String>,
    /// The name by which the customer sees a document; null for other files.
    filename: Option<String>,
}

/// A reply button.
#[derive(Clone, Debug, SimpleObject)]
pub struct InteractiveButton {
    /// What comes back as `replyId` of the answer when it is tapped.
    reply_id: Option<String>,
    /// What stands on it.
    title: Option<String>,
}

impl InteractiveContent {
    pub(super) fn new(interactive: content::Interactive<'static>) -> Self {
        let buttons = interactive.buttons.into_iter();
        Self {
            common: Common::of(ContentType::Interactive, own(interactive.body)),
            interactive_type: own(interactive.kind),
            header_type: own(interactive.header_kind),
            header_text: own(interactive.header_text),
            header_media: interactive.header_media.map(|media| Box::new(header_media(*media))),
            footer: own(interactive.footer),
            button: own(interactive.button),
            buttons: buttons
                .map(|button| InteractiveButton { reply_id: own(button.id), title: own(button.title) })
                .collect(),
            action_name: own(interactive.action_name),
            catalog_id: own(interactive.catalog_id),
            product_retailer_id: own(interactive.product_retailer_id),
            parameters_json: own(interactive.parameters_json),
            sections_json: own(interactive.sections_json),
        }
    }
}

fn header_media(media: content::Media<'static>) -> InteractiveHeaderMedia {
    InteractiveHeaderMedia {
        media_id: own(media.id),
        mime_type: own(media.mime_type),
        sha256: own(media.sha256),
        filename: own(media.filename),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_body_are_the_parameters() {
        let check = |json: &str, expected: &[&str]| assert_eq!(body_params(json), expected, "{json}");
        check("", &[]);
        check("{}", &[]);
        check(r#"[{"type":"header","parameters":[{"type":"text","text":"x"}]}]"#, &[]);
        check(
            r#"[{"type":"BODY","parameters":[{"type":"text","text":"Rahma"},
                {"type":"currency","currency":{"fallback_value":"Rp10","code":"IDR","amount_1000":10000}},
                {"type":"image"}]}]"#,
            &["Rahma", "Rp10", ""],
        );
    }
}
