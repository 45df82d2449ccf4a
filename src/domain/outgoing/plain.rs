//! Content that is neither interactive nor a template: text, files, places, contacts, reactions, pins.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Text {
    pub body: String,
    /// Shows what the first link leads to.
    pub preview_url: bool,
}

/// A file that Meta has already, or fetches.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub source: Source,
    /// As far as it is known; what is not known is not judged.
    pub mime_type: Option<String>,
    pub bytes_len: Option<u64>,
    /// Of stickers: an animated one may be larger.
    pub is_animated: Option<bool>,
}

impl File {
    pub fn id(id: impl Into<String>) -> Self {
        Self { source: Source::Id(id.into()), mime_type: None, bytes_len: None, is_animated: None }
    }

    pub fn link(link: impl Into<String>) -> Self {
        Self { source: Source::Link(link.into()), mime_type: None, bytes_len: None, is_animated: None }
    }
}

/// Where Meta finds a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Uploaded by this number.
    Id(String),
    /// Fetched by Meta when it is sent.
    Link(String),
}

/// An image or a video.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Captioned {
    pub file: File,
    pub caption: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audio {
    pub file: File,
    /// Shown as a voice message: Ogg with Opus only.
    pub is_voice: bool,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub file: File,
    pub caption: Option<String>,
    /// Its ending decides how the document is shown.
    pub filename: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sticker {
    pub file: File,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    pub name: Option<String>,
    pub address: Option<String>,
}

/// A contact to share.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact {
    pub name: ContactName,
    /// `YYYY-MM-DD`.
    pub birthday: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub title: Option<String>,
    pub phones: Vec<ContactPhone>,
    pub emails: Vec<ContactEmail>,
    pub urls: Vec<ContactUrl>,
    pub addresses: Vec<ContactAddress>,
}

/// The formatted name, and at least one part of it.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactName {
    pub formatted_name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub middle_name: Option<String>,
    pub prefix: Option<String>,
    pub suffix: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactPhone {
    pub phone: String,
    /// `Mobile`, `Landline`, whatever one likes.
    pub kind: Option<String>,
    /// Without it the card offers to invite the person instead of to write.
    pub wa_id: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactEmail {
    pub email: String,
    pub kind: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactUrl {
    pub url: String,
    pub kind: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactAddress {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub zip: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub kind: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The message reacted to, by Meta's id.
    pub message_id: String,
    /// Without one the reaction is taken back.
    pub emoji: Option<String>,
}

/// A message pinned in a group, or not any more.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    pub message_id: String,
    pub change: PinChange,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PinChange {
    Pin { expiration_days: Option<u32> },
    Unpin,
}
