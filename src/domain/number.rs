//! A business phone number: what Meta says of it, what its owner has set, and what follows from both.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// What Meta says of a number, in Meta's own words (upper-case; a word that is new stays as it came).
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    pub display_phone_number: Option<String>,
    pub verified_name: Option<String>,
    pub name_status: Option<String>,
    pub new_name_status: Option<String>,
    pub code_verification_status: Option<String>,
    pub quality_rating: Option<String>,
    /// CONNECTED, PENDING, BANNED, …: whether it is registered and usable.
    pub status: Option<String>,
    pub platform_type: Option<String>,
    pub throughput_level: Option<String>,
    pub messaging_limit: Option<String>,
    pub account_mode: Option<String>,
    pub is_pin_enabled: Option<bool>,
    pub is_on_biz_app: Option<bool>,
    pub is_official_business_account: Option<bool>,
    pub username: Option<String>,
    /// Whether Meta lets it send: AVAILABLE, LIMITED, BLOCKED.
    pub can_send_message: Option<String>,
}

/// Where a number stands with Meta's review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Approval {
    Pending,
    Approved,
    Rejected,
}

/// Whether messages can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connection {
    /// Nothing has been asked of Meta yet.
    Unknown,
    Connected,
    /// Its owner has paused it: it receives and does not send.
    Paused,
    /// Sending is blocked until somebody mends the reason; receiving is not touched.
    SendingBlocked,
    /// Meta does not have it registered or connected.
    Disconnected,
}

impl Facts {
    /// Approved: the name is, and the number is verified. Rejected: the name was declined.
    pub fn approval(&self) -> Approval {
        let is = |field: &Option<String>, word: &str| field.as_deref() == Some(word);
        if is(&self.name_status, "DECLINED") {
            return Approval::Rejected;
        }
        let has_name = is(&self.name_status, "APPROVED") || is(&self.name_status, "AVAILABLE_WITHOUT_REVIEW");
        if has_name && is(&self.code_verification_status, "VERIFIED") {
            Approval::Approved
        } else {
            Approval::Pending
        }
    }

    /// Whether Meta has it registered, as far as it says.
    pub fn is_registered(&self) -> Option<bool> {
        let status = self.status.as_deref()?;
        Some(matches!(status, "CONNECTED" | "FLAGGED" | "RESTRICTED" | "RATE_LIMITED"))
    }

    /// How many customers its portfolio may write to first in 24 hours. None: as many as it likes, or nobody knows.
    pub fn customers_a_day(&self) -> Option<usize> {
        let limit = self.messaging_limit.as_deref()?.strip_prefix("TIER_")?;
        let customers = match limit.strip_suffix('K') {
            Some(thousands) => thousands.parse::<usize>().ok()?.checked_mul(1_000),
            None => limit.parse().ok(),
        };
        customers.filter(|customers| *customers > 0)
    }

    /// Used beside the WhatsApp Business app on a telephone.
    pub fn is_coexistence(&self) -> bool {
        self.is_on_biz_app == Some(true) && self.platform_type.as_deref() == Some("CLOUD_API")
    }
}

/// Why sending is blocked, until somebody mends it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Meta's code, or none if the reason is ours.
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    pub reason: BlockReason,
    pub since_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockReason {
    /// The access token is expired, revoked or lacks a permission.
    Token,
    /// The stored token cannot be opened: its key is gone, or it was changed.
    Sealed,
    /// Meta restricts the number or its account.
    Account,
    /// The number is not registered.
    NotRegistered,
}

/// How a number behaves; each part is for the feature that reads it.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub auto_reply: AutoReply,
    pub business_hours: Option<Hours>,
    /// Marking a conversation read is told to Meta, so that the customer sees blue ticks.
    pub read_receipts: bool,
    pub typing_indicator: bool,
    /// A pause before each automated message.
    pub message_delay_ms: u32,
    /// Marketing templates leave by Meta's endpoint for marketing messages.
    pub marketing_messages: bool,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoReply {
    pub enabled: bool,
    pub text: Option<String>,
    /// Only outside business hours.
    pub outside_hours_only: bool,
}

/// When the business is open, in the business's own time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hours {
    /// A name of the IANA database, like Asia/Jakarta.
    pub time_zone: String,
    pub open: Vec<Opening>,
}

/// Open from a minute of the day to another, on one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// Monday is 1, Sunday 7.
    pub weekday: u8,
    pub from_minute: u16,
    /// Not beyond midnight: 1440.
    pub to_minute: u16,
}

/// The longest text of an automatic reply. Meta (2026-07): a text message holds 4,096 characters.
pub const AUTO_REPLY_CHARS_MAX: usize = 4_096;
/// The longest pause before an automated message.
pub const MESSAGE_DELAY_MS_MAX: u32 = 60_000;
const OPENINGS_MAX: usize = 64;
const MINUTES_A_DAY: u16 = 1_440;

/// What is wrong with settings: the field, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub sentence: &'static str,
}

