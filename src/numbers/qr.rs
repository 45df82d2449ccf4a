//! QR codes that open a chat with a number.

use data_encoding::BASE64;
use tracing::warn;
use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::qr::{ImageFormat, QrCode};

/// A picture of a QR code is far smaller.
const IMAGE_BYTES_MAX: usize = 512 * 1024;

impl Numbers {
    /// The QR codes of a number.
    pub async fn qr_codes(&self, by: &Visitor, id: Uuid) -> Result<Vec<QrCode>, Error> {
        let line = self.line(by.workspace, id).await?;
        let codes = self.0.graph.qr_codes(line.credentials(), line.phone_number_id()).list().await;
        Ok(self.seen(&line, codes).await?.items)
    }

    /// Makes a QR code, with its picture.
    pub async fn create_qr_code(
        &self,
        by: &Visitor,
        id: Uuid,
        message: &str,
        format: ImageFormat,
    ) -> Result<QrCode, Error> {
        let line = self.line(by.workspace, id).await?;
        let codes = self.0.graph.qr_codes(line.credentials(), line.phone_number_id());
        let code = self.done(&line, codes.create(message, Some(format)).await).await?;
        self.note(by, Deed::ChangeQrCodes.name(), id, &[("qrCode", None, Some(&code.code))]).await?;
        Ok(code)
    }

    /// Gives a QR code another message. Codes that are printed already open with it too.
    pub async fn update_qr_code(
        &self,
        by: &Visitor,
        id: Uuid,
        code: &str,
        message: &str,
        format: ImageFormat,
    ) -> Result<QrCode, Error> {
        ensure_code(code)?;
        let line = self.line(by.workspace, id).await?;
        let codes = self.0.graph.qr_codes(line.credentials(), line.phone_number_id());
        let code = self.done(&line, codes.update(code, message, Some(format)).await).await?;
        self.note(by, Deed::ChangeQrCodes.name(), id, &[("qrCode", Some(&code.code), Some(&code.code))])
            .await?;
        Ok(code)
    }

    /// Ends a QR code: whoever scans it later reads that it is no longer good.
    pub async fn delete_qr_code(&self, by: &Visitor, id: Uuid, code: &str) -> Result<(), Error> {
        ensure_code(code)?;
        let line = self.line(by.workspace, id).await?;
        let codes = self.0.graph.qr_codes(line.credentials(), line.phone_number_id());
        self.done(&line, codes.delete(code).await).await?;
        Ok(self.note(by, Deed::ChangeQrCodes.name(), id, &[("qrCode", Some(code), None)]).await?)
    }

    /// The picture behind an address that Meta gave, as a data URL. None: it is not to be had now.
    pub async fn qr_image(&self, url: &str) -> Option<String> {
        let opened = match self.0.graph.open(url, None).await {
            Ok(download) => {
                let mime_type = download.mime_type.clone();
                download.whole(IMAGE_BYTES_MAX).await.map(|bytes| (mime_type, bytes))
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok((mime_type, bytes)) => {
                let kind = match mime_type.as_deref() {
                    Some(kind) if kind.starts_with("image/svg") => "image/svg+xml",
                    _ => "image/png",
                };
                Some(format!("data:{kind};base64,{}", BASE64.encode(&bytes)))
            }
            Err(error) => {
                warn!(%error, "the picture of a QR code could not be read");
                None
            }
        }
    }
}

fn ensure_code(code: &str) -> Result<(), Error> {
    if (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::invalid("code", "This is not the name of a QR code.", "Take it from the list of QR codes."))
}
