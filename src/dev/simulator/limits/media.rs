//! Media: which MIME types and sizes Meta takes, by the kind of message.
//!
//! Only what is told about a file; its bytes are not looked at.

use super::super::refusal::Refusal;

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

/// What one kind of message takes.
struct Kind {
    name: &'static str,
    bytes_max: u64,
    mimes: &'static [&'static str],
}

/// Meta (2026-07): the media table of the Cloud API. A sticker is at most 100 KB when it stands still and 500 KB when
/// it moves, which its bytes would tell.
const KINDS: &[Kind] = &[
    Kind { name: "image", bytes_max: 5 * MB, mimes: &["image/jpeg", "image/png"] },
    Kind { name: "video", bytes_max: 16 * MB, mimes: &["video/mp4", "video/3gpp"] },
    Kind {
        name: "audio",
        bytes_max: 16 * MB,
        mimes: &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
    },
    Kind { name: "voice", bytes_max: 16 * MB, mimes: &["audio/ogg"] },
    Kind { name: "document", bytes_max: 100 * MB, mimes: DOCUMENTS },
    Kind { name: "sticker", bytes_max: 500 * KB, mimes: &["image/webp"] },
    // Marketing messages only: a GIF is a short film.
    Kind { name: "gif", bytes_max: 7 * MB / 2, mimes: &["video/mp4"] },
];

const DOCUMENTS: &[&str] = &[
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// What an upload may become: the kinds that are told apart by their MIME type.
const UPLOADED: &[&str] = &["image", "video", "audio", "document", "sticker"];

/// A media upload: its MIME type and size.
pub fn media(mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    let essence = essence(mime)?;
    let kind =
        KINDS.iter().find(|kind| UPLOADED.contains(&kind.name) && kind.mimes.contains(&essence.as_str()));
    match kind {
        Some(kind) => size(kind, bytes_len),
        None => Err(Refusal::of(131_053).details(format!("Unsupported media type: {essence}"))),
    }
}

/// A medium used in a message of `kind` (`image`, `sticker`, …; `voice` and `gif` too), uploaded or from a link. A
/// linked document may have any MIME type.
pub fn media_for(kind: &str, mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    let essence = essence(mime)?;
    let Some(kind) = KINDS.iter().find(|listed| listed.name == kind) else { return Ok(()) };
    if kind.name != "document" && !kind.mimes.contains(&essence.as_str()) {
        return Err(Refusal::of(131_053).details(format!("{essence} is not supported in {}", kind.name)));
    }
    size(kind, bytes_len)
}

/// Files of templates' examples and profile pictures. Meta's own list was not found: this is what clients send.
const RESUMABLE: &[&str] = &["application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"];

/// A resumable upload: `file_type` and `file_length` of `POST /{APP_ID}/uploads`.
pub fn upload(mime: &str, bytes_len: u64) -> Result<(), Refusal> {
    if !RESUMABLE.contains(&mime) {
        return Err(Refusal::of(100).message(format!("(#100) Param file_type {mime} is not supported.")));
    }
    if bytes_len == 0 {
        return Err(Refusal::of(100).message("(#100) Param file_length must be greater than 0."));
    }
    Ok(())
}

/// The type without its parameters. Of the Ogg sounds only Opus is taken.
fn essence(mime: &str) -> Result<String, Refusal> {
    let (essence, parameters) = mime.split_once(';').unwrap_or((mime, ""));
    let essence = essence.trim().to_ascii_lowercase();
    let codecs = parameters.trim().strip_prefix("codecs=").map(|codecs| codecs.trim_matches('"'));
    let is_type = essence.split_once('/').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    if !is_type || (essence == "audio/ogg" && codecs.is_some_and(|codecs| codecs != "opus")) {
        return Err(Refusal::of(131_053).details(format!("Unsupported media type: {mime}")));
    }
    Ok(essence)
}

fn size(kind: &Kind, bytes_len: u64) -> Result<(), Refusal> {
    if bytes_len == 0 {
        return Err(Refusal::of(131_053).details("The file is empty"));
    }
    if bytes_len > kind.bytes_max {
        let (name, bytes_max) = (kind.name, kind.bytes_max);
        return Err(Refusal::of(131_053).details(format!("{name} is larger than {bytes_max} bytes")));
    }
    Ok(())
}
