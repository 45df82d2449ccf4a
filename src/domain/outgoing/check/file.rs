//! Files: what kind of message takes which MIME types, and how many bytes. Only what is told about a file is judged.

use super::super::breach::{Found, Judge, Limit};
use super::super::plain::{File, Source};

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

/// What a file is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Video,
    Audio,
    Voice,
    Document,
    Sticker,
}

/// Meta (2026-07): of the sounds in Ogg only Opus is taken.
const OGG: &str = "audio/ogg";

impl Kind {
    /// The MIME types that it takes; of documents, any.
    fn mime_types(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Image => Some(&["image/jpeg", "image/png"]),
            Self::Video => Some(&["video/mp4", "video/3gpp"]),
            Self::Audio => Some(&["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", OGG]),
            Self::Voice => Some(&[OGG]),
            Self::Document => None,
            Self::Sticker => Some(&["image/webp"]),
        }
    }

    fn bytes_max(self, is_animated: Option<bool>) -> u64 {
        match self {
            Self::Image => 5 * MB,
            Self::Video | Self::Audio | Self::Voice => 16 * MB,
            Self::Document => 100 * MB,
            Self::Sticker if is_animated == Some(false) => 100 * KB,
            Self::Sticker => 500 * KB,
        }
    }
}

pub(super) fn check(judge: &mut Judge, at: &str, kind: Kind, file: &File) {
    match &file.source {
        Source::Id(id) => judge.filled(&format!("{at}.source.id"), id),
        Source::Link(link) => judge.web(&format!("{at}.source.link"), link),
    }
    if let Some(mime_type) = &file.mime_type {
        mime(judge, &format!("{at}.mimeType"), kind, mime_type);
    }
    match file.bytes_len {
        Some(0) => judge.breach(&format!("{at}.bytesLen"), Limit::NotEmpty, Found::Bytes(0)),
        Some(bytes_len) if bytes_len > kind.bytes_max(file.is_animated) => {
            let limit = Limit::BytesMax(kind.bytes_max(file.is_animated));
            judge.breach(&format!("{at}.bytesLen"), limit, Found::Bytes(bytes_len));
        }
        _ => {}
    }
}

fn mime(judge: &mut Judge, field: &str, kind: Kind, mime_type: &str) {
    let (essence, parameters) = mime_type.split_once(';').unwrap_or((mime_type, ""));
    let essence = essence.trim().to_ascii_lowercase();
    let is_type = essence.split_once('/').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
    if !is_type {
        judge.breach(field, Limit::Form("a MIME type"), Found::text(mime_type));
        return;
    }
    if let Some(taken) = kind.mime_types()
        && !taken.contains(&essence.as_str())
    {
        let taken = taken.iter().map(|taken| (*taken).to_owned()).collect();
        judge.breach(field, Limit::OneOf(taken), Found::text(mime_type));
        return;
    }
    let codecs = parameters.trim().to_ascii_lowercase();
    let codecs = codecs.strip_prefix("codecs=").map(|codecs| codecs.trim_matches('"').to_owned());
    if essence == OGG && kind != Kind::Document && codecs.is_some_and(|codecs| codecs != "opus") {
        judge.breach(field, Limit::Form("audio/ogg with the codec opus"), Found::text(mime_type));
    }
}
