//! The business profile: what a customer reads about the business.

use serde_json::{Map, Value, json};

use super::answer::{Done, Fields, Read};
use super::call::{Authority, Call};
use super::{CallError, Credentials, Graph};

const NOUN: &str = "profile";
const EDGE: &str = "whatsapp_business_profile";
const FIELDS: &str = "about,address,description,email,profile_picture_url,websites,vertical";

/// What a customer reads about the business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    pub picture_url: Option<String>,
    pub websites: Vec<String>,
    /// The line of business, in Meta's words.
    pub vertical: Option<String>,
}

impl Read for Profile {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            about: fields.text("about"),
            address: fields.text("address"),
            description: fields.text("description"),
            email: fields.text("email"),
            picture_url: fields.text("profile_picture_url"),
            websites: fields.texts("websites"),
            vertical: fields.text("vertical"),
        })
    }
}

/// What is to be changed; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    pub websites: Option<Vec<String>>,
    pub vertical: Option<String>,
    /// The handle of an uploaded picture.
    pub picture_handle: Option<String>,
}

impl Change {
    fn body(&self) -> Value {
        let texts = [
            ("about", &self.about),
            ("address", &self.address),
            ("description", &self.description),
            ("email", &self.email),
            ("vertical", &self.vertical),
            ("profile_picture_handle", &self.picture_handle),
        ];
        let mut body: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?))))
            .collect();
        if let Some(websites) = &self.websites {
            body.insert("websites".to_owned(), json!(websites));
        }
        body.insert("messaging_product".to_owned(), json!("whatsapp"));
        Value::Object(body)
    }
}

/// The profile in a list of one, as Meta answers.
struct Answer(Profile);

impl Read for Answer {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.list("data").into_iter().next().map(Self)
    }
}

/// The calls about one number's profile.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    number_id: &'a str,
}

impl Graph {
    /// The calls about a number's profile.
    pub fn profile<'a>(&'a self, credentials: Credentials<'a>, number_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), number_id }
    }
}

impl Calls<'_> {
    pub async fn get(self) -> Result<Profile, CallError> {
        let call = Call::get((NOUN, "get"), self.by, &[self.number_id, EDGE]).query("fields", FIELDS);
        let Answer(profile) = self.graph.read(&call).await?;
        Ok(profile)
    }

    pub async fn change(self, change: &Change) -> Result<(), CallError> {
        let call = Call::post((NOUN, "change"), self.by, &[self.number_id, EDGE]);
        let Done = self.graph.read(&call.json(&change.body()).repeatable()).await?;
        Ok(())
    }
}
