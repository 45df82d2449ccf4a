//! The simulator's judgement of request bodies, against what Meta published.

use std::fs;
use std::path::Path;

use pesan::dev::simulator::refusal::Refusal;
use pesan::dev::simulator::{limits, schema};
use serde_json::Value;

/// Samples that the simulator refuses, each with its code and the reason. Reviewed; at most ten.
const REFUSED: &[(&str, u32, &str)] = &[
    (
        "post.Phone-Number-ID.messages__Send_Reply_to_List_Message.json",
        131_008,
        "has no type, which makes it a text without a text",
    ),
    (
        "post.Phone-Number-ID.messages__Send_Sample_Issue_Resolution_Template.json",
        100,
        "has booleans where the document itself wants texts",
    ),
];

/// Judges as the Graph side does: first the schema, then the limits of the operation.
fn judge(method: &str, path: &str, body: &Value) -> Result<(), Refusal> {
    schema::validate(method, path, body)?;
    match (method, path) {
        ("POST", "/{Phone-Number-ID}/messages") => limits::message(body),
        ("POST", "/{Phone-Number-ID}/marketing_messages") => limits::marketing_message(body),
        ("POST", "/{WABA-ID}/message_templates") => limits::template_definition(body),
        ("POST", "/{Phone-Number-ID}/whatsapp_business_profile") => limits::business_profile(body),
        ("POST", "/{Phone-Number-ID}/message_qrdls") => limits::qr_code(body),
        ("POST", "/{Phone-Number-ID}/block_users") => limits::block_users(body),
        ("POST", "/{Phone-Number-ID}/conversational_automation") => limits::automation(body),
        _ => Ok(()),
    }
}

/// `post.Phone-Number-ID.messages__Send_Text_Message.json` is of `POST /{Phone-Number-ID}/messages`.
fn operation_of(file: &str) -> (String, String) {
    let (operation, _) = file.split_once("__").unwrap();
    let mut parts = operation.split('.');
    let method = parts.next().unwrap().to_ascii_uppercase();
    let object = parts.next().unwrap();
    let edge = parts.fold(String::new(), |edge, part| edge + "/" + part);
    (method, format!("/{{{object}}}{edge}"))
}

/// Puts a value of the right sort where Meta's samples have a placeholder.
pub fn fill(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(filled) = filled(text) {
                *text = filled;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(fill),
        Value::Object(object) => object.values_mut().for_each(fill),
        _ => {}
    }
}

fn filled(text: &str) -> Option<String> {
    match text {
        "<HEADER_TYPE>" => Some("text".to_owned()),
        _ if text.starts_with("{{Recipient") => Some("+16505551234".to_owned()),
        _ if text.contains("http(s)://") => Some("https://example.com/file".to_owned()),
        _ => Some(text.strip_prefix('<')?.strip_suffix('>')?.to_ascii_lowercase()),
    }
}

#[test]
fn what_meta_published_as_samples_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta/requests-openapi");
    let mut wrong = Vec::new();
    let mut refused = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut body: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        fill(&mut body);
        let (method, path) = operation_of(&file);
        seen += 1;
        if let Err(refusal) = judge(&method, &path, &body) {
            refused.push(file.clone());
            let row = REFUSED.iter().find(|(name, ..)| *name == file);
            if row.is_none_or(|(_, code, _)| *code != refusal.code()) {
                wrong.push(format!("{file}: {} {}", refusal.code(), refusal.told()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(seen > 90, "{seen} samples");
    assert!(REFUSED.len() <= 10);
    for (file, _, reason) in REFUSED {
        assert!(refused.iter().any(|name| name == file), "{file} is accepted: take the row out");
        assert!(!reason.is_empty());
    }
}

#[test]
fn what_meta_printed_in_2026_is_accepted() {
    let check = |file: &str, path: &str, at_least: usize| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta/requests-2026");
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.lines().count() >= at_least, "{file}");
        for line in text.lines() {
            let mut body: Value = serde_json::from_str(line).unwrap();
            fill(&mut body);
            assert_eq!(judge("POST", path, &body), Ok(()), "{line}");
        }
    };
    check("messages.jsonl", "/{Phone-Number-ID}/messages", 20);
    check("message_templates.jsonl", "/{WABA-ID}/message_templates", 3);
}
