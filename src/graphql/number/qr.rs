//! QR codes that open a chat with a number.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};

use super::{no_such_number, on_number, user_errors};
use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::meta::client::qr;

/// The form of a QR code's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "qr::ImageFormat")]
pub enum QrImageFormat {
    Svg,
    Png,
}

/// A QR code, and the link that says the same.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct QrCode {
    /// Its name at Meta.
    pub code: String,
    /// What the customer's first message will say.
    pub message: String,
    pub link: Option<String>,
    /// Where the picture is, if one was made.
    pub image_url: Option<String>,
}

#[ComplexObject]
impl QrCode {
    /// The picture as a data URL, for an `img` element; null if there is none, or it is not to be had now.
    #[graphql(complexity = 20)]
    async fn image(&self, context: &Context<'_>) -> Result<Option<String>, Failure> {
        let Some(url) = &self.image_url else { return Ok(None) };
        Ok(services(context)?.numbers.qr_image(url).await)
    }
}

impl From<qr::QrCode> for QrCode {
    fn from(code: qr::QrCode) -> Self {
        Self {
            code: code.code,
            message: code.prefilled_message,
            link: code.deep_link_url,
            image_url: code.image_url,
        }
    }
}

/// QR codes, or why there are none to show.
#[derive(Debug, SimpleObject)]
pub struct QrCodesPayload {
    pub qr_codes: Vec<QrCode>,
    pub user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct QrQuery;

#[Object]
impl QrQuery {
    /// The QR codes of a number. Asked of Meta each time.
    #[graphql(complexity = "50 * child_complexity")]
    async fn qr_codes(&self, context: &Context<'_>, number_id: ID) -> Result<QrCodesPayload, Failure> {
        let refused = |user_errors| QrCodesPayload { qr_codes: Vec::new(), user_errors };
        let Some((visitor, id)) = on_number(context, Deed::SeeQrCodes, &number_id)? else {
            return Ok(refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.qr_codes(visitor, id).await {
            Ok(codes) => {
                let qr_codes = codes.into_iter().map(QrCode::from).collect();
                Ok(QrCodesPayload { qr_codes, user_errors: Vec::new() })
            }
            Err(error) => user_errors(error).map(refused),
        }
    }
}
