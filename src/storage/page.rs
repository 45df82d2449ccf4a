//! Pages of a list in an order by two fields: from a place on, one way or the other. Never by a count.

use mongodb::bson::{Bson, Document, doc};

/// Which way a page goes from its place. Lists show the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Older,
    Newer,
}

impl Way {
    /// The direction in which it sorts.
    pub(super) fn direction(self) -> i32 {
        match self {
            Self::Older => -1,
            Self::Newer => 1,
        }
    }

    /// The order by these fields.
    pub(super) fn sort(self, first: &str, then: &str) -> Document {
        doc! { first: self.direction(), then: self.direction() }
    }
}

/// Keeps to what lies beyond a place. It is one range of the index without the ties that were seen: with `$or` there
/// would be two ways to read it, and the server would try both.
pub(super) fn keep_beyond(
    query: &mut Document,
    way: Way,
    first: (&str, impl Into<Bson>),
    then: (&str, impl Into<Bson>),
) {
    let seen = match way {
        Way::Older => "$gte",
        Way::Newer => "$lte",
    };
    keep(query, way, first, then, seen);
}

/// The same with what stands exactly there, where more than one can.
pub(super) fn keep_from(
    query: &mut Document,
    way: Way,
    first: (&str, impl Into<Bson>),
    then: (&str, impl Into<Bson>),
) {
    let seen = match way {
        Way::Older => "$gt",
        Way::Newer => "$lt",
    };
    keep(query, way, first, then, seen);
}

fn keep(
    query: &mut Document,
    way: Way,
    (first, first_value): (&str, impl Into<Bson>),
    (then, then_value): (&str, impl Into<Bson>),
    seen: &str,
) {
    let range = match way {
        Way::Older => "$lte",
        Way::Newer => "$gte",
    };
    let first_value = first_value.into();
    query.insert(first, doc! { range: first_value.clone() });
    query.insert("$nor", vec![doc! { first: first_value, then: doc! { seen: then_value.into() } }]);
}
