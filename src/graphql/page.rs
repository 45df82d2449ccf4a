//! Pages of a list: Relay connections, paged by a key and never by a count.

use async_graphql::connection::CursorType;
use data_encoding::BASE64URL_NOPAD;

/// The most that one page holds, and what it holds when nobody says.
pub const PAGE_MAX: usize = 100;
pub const PAGE_USUAL: usize = 50;

/// A place in a list, which means nothing to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub i64);

/// Not a cursor that we have given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("That cursor is not one of this list.")]
pub struct Foreign;

impl CursorType for Place {
    type Error = Foreign;

    fn decode_cursor(text: &str) -> Result<Self, Foreign> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Foreign)?;
        let bytes: [u8; 9] = bytes.try_into().map_err(|_| Foreign)?;
        match bytes {
            [b'n', rest @ ..] => Ok(Self(i64::from_be_bytes(rest))),
            _ => Err(Foreign),
        }
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![b'n'];
        bytes.extend_from_slice(&self.0.to_be_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }
}

/// How many of a page are asked for. Both ways at once is no page.
pub fn size(wanted: Option<usize>) -> usize {
    wanted.unwrap_or(PAGE_USUAL).min(PAGE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_any_other_text_does_not() {
        for place in [0, 1, -1, i64::MAX, i64::MIN].map(Place) {
            assert_eq!(Place::decode_cursor(&place.encode_cursor()), Ok(place));
        }
        for text in ["", "AAAA", "1", "YQAAAAAAAAAA", "not base64!"] {
            assert_eq!(Place::decode_cursor(text), Err(Foreign), "{text}");
        }
    }
}
