//! Where a message stands in its conversation: fixed when it is first stored, the same whenever it is stored again.

use std::ops::RangeInclusive;

/// The order of messages: by Meta's second, then by when and where we received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Meta's time, or ours for what Meta gave no time.
    pub second: i64,
    /// Our time, the webhook's place in its segment and the item's place in the webhook, in one number.
    pub order: i64,
}

/// The seconds that stand for a time: to the last days of the year 9999, which every calendar can tell of.
pub const SECONDS: RangeInclusive<i64> = 0..=253_402_000_000;

/// 2020-01-01: the order counts milliseconds from here, so that they leave room for the places.
const EPOCH_MS: i64 = 1_577_836_800_000;
const MS_MAX: i64 = (1 << 41) - 1;
const SLOT_BITS: u32 = 10;
const INDEX_BITS: u32 = 12;

impl Position {
    /// The position of the item `index` of the webhook at `slot` of its segment.
    pub fn new(second: i64, received_ms: i64, slot: u32, index: u32) -> Self {
        let ms = received_ms.saturating_sub(EPOCH_MS).clamp(0, MS_MAX);
        let slot = i64::from(slot.min((1 << SLOT_BITS) - 1));
        let index = i64::from(index.min((1 << INDEX_BITS) - 1));
        Self { second, order: (ms << (SLOT_BITS + INDEX_BITS)) | (slot << INDEX_BITS) | index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metas_second_goes_before_our_time_and_our_time_before_places() {
        let ms = 1_790_000_000_000;
        let ordered = [
            Position::new(1, ms + 9, 9, 9),
            Position::new(2, ms, 0, 0),
            Position::new(2, ms, 0, 1),
            Position::new(2, ms, 1, 0),
            Position::new(2, ms, 1_023, 4_095),
            Position::new(2, ms + 1, 0, 0),
            Position::new(3, 0, 0, 0),
        ];
        assert!(ordered.is_sorted_by(|a, b| a < b), "{ordered:?}");
    }

    #[test]
    fn places_beyond_the_room_do_not_spill_into_the_time() {
        let far = Position::new(2, i64::MAX, u32::MAX, u32::MAX);
        assert!(far.order > 0);
        assert!(
            Position::new(2, 1_790_000_000_000, 5_000, 9_000) < Position::new(2, 1_790_000_000_001, 0, 0)
        );
    }
}
