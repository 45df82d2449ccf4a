//! The smallest pieces of what Meta sends, read generously: a string where a number is documented and the reverse
//! are the same to us. Nothing is copied that can be borrowed from the body.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A text; also taken from a number or a truth value.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(truth.to_string())))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// A whole number; also taken from a text of digits. Template ids need all 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Int(pub i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Int;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, perhaps written as a text")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Int, E> {
                Ok(Int(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Int, E> {
                i64::try_from(number).map(Int).map_err(|_| E::custom("a number beyond 64 bits"))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Int, E> {
                #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
                if number.fract() == 0.0 && number.abs() < 9.0e15 {
                    Ok(Int(number as i64))
                } else {
                    Err(E::custom("not a whole number"))
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Int, E> {
                text.trim().parse().map(Int).map_err(|_| E::custom("not a whole number"))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// A number; also taken from a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Real(pub f64);

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Real;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, perhaps written as a text")
            }

            #[expect(clippy::cast_precision_loss, reason = "a coordinate, a price, a rate")]
            fn visit_i64<E: Error>(self, number: i64) -> Result<Real, E> {
                Ok(Real(number as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "a coordinate, a price, a rate")]
            fn visit_u64<E: Error>(self, number: u64) -> Result<Real, E> {
                Ok(Real(number as f64))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Real, E> {
                Ok(Real(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Real, E> {
                text.trim()
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite())
                    .map(Real)
                    .ok_or_else(|| E::custom("not a number"))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// A truth value; also taken from its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth(pub bool);

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Truth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Truth, E> {
                Ok(Truth(truth))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Truth, E> {
                Ok(Truth(number != 0))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Truth, E> {
                Ok(Truth(number != 0))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Truth, E> {
                match text {
                    "true" | "TRUE" | "1" => Ok(Truth(true)),
                    "false" | "FALSE" | "0" | "" => Ok(Truth(false)),
                    _ => Err(E::custom("neither true nor false")),
                }
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Serialize, Serializer};

    use super::*;

    impl Serialize for Text<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self)
        }
    }

    impl Serialize for Int {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_i64(self.0)
        }
    }

    impl Serialize for Real {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_f64(self.0)
        }
    }

    impl Serialize for Truth {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bool(self.0)
        }
    }

    #[test]
    fn texts_are_borrowed_when_they_can_be() {
        let plain: Text<'_> = serde_json::from_str(r#""halo""#).unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("halo")));
        let escaped: Text<'_> = serde_json::from_str(r#""\u00e9""#).unwrap();
        assert_eq!(&*escaped, "é");
        let option: Option<Text<'_>> = serde_json::from_str(r#""halo""#).unwrap();
        assert!(matches!(option, Some(Text(Cow::Borrowed("halo")))));
    }

    #[test]
    fn a_number_for_a_text_and_a_text_for_a_number() {
        let text = |json| serde_json::from_str::<Text<'_>>(json).map(|text| text.0.into_owned()).ok();
        assert_eq!(text("16505551234").as_deref(), Some("16505551234"));
        assert_eq!(text("-1").as_deref(), Some("-1"));
        assert_eq!(text("1.5").as_deref(), Some("1.5"));
        assert_eq!(text("[]"), None);
        let int = |json| serde_json::from_str::<Int>(json).map(|int| int.0).ok();
        assert_eq!(int("1689556908129832"), Some(1_689_556_908_129_832));
        assert_eq!(int("\"9223372036854775807\""), Some(i64::MAX));
        assert_eq!(int("1750101000.0"), Some(1_750_101_000));
        assert_eq!(
            (int("9223372036854775808"), int("1.5"), int("\"x\""), int("1e300")),
            (None, None, None, None)
        );
        let real = |json| serde_json::from_str::<Real>(json).map(|real| real.0).ok();
        assert_eq!((real("30"), real("\"37.5\""), real("\"NaN\"")), (Some(30.0), Some(37.5), None));
        let truth = |json| serde_json::from_str::<Truth>(json).map(|truth| truth.0).ok();
        assert_eq!(
            (truth("true"), truth("\"false\""), truth("1"), truth("\"?\"")),
            (Some(true), Some(false), Some(true), None)
        );
    }
}
