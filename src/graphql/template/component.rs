//! What a template consists of, and how it will look.

use async_graphql::SimpleObject;

use crate::domain::template::check::takes;
use crate::domain::template::preview::{Preview, PreviewButton};
use crate::domain::template::{Button, ButtonKind, Definition, Header, Parts, variables};

/// What a template consists of.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateComponents {
    /// Header, body, footer and buttons.
    pub parts: TemplateParts,
    /// The cards of a carousel; empty if it is none.
    pub cards: Vec<TemplateParts>,
    /// The part that counts down; null if it has none.
    pub limited_time_offer: Option<TemplateOffer>,
    /// Components that this version does not know, by Meta's names.
    pub unknown: Vec<String>,
}

/// What a template and a card of a carousel have alike.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateParts {
    /// What stands above the body; null if there is nothing.
    pub header: Option<TemplateHeader>,
    /// Null where Meta writes the text itself: in templates that carry a code.
    pub body: Option<TemplateText>,
    /// The small print below the body; null if there is none.
    pub footer: Option<String>,
    /// What there is to tap, in its order.
    pub buttons: Vec<TemplateButton>,
}

/// What stands above the body of a template.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateHeader {
    /// `TEXT`, `IMAGE`, `VIDEO`, `GIF`, `DOCUMENT`, `LOCATION` or `PRODUCT`.
    pub format: String,
    /// Of a header that is a text.
    pub text: Option<TemplateText>,
}

/// A text with places for values.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateText {
    /// With its variables as they are: `{{1}}`, `{{first_name}}`.
    pub text: String,
    /// Each variable once, in the order in which a message gives their values.
    pub variables: Vec<String>,
}

/// A button of a template.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateButton {
    /// Its place among all buttons, from 0, as `sendMessage` names it.
    pub index: i32,
    /// `QUICK_REPLY`, `URL`, `PHONE_NUMBER` and so on, in Meta's words.
    #[graphql(name = "type")]
    pub kind: String,
    /// What stands on it; null where WhatsApp decides.
    pub text: String,
    /// Where it leads; with its variable.
    pub url: Option<String>,
    /// The number that it calls; null if it calls none.
    pub phone_number: Option<String>,
    /// The value that a message gives it, as `sendMessage` names it, like `urlSuffix`; null: none.
    pub takes: Option<String>,
    /// Whether a message must give it.
    pub is_required: bool,
}

/// An offer that may end.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateOffer {
    /// What the offer is called; up to 16 characters.
    pub text: String,
    /// Whether a message says when it ends.
    pub has_expiration: bool,
}

/// How a template will look; media are named by their kind.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplatePreview {
    /// The words above; null if there are none, or it is a file.
    pub header: Option<String>,
    /// The text with the values in their places.
    pub body: String,
    /// The small print below; null if there is none.
    pub footer: Option<String>,
    /// The buttons, with their values.
    pub buttons: Vec<TemplatePreviewButton>,
    /// The cards, if it is a carousel.
    pub cards: Vec<TemplatePreviewCard>,
}

/// A card of a carousel, as it will look.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplatePreviewCard {
    /// What stands at the top of the card; null if it is a file.
    pub header: Option<String>,
    /// The card's text with the values in their places.
    pub body: String,
    /// What there is to tap on the card.
    pub buttons: Vec<TemplatePreviewButton>,
}

/// A button, as it will look.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplatePreviewButton {
    /// What stands on it.
    pub text: String,
    /// Where it leads, of buttons that lead somewhere.
    pub url: Option<String>,
}

impl From<Definition> for TemplateComponents {
    fn from(definition: Definition) -> Self {
        let offer = definition.offer;
        Self {
            parts: definition.parts.into(),
            cards: definition.cards.into_iter().map(TemplateParts::from).collect(),
            limited_time_offer: offer
                .map(|offer| TemplateOffer { text: offer.text, has_expiration: offer.has_expiration }),
            unknown: definition.unknown,
        }
    }
}

impl From<Parts> for TemplateParts {
    fn from(parts: Parts) -> Self {
        let header = parts.header.map(|header| TemplateHeader {
            format: header.format().to_owned(),
            text: match header {
                Header::Text(text) => Some(text.into()),
                _ => None,
            },
        });
        let buttons = (0_i32..).zip(parts.buttons).map(|(index, button)| TemplateButton::of(index, button));
        Self {
            header,
            body: parts.body.map(TemplateText::from),
            footer: parts.footer,
            buttons: buttons.collect(),
        }
    }
}

impl From<String> for TemplateText {
    fn from(text: String) -> Self {
        let variables = variables(&text).into_iter().map(str::to_owned).collect();
        Self { text, variables }
    }
}

impl TemplateButton {
    fn of(index: i32, button: Button) -> Self {
        let taken = takes(&button.kind);
        let kind = button.kind.name().to_owned();
        let (url, phone_number) = match button.kind {
            ButtonKind::Url { url } => (Some(url), None),
            ButtonKind::PhoneNumber { number } => (None, Some(number)),
            _ => (None, None),
        };
        Self {
            index,
            kind,
            text: button.text,
            url,
            phone_number,
            takes: taken.map(|(value, _)| value.to_owned()),
            is_required: taken.is_some_and(|(_, is_required)| is_required),
        }
    }
}

impl From<Preview> for TemplatePreview {
    fn from(preview: Preview) -> Self {
        Self {
            header: preview.header,
            body: preview.body,
            footer: preview.footer,
            buttons: preview.buttons.into_iter().map(TemplatePreviewButton::from).collect(),
            cards: preview.cards.into_iter().map(TemplatePreviewCard::from).collect(),
        }
    }
}

impl From<Preview> for TemplatePreviewCard {
    fn from(preview: Preview) -> Self {
        let buttons = preview.buttons.into_iter().map(TemplatePreviewButton::from).collect();
        Self { header: preview.header, body: preview.body, buttons }
    }
}

impl From<PreviewButton> for TemplatePreviewButton {
    fn from(button: PreviewButton) -> Self {
        Self { text: button.text, url: button.url }
    }
}
