//! Making, changing and ending QR codes.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::graphql::number::{QrCode, QrImageFormat, no_such_number, on_number, user_errors};
use crate::meta::client::qr;
use crate::numbers;

/// A QR code, or why there is none.
#[derive(Debug, SimpleObject)]
pub struct QrCodePayload {
    qr_code: Option<QrCode>,
    user_errors: Vec<UserError>,
}

impl QrCodePayload {
    fn of(outcome: Result<qr::QrCode, numbers::Error>) -> Result<Self, Failure> {
        match outcome {
            Ok(code) => Ok(Self { qr_code: Some(code.into()), user_errors: Vec::new() }),
            Err(error) => Ok(Self::refused(user_errors(error)?)),
        }
    }

    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { qr_code: None, user_errors }
    }
}

/// What comes of ending a QR code.
#[derive(Debug, SimpleObject)]
pub struct DeleteQrCodePayload {
    deleted_code: Option<String>,
    user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct QrMutation;

#[Object]
impl QrMutation {
    /// Makes a QR code that opens a chat with the number. A number has at most 2,000.
    async fn create_qr_code(
        &self,
        context: &Context<'_>,
        number_id: ID,
        #[graphql(desc = "What the customer's first message will say; at most 140 characters.")]
        message: String,
        #[graphql(default_with = "QrImageFormat::Svg")] format: QrImageFormat,
    ) -> Result<QrCodePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeQrCodes, &number_id)? else {
            return Ok(QrCodePayload::refused(vec![no_such_number()]));
        };
        let numbers = &services(context)?.numbers;
        QrCodePayload::of(numbers.create_qr_code(visitor, id, &message, format.into()).await)
    }

    /// Gives a QR code another message. Codes that are printed already open with it too.
    async fn update_qr_code(
        &self,
        context: &Context<'_>,
        number_id: ID,
        #[graphql(desc = "Its name at Meta.")] code: String,
        #[graphql(desc = "What the customer's first message will say; at most 140 characters.")]
        message: String,
        #[graphql(default_with = "QrImageFormat::Svg")] format: QrImageFormat,
    ) -> Result<QrCodePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeQrCodes, &number_id)? else {
            return Ok(QrCodePayload::refused(vec![no_such_number()]));
        };
        let numbers = &services(context)?.numbers;
        QrCodePayload::of(numbers.update_qr_code(visitor, id, &code, &message, format.into()).await)
    }

    /// Ends a QR code: whoever scans it later reads that it is no longer good.
    async fn delete_qr_code(
        &self,
        context: &Context<'_>,
        number_id: ID,
        #[graphql(desc = "Its name at Meta.")] code: String,
    ) -> Result<DeleteQrCodePayload, Failure> {
        let refused = |user_errors| DeleteQrCodePayload { deleted_code: None, user_errors };
        let Some((visitor, id)) = on_number(context, Deed::ChangeQrCodes, &number_id)? else {
            return Ok(refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.delete_qr_code(visitor, id, &code).await {
            Ok(()) => Ok(DeleteQrCodePayload { deleted_code: Some(code), user_errors: Vec::new() }),
            Err(error) => user_errors(error).map(refused),
        }
    }
}
