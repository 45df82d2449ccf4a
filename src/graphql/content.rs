//! What is in a message, as front ends read it: an interface with what every kind has, and a type a kind.
//!
//! The match over the domain's content has an arm for each, so a new kind does not compile until it is here.

mod sent;
mod shared;

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Context, Enum, Interface, SimpleObject};

use super::failure::{Failures, MetaFailure};
use super::scalar;
use super::scalar::DateTime;
use crate::domain::Str;
use crate::domain::content;
use crate::domain::content::SystemChange;

pub use sent::{InteractiveContent, TemplateContent};
pub use shared::{ContactsContent, LocationContent, OrderContent};

/// The kinds of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ContentType {
    /// Written words.
    Text,
    /// A still picture.
    Image,
    /// A film.
    Video,
    /// A sound file, or a voice message: `isVoice` tells them apart.
    Audio,
    /// A file of any other kind, like a PDF.
    Document,
    /// A small picture, still or moving, without words.
    Sticker,
    /// A place on the map.
    Location,
    /// Shared contacts.
    Contacts,
    /// An emoji on another message, or that it is taken back.
    Reaction,
    /// A tap on a template's quick-reply button.
    Button,
    /// A tap on a reply button of an interactive message.
    ButtonReply,
    /// A choice from a list.
    ListReply,
    /// A completed form: a flow's, or an address.
    FormReply,
    /// Whether the customer lets the business call.
    CallPermission,
    /// How the customer wants to pay.
    PaymentMethod,
    /// A cart.
    Order,
    /// News about the customer's account.
    System,
    /// The customer opened the chat without writing.
    RequestWelcome,
    /// Another message now says something else.
    Edit,
    /// Another message was taken back.
    Revoke,
    /// Media of the past whose bytes come later, or never.
    MediaPlaceholder,
    /// Buttons, lists and the like that the business sent.
    Interactive,
    /// A template that the business sent.
    Template,
    /// WhatsApp could not hand it over.
    Unsupported,
    /// Of a kind that this server does not know yet.
    Unrecognised,
}

impl ContentType {
    /// The type of the name by which a kind is stored: `buttonReply` is `BUTTON_REPLY`.
    pub fn named(kind: &str) -> Self {
        let mut name = String::with_capacity(kind.len() + 4);
        for letter in kind.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
        }
        let found = Self::items().iter().find(|item| item.name == name);
        found.map_or(Self::Unrecognised, |item| item.value)
    }
}

/// What every content has.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct Common {
    /// The kind of the content.
    #[graphql(name = "type")]
    pub kind: ContentType,
    /// Its words: what was written, chosen or put under it.
    pub text: Option<String>,
    /// Where its file can be fetched from this server; null until it has been fetched from Meta.
    pub media_url: Option<String>,
    /// The name of the template, if it is one.
    pub template_name: Option<String>,
    /// The texts that were put in the places of the template's body, in their order.
    pub template_params: Option<Vec<String>>,
}

/// Declares the interface with its types, and gives each type what the interface asks for.
macro_rules! contents {
    ($($variant:ident($type:ident)),* $(,)?) => {
        /// What is in a message.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "type", method = "kind", ty = "ContentType", desc = "The kind of the content."),
            field(
                name = "text",
                ty = "Option<String>",
                desc = "Its words: what was written, chosen or put under it."
            ),
            field(
                name = "media_url",
                ty = "Option<String>",
                desc = "Where its file can be fetched from this server; null until it has been fetched from Meta."
            ),
            field(
                name = "template_name",
                ty = "Option<String>",
                desc = "The name of the template, if it is one."
            ),
            field(
                name = "template_params",
                ty = "Option<Vec<String>>",
                desc = "The texts that were put in the places of the template's body, in their order."
            )
        )]
        pub enum Content {
            $($variant($type)),*
        }

        $(
            impl $type {
                async fn kind(&self, _: &Context<'_>) -> async_graphql::Result<ContentType> {
                    Ok(self.common.kind)
                }

                async fn text(&self, _: &Context<'_>) -> async_graphql::Result<Option<String>> {
                    Ok(self.common.text.clone())
                }

                async fn media_url(&self, _: &Context<'_>) -> async_graphql::Result<Option<String>> {
                    Ok(self.common.media_url.clone())
                }

                async fn template_name(&self, _: &Context<'_>) -> async_graphql::Result<Option<String>> {
                    Ok(self.common.template_name.clone())
                }

                async fn template_params(
                    &self,
                    _: &Context<'_>,
                ) -> async_graphql::Result<Option<Vec<String>>> {
                    Ok(self.common.template_params.clone())
                }
            }
        )*
    };
}

