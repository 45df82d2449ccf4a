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
    /// Words.
    Text(TextInput),
    /// A picture: JPEG or PNG, up to 5 MB.
    Image(CaptionedInput),
    /// A film: MP4 or 3GPP, up to 16 MB.
    Video(CaptionedInput),
    /// A sound file or a voice message: AAC, AMR, MP3, MP4 or Ogg with Opus, up to 16 MB.
    Audio(AudioInput),
    /// A file of any kind, up to 100 MB.
    Document(DocumentInput),
    /// A WebP picture: a still one up to 100 KB, a moving one up to 500 KB.
    Sticker(StickerInput),
    /// A place on the map. Not for groups.
    Location(LocationInput),
    /// Cards of up to 257 people. Not for groups.
    Contacts(Vec<ContactInput>),
    /// An emoji on a message. Not for groups.
    Reaction(ReactionInput),
    /// A template, which may be sent while the window is closed too.
    Template(TemplateInput),
    /// Words with something to tap. Not for groups.
    Interactive(InteractiveInput),
    /// Anything that the Graph API takes, as `{"type": …, …}` without recipient and envelope; for admins.
    Raw(Json<Value>),
}

/// Words that are sent.
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

/// A picture or a film, with or without words below it.
#[derive(Debug, InputObject)]
pub struct CaptionedInput {
    /// Where Meta finds it.
    file: FileInput,
    /// The words below it, up to 1,024 characters.
    caption: Option<String>,
}

/// A sound file or a voice message.
#[derive(Debug, InputObject)]
pub struct AudioInput {
    /// Where Meta finds it.
    file: FileInput,
    /// Shown as a voice message: Ogg with Opus only.
    #[graphql(default)]
    voice: bool,
}

/// A file that the customer can save and open.
#[derive(Debug, InputObject)]
pub struct DocumentInput {
    /// Where Meta finds it.
    file: FileInput,
    /// The words below it, up to 1,024 characters. Not sent with a header.
    caption: Option<String>,
    /// As the customer sees it.
    filename: Option<String>,
}

/// A small picture that stands alone in the chat, without words.
#[derive(Debug, InputObject)]
pub struct StickerInput {
    /// Where Meta finds it.
    file: FileInput,
}

/// A place on the map.
#[derive(Debug, InputObject)]
pub struct LocationInput {
    /// In degrees from -90 to 90, north is positive.
    latitude: f64,
    /// In degrees from -180 to 180, east is positive.
    longitude: f64,
    /// What the place is called, above the address.
    name: Option<String>,
    /// The postal address in one line, as the customer reads it.
    address: Option<String>,
}

/// A person whose card is sent.
#[derive(Debug, InputObject)]
pub struct ContactInput {
    /// The whole name, as the card shows it; not empty.
    formatted_name: String,
    /// The given name. Meta wants this or `lastName` beside the whole name.
    first_name: Option<String>,
    /// The family name. Meta wants this or `firstName` beside the whole name.
    last_name: Option<String>,
    /// Where the person works.
    company: Option<String>,
    /// Telephone numbers in any spelling, best with the country code; none of them empty.
    #[graphql(default)]
    phones: Vec<String>,
    /// E-mail addresses; none of them empty.
    #[graphql(default)]
    emails: Vec<String>,
}

/// An emoji on a message, or that it is taken back.
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
    /// The template's name at Meta, up to 512 characters.
    name: String,
    /// Like `id` or `en_US`.
    language: String,
    /// What goes into the header, if it has a place or a file.
    header: Option<TemplateHeaderInput>,
    /// What goes into the text, in order; or by name, if the template has named places.
    #[graphql(default)]
    body: Vec<TemplateParameterInput>,
    /// What goes into those of its buttons that have a place, each once.
    #[graphql(default)]
    buttons: Vec<TemplateButtonInput>,
}

/// What goes into one place of a template's text.
#[derive(Debug, InputObject)]
pub struct TemplateParameterInput {
    /// Only for templates with named places.
    name: Option<String>,
    /// What is put there; not empty.
    text: String,
}

/// What goes into the header of a template: exactly one of these, as the template has it.
#[derive(Debug, OneofObject)]
pub enum TemplateHeaderInput {
    /// For the place in a header of words.
    Text(TemplateParameterInput),
    /// For a header with a picture.
    Image(FileInput),
    /// For a header with a film or a GIF.
    Video(FileInput),
    /// For a header with a file.
    Document(DocumentInput),
    /// For a header with a place on the map.
    Location(LocationInput),
}

/// What goes into one button of a template.
#[derive(Debug, InputObject)]
pub struct TemplateButtonInput {
    /// Its place among all buttons of the template, from 0.
    index: u32,
    /// What that kind of button needs.
    value: TemplateButtonValueInput,
}

/// What a button of a template needs: exactly one of these, as its kind is.
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
    /// What is above the body. Reply buttons and links take any, a list takes words only, a request for the
    /// customer's place takes none.
    header: Option<InteractiveHeaderInput>,
    /// The words themselves, which all these actions need: up to 1,024 characters, with a list up to 4,096.
    body: Option<String>,
    /// The small print below the body, up to 60 characters. A request for the customer's place has none.
    footer: Option<String>,
    /// What there is to tap.
    action: InteractiveActionInput,
}

/// What is above the body: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum InteractiveHeaderInput {
    /// Words, up to 60 characters.
    Text(String),
    /// A picture: JPEG or PNG, up to 5 MB.
    Image(FileInput),
    /// A film: MP4 or 3GPP, up to 16 MB.
    Video(FileInput),
    /// A file of any kind, up to 100 MB.
    Document(DocumentInput),
}

/// What there is to tap: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum InteractiveActionInput {
    /// Up to three buttons.
    ReplyButtons(Vec<ReplyButtonInput>),
    /// A button that opens a list, of which the customer chooses a row.
    List(ListInput),
    /// A button that opens a web page.
    CtaUrl(LinkButtonInput),
    /// `true`: asks the customer where they are.
    LocationRequest(bool),
}

/// A button that answers the message.
#[derive(Debug, InputObject)]
pub struct ReplyButtonInput {
    /// Comes back when it is tapped.
    id: String,
    /// What stands on it, up to 20 characters; another on each button of the message.
    title: String,
}

/// A list that the customer opens with a button.
#[derive(Debug, InputObject)]
pub struct ListInput {
    /// What opens the list.
    button: String,
    /// The parts of the list: 1 to 10, with 10 rows in all.
    sections: Vec<ListSectionInput>,
}

/// A part of a list.
#[derive(Debug, InputObject)]
pub struct ListSectionInput {
    /// Needed when there are several.
    title: Option<String>,
    /// What can be chosen in it; at least one.
    rows: Vec<ListRowInput>,
}

/// A row of a list that the customer can choose.
#[derive(Debug, InputObject)]
pub struct ListRowInput {
    /// Comes back when it is chosen; up to 200 characters.
    id: String,
    /// What the row says, up to 24 characters.
    title: String,
    /// A second line below the title, up to 72 characters.
    description: Option<String>,
}

/// A button that opens a web page.
#[derive(Debug, InputObject)]
pub struct LinkButtonInput {
    /// What stands on it, up to 20 characters.
    text: String,
    /// The page's address, with https:// or http://.
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
