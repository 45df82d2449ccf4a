//! Places in the log of events, as front ends keep them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use data_encoding::BASE64URL_NOPAD;

use crate::storage::events::Batch;

/// What a cursor's bytes begin with: those of another list are not taken for one.
const KIND: u8 = b'e';
const BYTES: usize = 21;
/// The index after which a batch has nothing more.
const WHOLE: u32 = u32::MAX;

/// A place in a workspace's log of events: everything up to it has been seen. It means nothing to the caller but that.
///
/// The time of its batch is in it, so that a number that has come round again is not taken for the one that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub seq: i64,
    pub index: u32,
    pub at_ms: i64,
}

impl Cursor {
    /// Before everything.
    pub const BEGINNING: Self = Self { seq: 0, index: WHOLE, at_ms: 0 };

    /// After the event of that index.
    pub fn within(batch: &Batch, index: usize) -> Self {
        Self { seq: batch.seq, index: u32::try_from(index).unwrap_or(WHOLE), at_ms: batch.at_ms }
    }

    /// After a whole batch.
    pub fn after(batch: &Batch) -> Self {
        Self { seq: batch.seq, index: WHOLE, at_ms: batch.at_ms }
    }

    /// How many events of its batch are behind it.
    pub fn seen(&self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// The cursor of that text; none if it is not one that we have given.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let bytes: &[u8; BYTES] = bytes.as_slice().try_into().ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let (index, at_ms) = rest.split_first_chunk()?;
        let cursor = Self {
            seq: i64::from_be_bytes(*seq),
            index: u32::from_be_bytes(*index),
            at_ms: i64::from_be_bytes(at_ms.try_into().ok()?),
        };
        (*kind == KIND && cursor.seq >= 0).then_some(cursor)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = vec![KIND];
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.extend_from_slice(&self.at_ms.to_be_bytes());
        f.write_str(&BASE64URL_NOPAD.encode(&bytes))
    }
}

/// A place in the log of events. Whoever comes back with the last one that they have seen gets what they missed.
#[Scalar(name = "Cursor")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Self::read(text).ok_or_else(|| InputValueError::custom("That is not a cursor of an event."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_any_other_text_does_not() {
        for (seq, index, at_ms) in [(0, 0, 0), (1, 7, 1_763_712_000_000), (i64::MAX, WHOLE, i64::MIN)] {
            let cursor = Cursor { seq, index, at_ms };
            assert_eq!(Cursor::read(&cursor.to_string()), Some(cursor));
        }
        let negative = Cursor { seq: -1, ..Cursor::BEGINNING }.to_string();
        let foreign = BASE64URL_NOPAD.encode(&[b'n'; BYTES]);
        for text in ["", "AAAA", "not base64!", &negative, &foreign, &format!("{}A", Cursor::BEGINNING)] {
            assert_eq!(Cursor::read(text), None, "{text}");
        }
    }
}
