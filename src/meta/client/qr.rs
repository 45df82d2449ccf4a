//! QR codes that open a chat with the number.

use serde_json::{Map, Value, json};

use super::answer::{Done, Fields, Listed, PAGE_ITEMS, Read};
use super::call::{Authority, Call};
use super::{CallError, Credentials, Graph};

const NOUN: &str = "qr";
const EDGE: &str = "message_qrdls";

/// A QR code, and the link that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    pub code: String,
    /// What the customer's first message will say.
    pub prefilled_message: String,
    pub deep_link_url: Option<String>,
    /// Where the picture is, if one was asked for. `Graph::open` reads it.
    pub image_url: Option<String>,
}

impl Read for QrCode {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            code: fields.text("code")?,
            prefilled_message: fields.text("prefilled_message").unwrap_or_default(),
            deep_link_url: fields.text("deep_link_url"),
            image_url: fields.text("qr_image_url"),
        })
    }
}

/// The form of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    Svg,
    Png,
}

impl ImageFormat {
    fn word(self) -> &'static str {
        match self {
            Self::Svg => "SVG",
            Self::Png => "PNG",
        }
    }
}

/// The calls about one number's QR codes.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    number_id: &'a str,
}

impl Graph {
    /// The calls about a number's QR codes.
    pub fn qr_codes<'a>(&'a self, credentials: Credentials<'a>, number_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), number_id }
    }
}

impl Calls<'_> {
    pub async fn list(self) -> Result<Listed<QrCode>, CallError> {
        let call = Call::get((NOUN, "list"), self.by, &[self.number_id, EDGE]);
        self.graph.list(call.query("limit", PAGE_ITEMS.to_string())).await
    }

    /// The code of that name, if there is one.
    pub async fn find(self, code: &str) -> Result<Option<QrCode>, CallError> {
        let call = Call::get((NOUN, "find"), self.by, &[self.number_id, EDGE, code]);
        let found: Listed<QrCode> = self.graph.list(call).await?;
        Ok(found.items.into_iter().next())
    }

    pub async fn create(self, message: &str, image: Option<ImageFormat>) -> Result<QrCode, CallError> {
        let call = Call::post((NOUN, "create"), self.by, &[self.number_id, EDGE]);
        self.graph.read(&call.json(&body(None, message, image))).await
    }

    pub async fn update(
        self,
        code: &str,
        message: &str,
        image: Option<ImageFormat>,
    ) -> Result<QrCode, CallError> {
        let call = Call::post((NOUN, "update"), self.by, &[self.number_id, EDGE]);
        self.graph.read(&call.json(&body(Some(code), message, image)).repeatable()).await
    }

    pub async fn delete(self, code: &str) -> Result<(), CallError> {
        let call = Call::delete((NOUN, "delete"), self.by, &[self.number_id, EDGE, code]);
        let Done = self.graph.read(&call).await?;
        Ok(())
    }
}

fn body(code: Option<&str>, message: &str, image: Option<ImageFormat>) -> Value {
    let mut body = Map::new();
    body.insert("prefilled_message".to_owned(), json!(message));
    if let Some(code) = code {
        body.insert("code".to_owned(), json!(code));
    }
    if let Some(image) = image {
        body.insert("generate_qr_image".to_owned(), json!(image.word()));
    }
    Value::Object(body)
}