contents! {
    Text(TextContent),
    Media(MediaContent),
    Location(LocationContent),
    Contacts(ContactsContent),
    Reaction(ReactionContent),
    Button(ButtonContent),
    ButtonReply(ButtonReplyContent),
    ListReply(ListReplyContent),
    FormReply(FormReplyContent),
    CallPermission(CallPermissionContent),
    PaymentMethod(PaymentMethodContent),
    Order(OrderContent),
    System(SystemContent),
    RequestWelcome(RequestWelcomeContent),
    Edit(EditContent),
    Revoke(RevokeContent),
    MediaPlaceholder(MediaPlaceholderContent),
    Interactive(InteractiveContent),
    Template(TemplateContent),
    Unsupported(UnsupportedContent),
    Unrecognised(UnrecognisedContent),
}

/// A text.
#[derive(Clone, Debug, SimpleObject)]
pub struct TextContent {
    #[graphql(flatten)]
    common: Common,
    /// Whether WhatsApp shows a preview of its first link.
    has_link_preview: bool,
}

/// A file: an image, a video, a sound, a document or a sticker.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaContent {
    #[graphql(flatten)]
    common: Common,
    /// Meta's id of the file.
    media_id: Option<String>,
    /// The kind of the file, like `image/jpeg` or `audio/ogg; codecs=opus`, as Meta says.
    mime_type: Option<String>,
    /// As Meta writes it: base64 or hexadecimal.
    sha256: Option<String>,
    /// Chosen by the sender, so not to be trusted.
    filename: Option<String>,
    /// Whether it was recorded as a voice message.
    is_voice: bool,
    /// Whether the sticker moves.
    is_animated: bool,
}

/// A reaction to another message.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReactionContent {
    #[graphql(flatten)]
    common: Common,
    /// The message that it is about, as Meta names it.
    target_message_id: String,
    /// Null: the reaction is taken back.
    emoji: Option<String>,
}

/// A tap on a template's quick-reply button.
#[derive(Clone, Debug, SimpleObject)]
pub struct ButtonContent {
    #[graphql(flatten)]
    common: Common,
    /// What the button carried, for programs.
    payload: Option<String>,
}

/// A tap on a reply button of an interactive message.
#[derive(Clone, Debug, SimpleObject)]
pub struct ButtonReplyContent {
    #[graphql(flatten)]
    common: Common,
    /// The button's id, as it was sent.
    reply_id: Option<String>,
    /// What stands on the button; the same as `text`.
    title: Option<String>,
}

/// A choice from a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct ListReplyContent {
    #[graphql(flatten)]
    common: Common,
    /// The row's id, as it was sent.
    reply_id: Option<String>,
    /// The first line of the row; the same as `text`.
    title: Option<String>,
    /// The second line of the row; null if it has none.
    description: Option<String>,
}

/// A completed form: a flow's, or an address.
#[derive(Clone, Debug, SimpleObject)]
pub struct FormReplyContent {
    #[graphql(flatten)]
    common: Common,
    /// Which kind of form, in Meta's word: `flow`, `address_message` and so on.
    name: Option<String>,
    /// What was filled in: the form's own JSON.
    response_json: Option<String>,
}