impl Settings {
    /// Everything that is wrong with them. `knows_zone` tells whether a time zone exists.
    pub fn wrongs(&self, knows_zone: impl Fn(&str) -> bool) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let mut wrong = |field, sentence| wrongs.push(Wrong { field, sentence });
        let text = self.auto_reply.text.as_deref().unwrap_or_default();
        if self.auto_reply.enabled && text.trim().is_empty() {
            wrong("autoReply.text", "An automatic reply needs a text.");
        }
        if text.chars().count() > AUTO_REPLY_CHARS_MAX {
            wrong("autoReply.text", "The text is longer than the 4,096 characters that WhatsApp takes.");
        }
        if self.auto_reply.enabled && self.auto_reply.outside_hours_only && self.business_hours.is_none() {
            wrong("autoReply.outsideHoursOnly", "Without business hours nothing is outside of them.");
        }
        if self.message_delay_ms > MESSAGE_DELAY_MS_MAX {
            wrong("messageDelayMs", "At most a minute (60,000).");
        }
        if let Some(hours) = &self.business_hours {
            if !knows_zone(&hours.time_zone) {
                wrong("businessHours.timeZone", "A time zone has a name like Asia/Jakarta.");
            }
            if hours.open.len() > OPENINGS_MAX {
                wrong("businessHours.open", "At most 64 openings.");
            }
            if !hours.open.iter().all(|opening| opening.is_sound()) {
                wrong(
                    "businessHours.open",
                    "Days go from 1 (Monday) to 7, minutes from 0 to 1,440, and an opening ends after it begins.",
                );
            }
        }
        wrongs
    }
}

impl Opening {
    fn is_sound(self) -> bool {
        (1..=7).contains(&self.weekday)
            && self.from_minute < self.to_minute
            && self.to_minute <= MINUTES_A_DAY
    }
}

/// What the state of a number comes from.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub facts: Option<&'a Facts>,
    pub is_paused: bool,
    pub block: Option<&'a Block>,
}

impl Standing<'_> {
    /// Whether messages can pass. The owner's own wish goes first: it is what they would look for.
    pub fn connection(&self) -> Connection {
        if self.is_paused {
            return Connection::Paused;
        }
        if self.block.is_some() {
            return Connection::SendingBlocked;
        }
        match self.facts.and_then(Facts::is_registered) {
            Some(true) => Connection::Connected,
            Some(false) => Connection::Disconnected,
            None => Connection::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_approved_with_its_name_and_its_verification() {
        let check = |name: &str, code: &str, expected| {
            let facts = Facts {
                name_status: Some(name.to_owned()),
                code_verification_status: Some(code.to_owned()),
                ..Facts::default()
            };
            assert_eq!(facts.approval(), expected, "{name} {code}");
        };
        check("APPROVED", "VERIFIED", Approval::Approved);
        check("AVAILABLE_WITHOUT_REVIEW", "VERIFIED", Approval::Approved);
        check("APPROVED", "EXPIRED", Approval::Pending);
        check("PENDING_REVIEW", "VERIFIED", Approval::Pending);
        check("NONE", "NOT_VERIFIED", Approval::Pending);
        check("DECLINED", "VERIFIED", Approval::Rejected);
        assert_eq!(Facts::default().approval(), Approval::Pending);
    }

    #[test]
    fn the_limit_of_customers_a_day_is_read_whatever_it_is() {
        let check = |limit: Option<&str>, expected: Option<usize>| {
            let facts = Facts { messaging_limit: limit.map(str::to_owned), ..Facts::default() };
            assert_eq!(facts.customers_a_day(), expected, "{limit:?}");
        };
        check(Some("TIER_250"), Some(250));
        check(Some("TIER_2K"), Some(2_000));
        check(Some("TIER_100K"), Some(100_000));
        for none in [
            None,
            Some("TIER_UNLIMITED"),
            Some("TIER_NOT_SET"),
            Some("TIER_K"),
            Some("TIER_0"),
            Some("250"),
            Some(""),
        ] {
            check(none, None);
        }
    }

    #[test]
    fn the_connection_names_what_the_owner_would_look_for_first() {
        let facts = |status: &str| Facts { status: Some(status.to_owned()), ..Facts::default() };
        let block = Block { code: Some(190), subcode: None, reason: BlockReason::Token, since_ms: 0 };
        let check = |status: Option<&str>, is_paused, is_blocked: bool, expected| {
            let facts = status.map(facts);
            let block = is_blocked.then_some(&block);
            assert_eq!(Standing { facts: facts.as_ref(), is_paused, block }.connection(), expected);
        };
        check(None, false, false, Connection::Unknown);
        check(Some("CONNECTED"), false, false, Connection::Connected);
        check(Some("CONNECTED"), true, true, Connection::Paused);
        check(Some("CONNECTED"), false, true, Connection::SendingBlocked);
        check(Some("PENDING"), false, false, Connection::Disconnected);
        check(Some("BANNED"), false, false, Connection::Disconnected);
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let fields = |settings: &Settings| -> Vec<&str> {
            settings.wrongs(|zone| zone == "Asia/Jakarta").iter().map(|wrong| wrong.field).collect()
        };
        assert_eq!(fields(&Settings::default()), [""; 0]);
        let opening = |weekday, from_minute, to_minute| Opening { weekday, from_minute, to_minute };
        let open = |opening| Settings {
            business_hours: Some(Hours { time_zone: "Asia/Jakarta".to_owned(), open: vec![opening] }),
            ..Settings::default()
        };
        assert_eq!(fields(&open(opening(1, 480, 1_020))), [""; 0]);
        for wrong in [opening(0, 0, 1), opening(8, 0, 1), opening(1, 60, 60), opening(1, 0, 1_441)] {
            assert_eq!(fields(&open(wrong)), ["businessHours.open"], "{wrong:?}");
        }
        let nowhere = Hours { time_zone: "Mars/Olympus".to_owned(), open: Vec::new() };
        let settings = Settings { business_hours: Some(nowhere), ..Settings::default() };
        assert_eq!(fields(&settings), ["businessHours.timeZone"]);
        let auto_reply = AutoReply { enabled: true, text: None, outside_hours_only: true };
        let settings = Settings { auto_reply, message_delay_ms: 60_001, ..Settings::default() };
        assert_eq!(fields(&settings), ["autoReply.text", "autoReply.outsideHoursOnly", "messageDelayMs"]);
    }
}
