//! What can be sent, as the API takes it.

use async_graphql::{InputObject, Json, OneofObject};
use serde_json::Value;

use crate::domain::outgoing::interactive::{
    Action, Interactive, LinkButton, ListRow, ListSection, ReplyButton,
};
use crate::domain::outgoing::plain::{
    Audio, Captioned, Contact, ContactEmail, ContactName, ContactPhone, Document, File, Location, Reaction,
    Sticker, Text,
};
use crate::domain::outgoing::template::{Button, ButtonValue, Header, Language, Parameter, Template};
use crate::domain::outgoing::{Content, interactive};
use crate::outbound::Error;

/// What is sent: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum ContentInput {
    Text(TextInput),
    Image(CaptionedInput),
    Video(CaptionedInput),
    Audio(AudioInput),
    Document(DocumentInput),
    Sticker(StickerInput),
    Location(LocationInput),
    Contacts(Vec<ContactInput>),
    Reaction(ReactionInput),
    Template(TemplateInput),
    Interactive(InteractiveInput),
    /// Anything that the Graph API takes, as `{"type": …, …}` without recipient and envelope; for admins.
    Raw(Json<Value>),
}

#[derive(Debug, InputObject)]
pub struct TextInput {
    /// Up to 4,096 characters.
    body: String,
    /// Shows what the first link leads to.
    #[graphql(default)]
    preview_url: bool,
}

/// Where Meta finds a file: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum FileInput {
    /// The id of a file that was uploaded for this number.
    Id(String),
    /// An address from which Meta fetches it.
    Link(String),
}

#[derive(Debug, InputObject)]
pub struct CaptionedInput {
    file: FileInput,
    caption: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct AudioInput {
    file: FileInput,
    /// Shown as a voice message: Ogg with Opus only.
    #[graphql(default)]
    voice: bool,
}

#[derive(Debug, InputObject)]
pub struct DocumentInput {
    file: FileInput,
    caption: Option<String>,
    /// As the customer sees it.
    filename: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct StickerInput {
    file: FileInput,
}

#[derive(Debug, InputObject)]
pub struct LocationInput {
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
}

/// A person whose card is sent.
#[derive(Debug, InputObject)]
pub struct ContactInput {
    formatted_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    #[graphql(default)]
    phones: Vec<String>,
    #[graphql(default)]
    emails: Vec<String>,
}

#[derive(Debug, InputObject)]
pub struct ReactionInput {
    /// The message that it is about, by Meta's id (wamid).
    message_id: String,
    /// Without one the reaction is taken back.
    emoji: Option<String>,
}

/// A template that Meta has approved, with what goes into its places.
#[derive(Debug, InputObject)]
pub struct TemplateInput {
    name: String,
    /// Like `id` or `en_US`.
    language: String,
    header: Option<TemplateHeaderInput>,
    /// What goes into the text, in order; or by name, if the template has named places.
    #[graphql(default)]
    body: Vec<TemplateParameterInput>,
    #[graphql(default)]
    buttons: Vec<TemplateButtonInput>,
}

#[derive(Debug, InputObject)]
pub struct TemplateParameterInput {
    /// Only for templates with named places.
    name: Option<String>,
    text: String,
}

#[derive(Debug, OneofObject)]
pub enum TemplateHeaderInput {
    Text(TemplateParameterInput),
    Image(FileInput),
    Video(FileInput),
    Document(DocumentInput),
    Location(LocationInput),
}

#[derive(Debug, InputObject)]
pub struct TemplateButtonInput {
    /// Its place among all buttons of the template, from 0.
    index: u32,
    value: TemplateButtonValueInput,
}

#[derive(Debug, OneofObject)]
pub enum TemplateButtonValueInput {
    /// Comes back when it is tapped.
    QuickReply(String),
    /// Ends the address of the button.
    UrlSuffix(String),
    /// The code that it copies.
    CopyCode(String),
}

/// A message with something to tap.
#[derive(Debug, InputObject)]
pub struct InteractiveInput {
    header: Option<InteractiveHeaderInput>,
    body: Option<String>,
    footer: Option<String>,
    action: InteractiveActionInput,
}

#[derive(Debug, OneofObject)]
pub enum InteractiveHeaderInput {
    Text(String),
    Image(FileInput),
    Video(FileInput),
    Document(DocumentInput),
}

#[derive(Debug, OneofObject)]
pub enum InteractiveActionInput {
    /// Up to three buttons.
    ReplyButtons(Vec<ReplyButtonInput>),
    List(ListInput),
    CtaUrl(LinkButtonInput),
    /// `true`: asks the customer where they are.
    LocationRequest(bool),
}

#[derive(Debug, InputObject)]
pub struct ReplyButtonInput {
    /// Comes back when it is tapped.
    id: String,
    title: String,
}

#[derive(Debug, InputObject)]
pub struct ListInput {
    /// What opens the list.
    button: String,
    sections: Vec<ListSectionInput>,
}

#[derive(Debug, InputObject)]
pub struct ListSectionInput {
    /// Needed when there are several.
    title: Option<String>,
    rows: Vec<ListRowInput>,
}

#[derive(Debug, InputObject)]
pub struct ListRowInput {
    id: String,
    title: String,
    description: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct LinkButtonInput {
    text: String,
    url: String,
}

impl TryFrom<ContentInput> for Content {
    type Error = Error;

