//! Files: uploaded, looked up, downloaded, deleted; and the resumable upload for template samples.

use actix_web::web::Bytes;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, Call, require, success, unsupported};
use crate::dev::simulator::limits;
use crate::dev::simulator::platform::Platform;
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::world::account::{MESSAGING, Token};
use crate::dev::simulator::world::content::{MEDIA_URL_MS, Media, UPLOADED_MS, Upload};

/// `POST /{number}/media`: a form with `messaging_product`, `type` and `file`.
pub(super) fn store(
    platform: &Platform,
    call: &Call,
    token: &Token,
    number_id: &str,
) -> Result<Value, Refusal> {
    require(token, MESSAGING)?;
    let form = Form::read(&call.content_type, &call.body)
        .ok_or_else(|| Refusal::of(100).details("The body is not a multipart form."))?;
    let product = form.text("messaging_product");
    if product.as_deref() != Some("whatsapp") {
        return Err(Refusal::of(100).message("(#100) The parameter messaging_product is required."));
    }
    let Some(file) = form.parts.iter().find(|part| part.name == "file") else {
        return Err(Refusal::of(100).message("(#100) The parameter file is required."));
    };
    let mime_type = form.text("type").or_else(|| file.mime_type.clone()).unwrap_or_default();
    limits::media(&mime_type, file.bytes.len() as u64)?;
    let mut world = platform.world();
    let (id, now_ms) = (world.new_id(), world.now_ms());
    world.media.insert(
        id.clone(),
        Media {
            id: id.clone(),
            number_id: number_id.to_owned(),
            mime_type,
            sha256: HEXLOWER.encode(&Sha256::digest(&file.bytes)),
            bytes: file.bytes.clone(),
            expires_at_ms: now_ms + UPLOADED_MS,
            urls: Vec::new(),
        },
    );
    Ok(json!({ "id": id }))
}

/// `GET|DELETE /{media}`.
pub(super) fn one(platform: &Platform, call: &Call, token: &Token, id: &str) -> Result<Value, Refusal> {
    require(token, MESSAGING)?;
    let mut world = platform.world();
    let (now_ms, key, base_url) = (world.now_ms(), world.draw_hex(24), world.base_url.clone());
    let Some(media) = world.media.get_mut(id).filter(|media| media.expires_at_ms > now_ms) else {
        return Err(Refusal::unknown_object(id, &call.method));
    };
    if call.text("phone_number_id").is_some_and(|number| number != media.number_id) {
        return Err(Refusal::unknown_object(id, &call.method));
    }
    match call.method.as_str() {
        "GET" => {
            media.urls.push((key.clone(), now_ms + MEDIA_URL_MS));
            Ok(json!({
                "messaging_product": "whatsapp",
                "url": format!("{base_url}/_media/{id}/{key}"),
                "mime_type": media.mime_type,
                "sha256": media.sha256,
                "file_size": media.bytes.len(),
                "id": id,
            }))
        }
        "DELETE" => {
            world.media.remove(id);
            Ok(success())
        }
        _ => Err(unsupported(call)),
    }
}

/// The bytes behind a URL that was given out in the last five minutes.
pub(super) fn download(platform: &Platform, id: &str, key: &str) -> Answer {
    let world = platform.world();
    let now_ms = world.now_ms();
    let media = world
        .media
        .get(id)
        .filter(|media| media.urls.iter().any(|(known, until)| known == key && *until > now_ms));
    match media {
        Some(media) => Answer::File { mime_type: media.mime_type.clone(), bytes: media.bytes.clone() },
        None => Answer::Status(404, Refusal::unknown_object(id, "GET")),
    }
}

/// `POST /{app}/uploads?file_length=…&file_type=…`.
pub(super) fn start_upload(platform: &Platform, call: &Call, app_id: &str) -> Result<Value, Refusal> {
    schema::validate("POST", "/{App-ID}/uploads", &json!(call.query))?;
    let length: usize = call.text("file_length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let file_type = call.text("file_type").unwrap_or_default().to_owned();
    limits::upload(&file_type, length as u64)?;
    let mut world = platform.world();
    if !world.apps.contains_key(app_id) {
        return Err(Refusal::unknown_object(app_id, "POST"));
    }
    let id = format!("upload:{}", world.draw_hex(32));
    let upload = Upload {
        id: id.clone(),
        app_id: app_id.to_owned(),
        file_type,
        length,
        received: Vec::new(),
        handle: None,
    };
    world.uploads.insert(id.clone(), upload);
    Ok(json!({ "id": id }))
}

/// `POST|GET /upload:…`: bytes from an offset on, or how many are there.
pub(super) fn upload(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let mut world = platform.world();
    let handle = format!("4::{}", world.draw_hex(48));
    let Some(upload) = world.uploads.get_mut(id) else {
        return Err(Refusal::unknown_object(id, &call.method));
    };
    if call.method == "GET" {
        return Ok(json!({ "id": id, "file_offset": upload.received.len() }));
    }
    if call.file_offset != upload.received.len() {
        return Err(Refusal::of(100).details(format!("The upload goes on at {}.", upload.received.len())));
    }
    if upload.received.len() + call.body.len() > upload.length {
        return Err(Refusal::of(100).details("More was sent than file_length says."));
    }
    upload.received.extend_from_slice(&call.body);
    if upload.received.len() < upload.length {
        return Ok(json!({ "id": id, "file_offset": upload.received.len() }));
    }
    upload.handle = Some(handle.clone());
    Ok(json!({ "h": handle }))
}

/// A multipart form, as far as an upload needs it.
struct Form {
    parts: Vec<Part>,
}

struct Part {
    name: String,
    mime_type: Option<String>,
    bytes: Bytes,
}

impl Form {
    fn read(content_type: &str, body: &Bytes) -> Option<Self> {
        let boundary = content_type.strip_prefix("multipart/form-data")?.split("boundary=").nth(1)?;
        let boundary = boundary.split(';').next()?.trim().trim_matches('"');
        let delimiter = format!("--{boundary}").into_bytes();
        let mut parts = Vec::new();
        let mut at = find(body, &delimiter, 0)? + delimiter.len();
        while body.get(at..at + 2) == Some(b"\r\n") {
            let end = find(body, &delimiter, at)?;
            let head_end = find(body, b"\r\n\r\n", at)?;
            let head = String::from_utf8_lossy(body.get(at..head_end)?).into_owned();
            // The line break before the delimiter belongs to it.
            let bytes = body.slice(head_end + 4..end.checked_sub(2).filter(|end| *end >= head_end + 4)?);
            parts.push(Part {
                name: attribute(&head, "name=\"")?,
                mime_type: header(&head, "content-type:"),
                bytes,
            });
            at = end + delimiter.len();
        }
        Some(Self { parts })
    }

    fn text(&self, name: &str) -> Option<String> {
        let part = self.parts.iter().find(|part| part.name == name)?;
        String::from_utf8(part.bytes.to_vec()).ok()
    }
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    body.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

fn attribute(head: &str, name: &str) -> Option<String> {
    head.split(name).nth(1)?.split('"').next().map(str::to_owned)
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