/// Whether the customer lets the business call.
#[derive(Clone, Debug, SimpleObject)]
pub struct CallPermissionContent {
    #[graphql(flatten)]
    common: Common,
    /// `accept` or `reject`.
    response: Option<String>,
    /// Whether the permission holds until the customer takes it back.
    is_permanent: bool,
    /// When the permission ends; null where Meta names no end, as for a refusal.
    expires_at: Option<DateTime>,
    /// Whether the customer did it or WhatsApp by itself, in Meta's word.
    source: Option<String>,
}

/// How the customer wants to pay.
#[derive(Clone, Debug, SimpleObject)]
pub struct PaymentMethodContent {
    #[graphql(flatten)]
    common: Common,
    /// The way of paying, in Meta's word, like `offsite_card_pay`.
    method: Option<String>,
    /// The business's own id of the order, as it was sent with it.
    reference_id: Option<String>,
    /// The last four digits of the customer's card, for people to tell it by.
    last_four_digits: Option<String>,
    /// The id under which the payment provider keeps the card.
    credential_id: Option<String>,
}

/// News about the customer's account.
#[derive(Clone, Debug, SimpleObject)]
pub struct SystemContent {
    #[graphql(flatten)]
    common: Common,
    /// Which of the changes it is; `text` says it in Meta's sentence.
    change: SystemChangeType,
    /// The new phone number, if that changed.
    new_wa_id: Option<String>,
    /// The new business-scoped user id, if that changed.
    new_user_id: Option<String>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SystemChangeType {
    /// The person has a new phone number.
    Number,
    /// The person has a new business-scoped user id.
    UserId,
    /// The person's key has changed: perhaps a new phone, perhaps somebody else.
    Identity,
    /// Something that this server does not know yet.
    Unrecognised,
}

/// The customer opened the chat without writing.
#[derive(Clone, Debug, SimpleObject)]
pub struct RequestWelcomeContent {
    #[graphql(flatten)]
    common: Common,
}

/// Another message now says something else.
#[derive(Clone, Debug, SimpleObject)]
pub struct EditContent {
    #[graphql(flatten)]
    common: Common,
    /// The message that it is about, as Meta names it.
    target_message_id: String,
}

/// Another message was taken back.
#[derive(Clone, Debug, SimpleObject)]
pub struct RevokeContent {
    #[graphql(flatten)]
    common: Common,
    /// The message that it is about, as Meta names it.
    target_message_id: String,
}

/// Media of the past whose bytes come later, or never.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaPlaceholderContent {
    #[graphql(flatten)]
    common: Common,
}

/// WhatsApp could not hand it over.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct UnsupportedContent {
    #[graphql(flatten)]
    common: Common,
    /// What it was, in Meta's word.
    original_type: Option<String>,
    #[graphql(skip)]
    failures: Failures,
}

#[async_graphql::ComplexObject]
impl UnsupportedContent {
    /// Why not.
    async fn failures(
        &self,
        #[graphql(desc = "The language of the sentences.", default)] language: super::language::Language,
    ) -> Vec<MetaFailure> {
        self.failures.say(language)
    }
}

/// Of a kind that this server does not know yet. What came is kept, and can be read again by a newer one.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnrecognisedContent {
    #[graphql(flatten)]
    common: Common,
    /// What it is, in Meta's word.
    original_type: Option<String>,
}

fn own(text: Option<Str<'_>>) -> Option<String> {
    text.map(Str::into_owned)
}

impl Common {
    fn of(kind: ContentType, text: Option<String>) -> Self {
        let text = text.filter(|text| !text.is_empty());
        Self { kind, text, media_url: None, template_name: None, template_params: None }
    }
}

