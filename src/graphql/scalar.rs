//! Values of the schema that GraphQL does not have.

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use uuid::Uuid;

use crate::clock::Timestamp;

/// A moment, as RFC 3339 writes it, in UTC: `2026-11-21T08:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

/// A moment as RFC 3339 writes it, like `2026-11-21T08:00:00Z`. Answers are in UTC; an argument may have any offset.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_| InputValueError::custom("A moment is written like 2026-11-21T08:00:00Z.")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A stored time; none if it is not one.
pub fn moment(ms: i64) -> Option<DateTime> {
    Timestamp::from_millisecond(ms).ok().map(DateTime)
}

/// A time of Meta's; none if it is not one.
pub fn second(at_s: i64) -> Option<DateTime> {
    Timestamp::from_second(at_s).ok().map(DateTime)
}

/// One of our ids in an argument; none if it cannot be one, which is as good as one that is not there.
pub fn uuid(id: &ID) -> Option<Uuid> {
    Uuid::try_parse(id).ok()
}

/// One of our ids for the caller.
pub fn id(uuid: Uuid) -> ID {
    ID(uuid.to_string())
}
