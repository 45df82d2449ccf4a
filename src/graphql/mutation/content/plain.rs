//! Content that is neither interactive nor a template.

use async_graphql::{InputObject, OneofObject};

use super::chosen;
use crate::domain::outgoing::plain::{
    Audio, Captioned, Contact, ContactAddress, ContactEmail, ContactName, ContactPhone, ContactUrl, Document,
    File, Location, Pin, PinChange, Reaction, Sticker, Text,
};
use crate::outbound::Error;

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

/// An image or a video.
#[derive(Debug, InputObject)]
pub struct CaptionedInput {
    /// Where Meta finds it.
    file: FileInput,
    /// Up to 1,024 characters.
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
    /// Up to 1,024 characters.
    caption: Option<String>,
    /// As the customer sees it; its ending decides how it is shown.
    filename: Option<String>,
}

/// A document in a header, which has no caption.
#[derive(Debug, InputObject)]
pub struct NamedFileInput {
    /// Where the file is.
    file: FileInput,
    /// As the customer sees it; its ending decides how it is shown.
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
    /// From -90 to 90 degrees.
    latitude: f64,
    /// From -180 to 180 degrees.
    longitude: f64,
    /// What the place is called, above the address.
    name: Option<String>,
    /// The postal address in one line, as the customer reads it.
    address: Option<String>,
}

/// A person whose card is sent.
#[derive(Debug, InputObject)]
pub struct ContactInput {
    /// How the person is called; the card shows it.
    name: ContactNameInput,
    /// As `YYYY-MM-DD`.
    birthday: Option<String>,
    /// Where the person works.
    company: Option<String>,
    /// Where in the company the person works.
    department: Option<String>,
    /// What the person is in the company.
    title: Option<String>,
    /// Telephone numbers in any spelling, best with the country code; none of them empty.
    #[graphql(default)]
    phones: Vec<ContactPhoneInput>,
    /// E-mail addresses; none of them empty.
    #[graphql(default)]
    emails: Vec<ContactEmailInput>,
    /// Web pages of the person or company.
    #[graphql(default)]
    urls: Vec<ContactUrlInput>,
    /// Where the person or company is.
    #[graphql(default)]
    addresses: Vec<ContactAddressInput>,
}

/// The whole name, and at least one part of it.
#[derive(Debug, InputObject)]
pub struct ContactNameInput {
    /// As it is shown.
    formatted_name: String,
    /// The given name.
    first_name: Option<String>,
    /// The family name.
    last_name: Option<String>,
    /// What stands between first and last name.
    middle_name: Option<String>,
    /// Before the name, like `Dr.`
    prefix: Option<String>,
    /// Behind the name, like `Jr.`
    suffix: Option<String>,
}

/// A phone number on a contact card.
#[derive(Debug, InputObject)]
pub struct ContactPhoneInput {
    /// The number as it is to be shown.
    phone: String,
    /// `Mobile`, `Work`, whatever one likes.
    kind: Option<String>,
    /// The person's id on WhatsApp, digits only. Without it the card offers to invite the person instead of to write.
    wa_id: Option<String>,
}

/// An e-mail address on a contact card.
#[derive(Debug, InputObject)]
pub struct ContactEmailInput {
    /// The address itself, like `budi@toko.example`.
    email: String,
    /// `Home`, `Work`, whatever one likes.
    kind: Option<String>,
}

/// A web page on a contact card.
#[derive(Debug, InputObject)]
pub struct ContactUrlInput {
    /// Its address, beginning with https:// or http://.
    url: String,
    /// `Company`, whatever one likes.
    kind: Option<String>,
}

/// An address on a contact card.
#[derive(Debug, InputObject)]
pub struct ContactAddressInput {
    /// Street and house number.
    street: Option<String>,
    /// The name of the town.
    city: Option<String>,
    /// The state or province, as it is written in addresses there.
    state: Option<String>,
    /// The postal code.
    zip: Option<String>,
    /// The name of the country, for people.
    country: Option<String>,
    /// Two letters, like `ID`.
    country_code: Option<String>,
    /// `Home`, `Work`, whatever one likes.
    kind: Option<String>,
}

/// An emoji on a message, or that it is taken back.
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
    /// Whether it is pinned or not any more.
    change: PinChangeInput,
}

/// What becomes of it: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum PinChangeInput {
    /// Pins it, for some days.
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
