//! How a template will look with the values of a message: the texts; media are named by their kind.

use super::check::fill;
use super::{ButtonKind, Definition, Header, Parts};
use crate::domain::outgoing::template as sent;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<PreviewButton>,
    pub cards: Vec<Preview>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewButton {
    pub text: String,
    /// Where it leads, of buttons that lead somewhere.
    pub url: Option<String>,
}

/// What the customer will see. A variable without a value stays as it is.
pub fn preview(definition: &Definition, message: &sent::Template) -> Preview {
    let mut whole = of_parts(&definition.parts, message.header.as_ref(), &message.body, &message.buttons);
    // Meta writes the text of a code itself, in the language of the template.
    if definition.is_authentication() && definition.parts.body.is_none() {
        whole.body = message.body.first().map(|code| code.value.shown().to_owned()).unwrap_or_default();
    }
    let is_product = definition.cards.first().is_some_and(|card| card.header == Some(Header::Product));
    whole.cards = message
        .cards
        .iter()
        .enumerate()
        .filter_map(|(index, card)| {
            let pattern = definition.cards.get(if is_product { 0 } else { index })?;
            Some(of_parts(pattern, card.header.as_ref(), &card.body, &card.buttons))
        })
        .collect();
    whole
}

fn of_parts(
    parts: &Parts,
    header: Option<&sent::Header>,
    body: &[sent::Parameter],
    buttons: &[sent::Button],
) -> Preview {
    let header = parts.header.as_ref().map(|defined| match (defined, header) {
        (Header::Text(text), Some(sent::Header::Text(parameter))) => {
            fill(text, std::slice::from_ref(parameter))
        }
        (Header::Text(text), _) => text.clone(),
        (media, _) => format!("[{}]", media.format().to_ascii_lowercase()),
    });
    let buttons = parts.buttons.iter().enumerate().map(|(index, button)| {
        let given = buttons.iter().find(|given| usize::try_from(given.index) == Ok(index));
        let url = match (&button.kind, given.map(|given| &given.value)) {
            (ButtonKind::Url { url }, Some(sent::ButtonValue::UrlSuffix(suffix))) => {
                Some(super::variables::filled(url, |_| Some(suffix.as_str())))
            }
            (ButtonKind::Url { url }, _) => Some(url.clone()),
            (ButtonKind::PhoneNumber { number }, _) => Some(format!("tel:{number}")),
            _ => None,
        };
        PreviewButton { text: button.text.clone(), url }
    });
    Preview {
        header,
        body: fill(parts.body.as_deref().unwrap_or_default(), body),
        footer: parts.footer.clone(),
        buttons: buttons.collect(),
        cards: Vec::new(),
    }
}