    fn try_from(input: ContentInput) -> Result<Self, Error> {
        Ok(match input {
            ContentInput::Text(text) => Self::Text(Text { body: text.body, preview_url: text.preview_url }),
            ContentInput::Image(image) => Self::Image(image.into()),
            ContentInput::Video(video) => Self::Video(video.into()),
            ContentInput::Audio(audio) => {
                Self::Audio(Audio { file: audio.file.into(), is_voice: audio.voice })
            }
            ContentInput::Document(document) => Self::Document(Document {
                file: document.file.into(),
                caption: document.caption,
                filename: document.filename,
            }),
            ContentInput::Sticker(sticker) => Self::Sticker(Sticker { file: sticker.file.into() }),
            ContentInput::Location(location) => Self::Location(location.into()),
            ContentInput::Contacts(contacts) => {
                Self::Contacts(contacts.into_iter().map(Contact::from).collect())
            }
            ContentInput::Reaction(reaction) => {
                Self::Reaction(Reaction { message_id: reaction.message_id, emoji: reaction.emoji })
            }
            ContentInput::Template(template) => Self::Template(Box::new(template.into())),
            ContentInput::Interactive(interactive) => Self::Interactive(Box::new(interactive.into())),
            ContentInput::Raw(Json(Value::Object(body))) => Self::Raw(body),
            ContentInput::Raw(_) => {
                let sentence = "A raw body is a JSON object.".to_owned();
                return Err(Error::Invalid { field: "content.raw", sentence });
            }
        })
    }
}

impl From<FileInput> for File {
    fn from(input: FileInput) -> Self {
        match input {
            FileInput::Id(id) => Self::id(id),
            FileInput::Link(link) => Self::link(link),
        }
    }
}

impl From<CaptionedInput> for Captioned {
    fn from(input: CaptionedInput) -> Self {
        Self { file: input.file.into(), caption: input.caption }
    }
}

impl From<LocationInput> for Location {
    fn from(input: LocationInput) -> Self {
        let LocationInput { latitude, longitude, name, address } = input;
        Self { latitude, longitude, name, address }
    }
}

impl From<ContactInput> for Contact {
    fn from(input: ContactInput) -> Self {
        let phone = |phone| ContactPhone { phone, ..ContactPhone::default() };
        let email = |email| ContactEmail { email, ..ContactEmail::default() };
        Self {
            name: ContactName {
                formatted_name: input.formatted_name,
                first_name: input.first_name,
                last_name: input.last_name,
                ..ContactName::default()
            },
            company: input.company,
            phones: input.phones.into_iter().map(phone).collect(),
            emails: input.emails.into_iter().map(email).collect(),
            ..Self::default()
        }
    }
}

impl From<TemplateParameterInput> for Parameter {
    fn from(input: TemplateParameterInput) -> Self {
        match input.name {
            Some(name) => Self::named(name, input.text),
            None => Self::text(input.text),
        }
    }
}

impl From<TemplateInput> for Template {
    fn from(input: TemplateInput) -> Self {
        Self {
            name: input.name,
            language: Language { code: input.language, is_deterministic: false },
            header: input.header.map(Header::from),
            body: input.body.into_iter().map(Parameter::from).collect(),
            buttons: input.buttons.into_iter().map(Button::from).collect(),
            ..Self::default()
        }
    }
}

impl From<TemplateHeaderInput> for Header {
    fn from(input: TemplateHeaderInput) -> Self {
        match input {
            TemplateHeaderInput::Text(text) => Self::Text(text.into()),
            TemplateHeaderInput::Image(file) => Self::Image(file.into()),
            TemplateHeaderInput::Video(file) => Self::Video(file.into()),
            TemplateHeaderInput::Document(document) => {
                Self::Document { file: document.file.into(), filename: document.filename }
            }
            TemplateHeaderInput::Location(location) => Self::Location(location.into()),
        }
    }
}

impl From<TemplateButtonInput> for Button {
    fn from(input: TemplateButtonInput) -> Self {
        let value = match input.value {
            TemplateButtonValueInput::QuickReply(payload) => ButtonValue::QuickReply(payload),
            TemplateButtonValueInput::UrlSuffix(suffix) => ButtonValue::UrlSuffix(suffix),
            TemplateButtonValueInput::CopyCode(code) => ButtonValue::CopyCode(code),
        };
        Self { index: input.index, value }
    }
}

impl From<InteractiveInput> for Interactive {
    fn from(input: InteractiveInput) -> Self {
        Self {
            header: input.header.map(interactive::Header::from),
            body: input.body,
            footer: input.footer,
            action: input.action.into(),
        }
    }
}

impl From<InteractiveHeaderInput> for interactive::Header {
    fn from(input: InteractiveHeaderInput) -> Self {
        match input {
            InteractiveHeaderInput::Text(text) => Self::Text { text, sub_text: None },
            InteractiveHeaderInput::Image(file) => Self::Image(file.into()),
            InteractiveHeaderInput::Video(file) => Self::Video(file.into()),
            InteractiveHeaderInput::Document(document) => {
                Self::Document { file: document.file.into(), filename: document.filename }
            }
        }
    }
}

impl From<InteractiveActionInput> for Action {
    fn from(input: InteractiveActionInput) -> Self {
        match input {
            InteractiveActionInput::ReplyButtons(buttons) => {
                let button = |ReplyButtonInput { id, title }| ReplyButton { id, title };
                Self::ReplyButtons { buttons: buttons.into_iter().map(button).collect() }
            }
            InteractiveActionInput::List(list) => {
                let row = |ListRowInput { id, title, description }| ListRow { id, title, description };
                let section = |ListSectionInput { title, rows }| ListSection {
                    title,
                    rows: rows.into_iter().map(row).collect(),
                };
                Self::List { button: list.button, sections: list.sections.into_iter().map(section).collect() }
            }
            InteractiveActionInput::CtaUrl(link) => {
                Self::CtaUrl(LinkButton { display_text: link.text, url: link.url })
            }
            InteractiveActionInput::LocationRequest(_) => Self::LocationRequest,
        }
    }
}
