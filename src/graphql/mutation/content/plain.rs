//! Content that is neither interactive nor a template.

use async_graphql::{InputObject, OneofObject};

use super::chosen;
use crate::domain::outgoing::plain::{
    Audio, Captioned, Contact, ContactAddress, ContactEmail, ContactName, ContactPhone, ContactUrl, Document,
    File, Location, Pin, PinChange, Reaction, Sticker, Text,
};
use crate::outbound::Error;

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

/// An image or a video.
#[derive(Debug, InputObject)]
pub struct CaptionedInput {
    file: FileInput,
    /// Up to 1,024 characters.
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
    /// Up to 1,024 characters.
    caption: Option<String>,
    /// As the customer sees it; its ending decides how it is shown.
    filename: Option<String>,
}

/// A document in a header, which has no caption.
#[derive(Debug, InputObject)]
pub struct NamedFileInput {
    file: FileInput,
    /// As the customer sees it; its ending decides how it is shown.
    filename: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct StickerInput {
    file: FileInput,
}

#[derive(Debug, InputObject)]
pub struct LocationInput {
    /// From -90 to 90 degrees.
    latitude: f64,
    /// From -180 to 180 degrees.
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
}

/// A person whose card is sent.
#[derive(Debug, InputObject)]
pub struct ContactInput {
    name: ContactNameInput,
    /// As `YYYY-MM-DD`.
    birthday: Option<String>,
    company: Option<String>,
    department: Option<String>,
    /// What the person is in the company.
    title: Option<String>,
    #[graphql(default)]
    phones: Vec<ContactPhoneInput>,
    #[graphql(default)]
    emails: Vec<ContactEmailInput>,
    #[graphql(default)]
    urls: Vec<ContactUrlInput>,
    #[graphql(default)]
    addresses: Vec<ContactAddressInput>,
}

/// The whole name, and at least one part of it.
#[derive(Debug, InputObject)]
pub struct ContactNameInput {
    /// As it is shown.
    formatted_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    middle_name: Option<String>,
    /// Before the name, like `Dr.`
    prefix: Option<String>,
    /// Behind the name, like `Jr.`
    suffix: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct ContactPhoneInput {
    phone: String,
    /// `Mobile`, `Work`, whatever one likes.
    kind: Option<String>,
    /// The person's id on WhatsApp, digits only. Without it the card offers to invite the person instead of to write.
    wa_id: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct ContactEmailInput {
    email: String,
    /// `Home`, `Work`, whatever one likes.
    kind: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct ContactUrlInput {
    url: String,
    /// `Company`, whatever one likes.
    kind: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct ContactAddressInput {
    street: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip: Option<String>,
    country: Option<String>,
    /// Two letters, like `ID`.
    country_code: Option<String>,
    /// `Home`, `Work`, whatever one likes.
    kind: Option<String>,
}

#[derive(Debug, InputObject)]
pub struct ReactionInput {
    /// The message that it is about, by Meta's id (wamid).
    message_id: String,
    /// Without one the reaction is taken back.
    emoji: Option<String>,
}

/// A message of a group that is pinned, or not any more.
#[derive(Debug, InputObject)]
pub struct PinInput {
    /// The message, by Meta's id (wamid).
    message_id: String,
    change: PinChangeInput,
}

/// What becomes of it: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum PinChangeInput {
    Pin(PinForInput),
    /// `true`: it is pinned no more.
    Unpin(bool),
}

/// That a message is pinned.
#[derive(Debug, InputObject)]
pub struct PinForInput {
    /// For so long, from 1 to 30 days; Meta's own time if not said.
    expiration_days: Option<u32>,
}

impl From<TextInput> for Text {
    fn from(input: TextInput) -> Self {
        Self { body: input.body, preview_url: input.preview_url }
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

impl From<AudioInput> for Audio {
    fn from(input: AudioInput) -> Self {
        Self { file: input.file.into(), is_voice: input.voice }
    }
}

impl From<DocumentInput> for Document {
    fn from(input: DocumentInput) -> Self {
        Self { file: input.file.into(), caption: input.caption, filename: input.filename }
    }
}

impl NamedFileInput {
    /// The file and its name.
    pub fn parts(self) -> (File, Option<String>) {
        (self.file.into(), self.filename)
    }
}

impl From<StickerInput> for Sticker {
    fn from(input: StickerInput) -> Self {
        Self { file: input.file.into() }
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
        let phone = |ContactPhoneInput { phone, kind, wa_id }| ContactPhone { phone, kind, wa_id };
        let email = |ContactEmailInput { email, kind }| ContactEmail { email, kind };
        let url = |ContactUrlInput { url, kind }| ContactUrl { url, kind };
        Self {
            name: input.name.into(),
            birthday: input.birthday,
            company: input.company,
            department: input.department,
            title: input.title,
            phones: input.phones.into_iter().map(phone).collect(),
            emails: input.emails.into_iter().map(email).collect(),
            urls: input.urls.into_iter().map(url).collect(),
            addresses: input.addresses.into_iter().map(ContactAddress::from).collect(),
        }
    }
}

impl From<ContactNameInput> for ContactName {
    fn from(input: ContactNameInput) -> Self {
        let ContactNameInput { formatted_name, first_name, last_name, middle_name, prefix, suffix } = input;
        Self { formatted_name, first_name, last_name, middle_name, prefix, suffix }
    }
}

impl From<ContactAddressInput> for ContactAddress {
    fn from(input: ContactAddressInput) -> Self {
        let ContactAddressInput { street, city, state, zip, country, country_code, kind } = input;
        Self { street, city, state, zip, country, country_code, kind }
    }
}

impl From<ReactionInput> for Reaction {
    fn from(input: ReactionInput) -> Self {
        Self { message_id: input.message_id, emoji: input.emoji }
    }
}

impl TryFrom<PinInput> for Pin {
    type Error = Error;

    fn try_from(input: PinInput) -> Result<Self, Error> {
        let change = match input.change {
            PinChangeInput::Pin(PinForInput { expiration_days }) => PinChange::Pin { expiration_days },
            PinChangeInput::Unpin(unpin) => {
                chosen(unpin, "content.pin.change.unpin")?;
                PinChange::Unpin
            }
        };
        Ok(Self { message_id: input.message_id, change })
    }
}
