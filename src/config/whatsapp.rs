//! What Meta's app dashboard and WhatsApp Manager show: the app, its secret, the first number.

use super::setting::{Reader, Setting};
use crate::secret::Secret;

static VERIFY_TOKEN: Setting = Setting {
    name: "WHATSAPP_VERIFY_TOKEN",
    aliases: &[],
    default: None,
    example: "a-word-that-you-choose",
    expects: "a word of your choice without spaces",
    secret: true,
    meaning: "The word that you also type into Meta's app dashboard under Webhooks, Verify token.",
};
static ACCESS_TOKEN: Setting = Setting {
    name: "WHATSAPP_ACCESS_TOKEN",
    aliases: &[],
    default: None,
    example: "EAAG...",
    expects: "the access token of a system user, without spaces",
    secret: true,
    meaning: "The token with which the first number sends. Take one of a system user that does not expire, with whatsapp_business_messaging and whatsapp_business_management.",
};
static PHONE_NUMBER_ID: Setting = Setting {
    name: "WHATSAPP_PHONE_NUMBER_ID",
    aliases: &[],
    default: None,
    example: "106540352242922",
    expects: "the phone number ID that Meta shows, digits only (not the phone number)",
    secret: false,
    meaning: "The first business phone number, by Meta's id.",
};
static BUSINESS_ACCOUNT_ID: Setting = Setting {
    name: "WHATSAPP_BUSINESS_ACCOUNT_ID",
    aliases: &[],
    default: None,
    example: "102290129340398",
    expects: "the WhatsApp Business Account ID that Meta shows, digits only",
    secret: false,
    meaning: "The WhatsApp Business Account of the first number (not the business portfolio).",
};
static APP_SECRET: Setting = Setting {
    name: "WHATSAPP_APP_SECRET",
    aliases: &[],
    default: None,
    example: "0123456789abcdef0123456789abcdef",
    expects: "one app secret or several with commas between them, without spaces inside",
    secret: true,
    meaning: "The secret of the Meta app, by which webhooks are signed. Several while a secret is being changed, or for several apps.",
};
static APP_ID: Setting = Setting {
    name: "WHATSAPP_APP_ID",
    aliases: &[],
    default: None,
    example: "201234567890123",
    expects: "the App ID that Meta shows, digits only",
    secret: false,
    meaning: "The Meta app itself, for checking its webhook subscription.",
};

pub(super) const SETTINGS: &[&Setting] =
    &[&VERIFY_TOKEN, &APP_SECRET, &APP_ID, &ACCESS_TOKEN, &PHONE_NUMBER_ID, &BUSINESS_ACCOUNT_ID];

/// Meta's side.
#[derive(Clone, Debug)]
pub struct WhatsappConfig {
    /// `WHATSAPP_VERIFY_TOKEN`.
    pub verify_token: Option<Secret>,
    /// `WHATSAPP_APP_SECRET`: each may have signed a webhook.
    pub app_secrets: Vec<Secret>,
    /// `WHATSAPP_APP_ID`.
    pub app_id: Option<String>,
    /// `WHATSAPP_ACCESS_TOKEN`.
    pub access_token: Option<Secret>,
    /// `WHATSAPP_PHONE_NUMBER_ID`.
    pub phone_number_id: Option<String>,
    /// `WHATSAPP_BUSINESS_ACCOUNT_ID`.
    pub business_account_id: Option<String>,
}

impl WhatsappConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let verify_token = reader.optional(&VERIFY_TOKEN, parse_word);
        let app_secrets =
            reader.optional(&APP_SECRET, |text| text.split(',').map(str::trim).map(parse_word).collect());
        let app_id = reader.optional(&APP_ID, parse_digits);
        let access_token = reader.optional(&ACCESS_TOKEN, parse_word);
        let phone_number_id = reader.optional(&PHONE_NUMBER_ID, parse_digits);
        let business_account_id = reader.optional(&BUSINESS_ACCOUNT_ID, parse_digits);
        Some(Self {
            verify_token: verify_token?,
            app_secrets: app_secrets?.unwrap_or_default(),
            app_id: app_id?,
            access_token: access_token?,
            phone_number_id: phone_number_id?,
            business_account_id: business_account_id?,
        })
    }
}

fn parse_word(text: &str) -> Option<Secret> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| Secret::new(text))
}

fn parse_digits(text: &str) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.to_owned())
}
