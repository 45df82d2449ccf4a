//! How a number behaves.

use async_graphql::{InputObject, SimpleObject};

use crate::domain::number::{AutoReply, Hours, Opening, Settings};

/// How a number behaves.
#[derive(Debug, SimpleObject)]
pub struct NumberSettings {
    /// The reply that goes out by itself.
    pub auto_reply: NumberAutoReply,
    /// When the business is open; null: always.
    pub business_hours: Option<BusinessHours>,
    /// Customers see blue ticks when their conversation is marked as read.
    pub read_receipts: bool,
    /// Customers see that somebody is typing.
    pub typing_indicator: bool,
    /// A pause before each automated message, in milliseconds; 60,000 at most.
    pub message_delay_ms: i32,
    /// Templates of the category MARKETING leave by Meta's endpoint for marketing messages, unless a message says
    /// otherwise (`marketing` of `sendMessage`).
    pub marketing_messages: bool,
}

/// An automatic reply.
#[derive(Debug, SimpleObject, InputObject)]
#[graphql(input_name = "NumberAutoReplyInput")]
pub struct NumberAutoReply {
    /// Whether it is sent.
    pub enabled: bool,
    /// At most 4,096 characters.
    pub text: Option<String>,
    /// Only outside business hours.
    pub outside_hours_only: bool,
}

/// When the business is open, in its own time.
#[derive(Debug, SimpleObject, InputObject)]
#[graphql(input_name = "BusinessHoursInput")]
pub struct BusinessHours {
    /// A name of the IANA database, like `Asia/Jakarta`.
    pub time_zone: String,
    /// At most 64.
    pub open: Vec<BusinessOpening>,
}

/// Open from a minute of the day to another, on one day of the week.
#[derive(Debug, SimpleObject, InputObject)]
#[graphql(input_name = "BusinessOpeningInput")]
pub struct BusinessOpening {
    /// Monday is 1, Sunday 7.
    pub weekday: i32,
    /// From 0.
    pub from_minute: i32,
    /// At most 1,440, which is midnight.
    pub to_minute: i32,
}

/// All settings of a number: what is not given is off.
#[derive(Debug, InputObject)]
pub struct NumberSettingsInput {
    /// The reply that goes out by itself; without it: none.
    pub auto_reply: Option<NumberAutoReply>,
    /// When the business is open; without it: always.
    pub business_hours: Option<BusinessHours>,
    /// Customers see blue ticks when their conversation is marked as read.
    #[graphql(default)]
    pub read_receipts: bool,
    /// Customers see that somebody is typing.
    #[graphql(default)]
    pub typing_indicator: bool,
    /// A pause before each automated message, in milliseconds; 60,000 at most.
    #[graphql(default)]
    pub message_delay_ms: i32,
    /// Templates of the category MARKETING leave by Meta's endpoint for marketing messages, unless a message says
    /// otherwise (`marketing` of `sendMessage`). The account must have been admitted to it at Meta. A template whose
    /// category is not known here leaves as an ordinary message.
    #[graphql(default)]
    pub marketing_messages: bool,
}

impl From<&Settings> for NumberSettings {
    fn from(settings: &Settings) -> Self {
        Self {
            auto_reply: NumberAutoReply {
                enabled: settings.auto_reply.enabled,
                text: settings.auto_reply.text.clone(),
                outside_hours_only: settings.auto_reply.outside_hours_only,
            },
            business_hours: settings.business_hours.as_ref().map(|hours| BusinessHours {
                time_zone: hours.time_zone.clone(),
                open: hours.open.iter().map(BusinessOpening::from).collect(),
            }),
            read_receipts: settings.read_receipts,
            typing_indicator: settings.typing_indicator,
            message_delay_ms: i32::try_from(settings.message_delay_ms).unwrap_or(i32::MAX),
            marketing_messages: settings.marketing_messages,
        }
    }
}

impl From<&Opening> for BusinessOpening {
    fn from(opening: &Opening) -> Self {
        Self {
            weekday: opening.weekday.into(),
            from_minute: opening.from_minute.into(),
            to_minute: opening.to_minute.into(),
        }
    }
}

/// What does not fit becomes a value that the rules refuse with their sentence.
impl From<NumberSettingsInput> for Settings {
    fn from(input: NumberSettingsInput) -> Self {
        let opening = |opening: BusinessOpening| Opening {
            weekday: u8::try_from(opening.weekday).unwrap_or(u8::MAX),
            from_minute: u16::try_from(opening.from_minute).unwrap_or(u16::MAX),
            to_minute: u16::try_from(opening.to_minute).unwrap_or(u16::MAX),
        };
        let auto_reply = input.auto_reply.map(|reply| AutoReply {
            enabled: reply.enabled,
            text: reply.text,
            outside_hours_only: reply.outside_hours_only,
        });
        Self {
            auto_reply: auto_reply.unwrap_or_default(),
            business_hours: input.business_hours.map(|hours| Hours {
                time_zone: hours.time_zone,
                open: hours.open.into_iter().map(opening).collect(),
            }),
            read_receipts: input.read_receipts,
            typing_indicator: input.typing_indicator,
            message_delay_ms: u32::try_from(input.message_delay_ms).unwrap_or(u32::MAX),
            marketing_messages: input.marketing_messages,
        }
    }
}