impl From<content::Content<'static>> for Content {
    #[expect(clippy::too_many_lines, reason = "an arm a kind")]
    fn from(content: content::Content<'static>) -> Self {
        type From = content::Content<'static>;
        let kind = ContentType::named(content.kind_name());
        let plain = Common::of(kind, None);
        let said = |text: Option<String>| Common::of(kind, text);
        match content {
            From::Text { body, preview_url } => {
                TextContent { common: said(Some(body.into_owned())), has_link_preview: preview_url }.into()
            }
            From::Media(media) => media_content(kind, media).into(),
            From::Location(location) => LocationContent::new(location).into(),
            From::Contacts(cards) => ContactsContent::new(cards).into(),
            From::Reaction { target, emoji } => {
                let emoji = own(emoji);
                ReactionContent { common: said(emoji.clone()), target_message_id: target.into_owned(), emoji }
                    .into()
            }
            From::Button { payload, text } => {
                ButtonContent { common: said(own(text)), payload: own(payload) }.into()
            }
            From::ButtonReply(choice) => {
                let title = own(choice.title);
                ButtonReplyContent { common: said(title.clone()), reply_id: own(choice.id), title }.into()
            }
            From::ListReply(choice) => {
                let (title, description) = (own(choice.title), own(choice.description));
                ListReplyContent { common: said(title.clone()), reply_id: own(choice.id), title, description }
                    .into()
            }
            From::FormReply { name, body, response_json } => FormReplyContent {
                common: said(own(body)),
                name: own(name),
                response_json: own(response_json),
            }
            .into(),
            From::CallPermission { response, is_permanent, expires_at_s, by } => CallPermissionContent {
                common: plain,
                response: own(response),
                is_permanent,
                expires_at: expires_at_s.and_then(scalar::second),
                source: own(by),
            }
            .into(),
            From::PaymentMethod { method, reference_id, last_four_digits, credential_id, at_s: _ } => {
                PaymentMethodContent {
                    common: plain,
                    method: own(method),
                    reference_id: own(reference_id),
                    last_four_digits: own(last_four_digits),
                    credential_id: own(credential_id),
                }
                .into()
            }
            From::Order(order) => OrderContent::new(order).into(),
            From::System(system) => system_content(system).into(),
            From::RequestWelcome => RequestWelcomeContent { common: plain }.into(),
            From::Edit { target, content } => {
                let common = said(Some(content.preview()));
                EditContent { common, target_message_id: target.into_owned() }.into()
            }
            From::Revoke { target } => {
                RevokeContent { common: plain, target_message_id: target.into_owned() }.into()
            }
            From::MediaPlaceholder => MediaPlaceholderContent { common: plain }.into(),
            From::Interactive(interactive) => InteractiveContent::new(interactive).into(),
            From::Template { name, language, components_json, text } => {
                TemplateContent::new(own(name), own(language), own(components_json), own(text)).into()
            }
            From::Unsupported { kind, faults } => {
                UnsupportedContent { common: plain, original_type: own(kind), failures: Failures(faults) }
                    .into()
            }
            From::Unrecognised { kind } => {
                UnrecognisedContent { common: plain, original_type: own(kind) }.into()
            }
        }
    }
}

fn media_content(kind: ContentType, media: content::Media<'static>) -> MediaContent {
    MediaContent {
        common: Common::of(kind, own(media.caption)),
        media_id: own(media.id),
        mime_type: own(media.mime_type),
        sha256: own(media.sha256),
        filename: own(media.filename),
        is_voice: media.is_voice,
        is_animated: media.is_animated,
    }
}

fn system_content(system: content::System<'static>) -> SystemContent {
    let (change, new_wa_id, new_user_id) = match system.change {
        SystemChange::Number { new_wa_id } => (SystemChangeType::Number, own(new_wa_id), None),
        SystemChange::UserId { user_id, parent_user_id: _, wa_id } => {
            (SystemChangeType::UserId, own(wa_id), own(user_id))
        }
        SystemChange::Identity => (SystemChangeType::Identity, None, None),
        SystemChange::Unrecognised { .. } => (SystemChangeType::Unrecognised, None, None),
    };
    let common = Common::of(ContentType::System, own(system.body));
    SystemContent { common, change, new_wa_id, new_user_id }
}
