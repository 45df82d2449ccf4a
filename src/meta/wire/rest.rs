//! A shape together with what it does not know, so that what Meta adds tomorrow can be kept. One pass over the
//! object, and no allocation as long as nothing is unknown.

use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::value::RawValue;

use super::scalar::Text;

/// A struct, and the values of those members that it has no field for.
#[derive(Clone, Debug)]
pub struct WithRest<'a, T> {
    pub known: T,
    pub rest: Vec<&'a RawValue>,
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for WithRest<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rest = Vec::new();
        let known = T::deserialize(Sieve { inner: deserializer, known: &[], rest: &mut rest })?;
        Ok(Self { known, rest })
    }
}

/// Stands between a struct and what it is read from, on all three levels: deserializer, visitor, members.
struct Sieve<'r, 'de, X> {
    inner: X,
    /// The names of the struct's fields.
    known: &'static [&'static str],
    rest: &'r mut Vec<&'de RawValue>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Sieve<'_, 'de, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Sieve { inner: visitor, known: fields, rest: self.rest })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("only a struct has members that it does not know"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Sieve<'_, 'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.inner.visit_map(Sieve { inner: map, known: self.known, rest: self.rest })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Sieve<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.inner.next_key()? {
            if self.known.contains(&&*key) {
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
            self.rest.push(self.inner.next_value()?);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}
