//! JSON as Meta writes it: everything outside ASCII as `\uXXXX` in lower-case hex (surrogate pairs above the
//! basic plane), `/` as `\/`, no white space, keys in arbitrary order.
//!
//! The signature is over these bytes: a receiver that parses and writes again before it checks gets others.
//! The order of the keys comes from the dice alone, not from how the value keeps its keys.

use serde_json::{Map, Value};

use super::dice::Dice;

/// Writes `value`; the dice decide the order of the keys of each object.
pub fn write(value: &Value, dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    write_value(value, Some(dice), &mut text);
    text.into_bytes()
}

/// How many bytes `value` takes when it is written, in whatever order.
pub fn length(value: &Value) -> usize {
    let mut text = String::new();
    write_value(value, None, &mut text);
    text.len()
}

fn write_value(value: &Value, dice: Option<&mut Dice>, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => write_string(string, text),
        Value::Array(items) => write_array(items, dice, text),
        Value::Object(object) => write_object(object, dice, text),
    }
}

fn write_array(items: &[Value], mut dice: Option<&mut Dice>, text: &mut String) {
    text.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_value(item, dice.as_deref_mut(), text);
    }
    text.push(']');
}

fn write_object(object: &Map<String, Value>, mut dice: Option<&mut Dice>, text: &mut String) {
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    // Whether a map keeps the order of insertion is a feature that any dependency may switch on.
    members.sort_unstable_by_key(|(key, _)| *key);
    if let Some(dice) = dice.as_deref_mut() {
        dice.shuffle(&mut members);
    }
    text.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(key, text);
        text.push(':');
        write_value(value, dice.as_deref_mut(), text);
    }
    text.push('}');
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '/' => text.push_str("\\/"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' '..='\u{7f}' => text.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        String::from_utf8(write(value, &mut Dice::seeded(1))).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_meta_does() {
        let check = |string: &str, expected: &str| {
            assert_eq!(written(&json!(string)), format!("\"{expected}\""), "{string:?}");
        };
        check("plain", "plain");
        check("Zoë", "Zo\\u00eb");
        check("Łódź", "\\u0141\\u00f3d\\u017a");
        check("👍", "\\ud83d\\udc4d");
        check("👩🏽", "\\ud83d\\udc69\\ud83c\\udffd");
        check("https://a/b", "https:\\/\\/a\\/b");
        check("\"\\\u{8}\u{c}\n\r\t", "\\\"\\\\\\b\\f\\n\\r\\t");
        check("\u{0}\u{1f}", "\\u0000\\u001f");
        check("\u{7f}\u{80}", "\u{7f}\\u0080");
        check("<&'>%@", "<&'>%@");
        check("\u{2028}", "\\u2028");
    }

    #[test]
    fn keys_are_escaped_and_numbers_kept() {
        assert_eq!(written(&json!({ "ä/": -1 })), r#"{"\u00e4\/":-1}"#);
        let numbers = r"[1689556908129832,37.44221496582,-1,18446744073709551615]";
        assert_eq!(written(&serde_json::from_str(numbers).unwrap()), numbers);
        assert_eq!(written(&json!([null, true, false, {}, []])), "[null,true,false,{},[]]");
    }

    #[test]
    fn the_dice_decide_the_order_of_the_keys() {
        let value = json!({ "a": 1, "b": 2, "c": 3, "d": { "e": 4, "f": 5 } });
        let once = |seed| write(&value, &mut Dice::seeded(seed));
        assert_eq!(once(1), once(1));
        assert!((2..20).any(|seed| once(seed) != once(1)));
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same_value(value in json_value(), seed in any::<u64>()) {
            let bytes = write(&value, &mut Dice::seeded(seed));
            prop_assert!(bytes.is_ascii());
            prop_assert_eq!(bytes.len(), length(&value));
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }
    }
}
