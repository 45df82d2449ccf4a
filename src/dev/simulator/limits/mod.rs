//! What Meta's reference limits on top of the schema: lengths, counts, MIME types, sizes, cross-field rules.
//!
//! Pure functions over JSON values; no state, no clock. A body goes through `schema::validate` first: what is of the
//! wrong JSON kind is refused there, so a limit here lets it pass.

use serde_json::Value;

use super::refusal::Refusal;

/// A body of `POST /{PNID}/messages`, mark-as-read and typing included.
pub fn message(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST /{PNID}/marketing_messages`.
pub fn marketing_message(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST /{WABA}/message_templates`.
pub fn template_definition(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST /{TEMPLATE_ID}`, against the stored definition.
pub fn template_edit(definition: &Value, body: &Value) -> Result<(), Refusal> {
    let _ = (definition, body);
    Ok(())
}

/// A template message against the stored definition (`status`, `category`, `parameter_format`, `components`).
pub fn template_send(definition: &Value, body: &Value) -> Result<(), Refusal> {
    let _ = (definition, body);
    Ok(())
}

/// A media upload: its MIME type and size.
pub fn media(mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    let _ = (mime, bytes_len);
    Ok(())
}

/// A medium used in a message of `kind` (`image`, `sticker`, …): uploaded before, or fetched from a link.
pub fn media_for(kind: &str, mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    let _ = (kind, mime, bytes_len);
    Ok(())
}

/// A resumable upload: `file_type` and `file_length` of `POST /{APP_ID}/uploads`.
pub fn upload(mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    let _ = (mime, bytes_len);
    Ok(())
}

/// A body of `POST /{PNID}/whatsapp_business_profile`.
pub fn business_profile(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST /{PNID}/message_qrdls`.
pub fn qr_code(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST` or `DELETE /{PNID}/block_users`.
pub fn block_users(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}

/// A body of `POST /{PNID}/conversational_automation`.
pub fn automation(body: &Value) -> Result<(), Refusal> {
    let _ = body;
    Ok(())
}
