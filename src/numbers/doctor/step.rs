//! The steps of an examination: their names, their headings, and how each can end.

use serde::{Deserialize, Serialize};

use crate::domain::language::Words;

/// One thing that is looked at. In the order in which people are shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    TokenValid,
    TokenExpiry,
    Scopes,
    Waba,
    NumberInWaba,
    Registered,
    Name,
    Quality,
    MessagingLimit,
    Throughput,
    AppSubscribed,
    Fields,
    Callback,
    AppSecret,
    UrlReachable,
    UrlByteTrue,
    WebhookSeen,
    Clock,
    Sending,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Ok,
    /// It works, and is worth a look.
    Warning,
    Failed,
    /// It could not be looked at.
    Skipped,
}

/// What a step is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Sending,
    Receiving,
    Both,
    /// Neither stops when it fails.
    Neither,
}

const fn words(en: &'static str, id: &'static str) -> Words {
    Words { en, id }
}

impl Step {
    pub const ALL: [Self; 19] = [
        Self::TokenValid,
        Self::TokenExpiry,
        Self::Scopes,
        Self::Waba,
        Self::NumberInWaba,
        Self::Registered,
        Self::Name,
        Self::Quality,
        Self::MessagingLimit,
        Self::Throughput,
        Self::AppSubscribed,
        Self::Fields,
        Self::Callback,
        Self::AppSecret,
        Self::UrlReachable,
        Self::UrlByteTrue,
        Self::WebhookSeen,
        Self::Clock,
        Self::Sending,
    ];

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TokenValid => "tokenValid",
            Self::TokenExpiry => "tokenExpiry",
            Self::Scopes => "scopes",
            Self::Waba => "waba",
            Self::NumberInWaba => "numberInWaba",
            Self::Registered => "registered",
            Self::Name => "name",
            Self::Quality => "quality",
            Self::MessagingLimit => "messagingLimit",
            Self::Throughput => "throughput",
            Self::AppSubscribed => "appSubscribed",
            Self::Fields => "fields",
            Self::Callback => "callback",
            Self::AppSecret => "appSecret",
            Self::UrlReachable => "urlReachable",
            Self::UrlByteTrue => "urlByteTrue",
            Self::WebhookSeen => "webhookSeen",
            Self::Clock => "clock",
            Self::Sending => "sending",
        }
    }

    /// Its heading for people.
    pub fn title(self) -> Words {
        match self {
            Self::TokenValid => words("Access token is valid", "Token akses berlaku"),
            Self::TokenExpiry => words("Access token lasts", "Masa berlaku token akses"),
            Self::Scopes => words("Permissions of the token", "Izin token akses"),
            Self::Waba => words("WhatsApp account id", "ID akun WhatsApp Business"),
            Self::NumberInWaba => words("Number belongs to the account", "Nomor termasuk dalam akun"),
            Self::Registered => words("Number is registered", "Nomor terdaftar"),
            Self::Name => words("Display name", "Nama tampilan"),
            Self::Quality => words("Quality", "Kualitas"),
            Self::MessagingLimit => words("Messaging limit", "Batas pengiriman"),
            Self::Throughput => words("Sending speed", "Kecepatan pengiriman"),
            Self::AppSubscribed => {
                words("App receives this account's webhooks", "Aplikasi menerima webhook akun ini")
            }
            Self::Fields => words("Webhook fields", "Bidang webhook"),
            Self::Callback => words("Webhooks are sent here", "Webhook dikirim ke sini"),
            Self::AppSecret => words("App secret", "Rahasia aplikasi"),
            Self::UrlReachable => words("Public address", "Alamat publik"),
            Self::UrlByteTrue => {
                words("Nothing changes webhooks on the way", "Webhook tidak diubah di jalan")
            }
            Self::WebhookSeen => words("Webhooks arrive", "Webhook masuk"),
            Self::Clock => words("Clock", "Jam server"),
            Self::Sending => words("Sending", "Pengiriman"),
        }
    }

    /// What stops when it fails.
    pub fn purpose(self) -> Purpose {
        match self {
            Self::TokenValid | Self::TokenExpiry | Self::Scopes | Self::Sending => Purpose::Sending,
            Self::Waba | Self::NumberInWaba | Self::Registered => Purpose::Both,
            Self::AppSubscribed
            | Self::Fields
            | Self::Callback
            | Self::AppSecret
            | Self::UrlReachable
            | Self::UrlByteTrue
            | Self::WebhookSeen => Purpose::Receiving,
            Self::Name | Self::Quality | Self::MessagingLimit | Self::Throughput | Self::Clock => {
                Purpose::Neither
            }
        }
    }

    /// Whether the number cannot be called sound as long as it was not looked at.
    pub fn is_essential(self) -> bool {
        matches!(self.purpose(), Purpose::Both)
            || matches!(self, Self::TokenValid | Self::AppSubscribed | Self::Callback | Self::Sending)
    }
}
