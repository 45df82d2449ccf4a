//! What belongs to numbers, accounts and applications in the simulator: required keys and limits of every operation
//! that is no message and no template, and of media.

#![expect(clippy::needless_pass_by_value, clippy::too_many_lines, reason = "tables of JSON literals")]

use pesan::dev::simulator::refusal::Refusal;
use pesan::dev::simulator::{limits, schema};
use serde_json::{Value, json};

const PROFILE: &str = "/{Phone-Number-ID}/whatsapp_business_profile";
const QR_CODES: &str = "/{Phone-Number-ID}/message_qrdls";
const BLOCKS: &str = "/{Phone-Number-ID}/block_users";
const AUTOMATION: &str = "/{Phone-Number-ID}/conversational_automation";
const SETTINGS: &str = "/{Phone-Number-ID}/settings";

fn judge(method: &str, path: &str, body: &Value) -> Result<(), Refusal> {
    schema::validate(method, path, body)?;
    match path {
        PROFILE => limits::business_profile(body),
        QR_CODES => limits::qr_code(body),
        BLOCKS => limits::block_users(body),
        AUTOMATION => limits::automation(body),
        _ => Ok(()),
    }
}

/// Accepted, or refused with 100, as all of Graph that is no message.
fn check(method: &str, path: &str, body: Value, is_accepted: bool) {
    let judged = judge(method, path, &body);
    match &judged {
        Ok(()) => assert!(is_accepted, "{path}: accepted {body}"),
        Err(refusal) => {
            assert!(!is_accepted, "{path}: {refusal:?} for {body}");
            assert_eq!(refusal.code(), 100, "{path} {body}");
            assert!(refusal.body("T")["error"]["message"].as_str().unwrap().starts_with("(#100) "));
        }
    }
}

#[test]
fn every_required_key_removed_is_refused() {
    let rows: &[(&str, &str, Value, &[&str])] = &[
        ("POST", PROFILE, json!({"messaging_product": "whatsapp", "about": "Hi"}), &["messaging_product"]),
        (
            "POST",
            QR_CODES,
            json!({"prefilled_message": "Hi", "generate_qr_image": "SVG"}),
            &["prefilled_message"],
        ),
        (
            "POST",
            QR_CODES,
            json!({"code": "4O4YGZEREXAAK1", "prefilled_message": "Hi"}),
            &["prefilled_message"],
        ),
        (
            "POST",
            BLOCKS,
            json!({"messaging_product": "whatsapp", "block_users": [{"user": "+16505551234"}]}),
            &["messaging_product", "block_users"],
        ),
        (
            "DELETE",
            BLOCKS,
            json!({"messaging_product": "whatsapp", "block_users": [{"user_id": "US.1"}]}),
            &["messaging_product", "block_users"],
        ),
        (
            "POST",
            "/{Phone-Number-ID}/register",
            json!({"messaging_product": "whatsapp", "pin": "123456", "data_localization_region": "DE"}),
            &["messaging_product", "pin"],
        ),
        (
            "POST",
            "/{Phone-Number-ID}/request_code",
            json!({"code_method": "SMS", "language": "en_US"}),
            &["code_method", "language"],
        ),
        ("POST", "/{Phone-Number-ID}/verify_code", json!({"code": "123456"}), &["code"]),
        (
            "POST",
            "/{Phone-Number-ID}/media",
            json!({"messaging_product": "whatsapp", "file": "bytes", "type": "image/png"}),
            &["messaging_product", "file"],
        ),
        (
            "POST",
            "/{Phone-Number-ID}/smb_app_data",
            json!({"messaging_product": "whatsapp", "sync_type": "history"}),
            &["messaging_product", "sync_type"],
        ),
        (
            "POST",
            "/{Phone-Number-ID}/username",
            json!({"username": "lucky.shrub", "transfer_action": "none"}),
            &["username"],
        ),
        (
            "POST",
            "/{App-ID}/uploads",
            json!({"file_name": "a.png", "file_length": "7", "file_type": "image/png"}),
            &["file_length", "file_type"],
        ),
        (
            "POST",
            "/{App-ID}/subscriptions",
            json!({
                "object": "whatsapp_business_account",
                "callback_url": "https://example.com",
                "verify_token": "v",
                "fields": "messages",
            }),
            &["object", "callback_url", "verify_token"],
        ),
        (
            "GET",
            "/oauth/access_token",
            json!({"client_id": "1", "client_secret": "s", "code": "c", "redirect_uri": ""}),
            &["client_id", "client_secret", "code"],
        ),
        ("GET", "/debug_token", json!({"input_token": "t"}), &["input_token"]),
        ("DELETE", "/{WABA-ID}/message_templates", json!({"name": "a", "hsm_id": "1"}), &["name"]),
    ];
    for (method, path, body, required) in rows {
        check(method, path, body.clone(), true);
        for key in body.as_object().unwrap().keys() {
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove(key);
            let is_required = required.contains(&key.as_str());
            check(method, path, without.clone(), !is_required);
            if is_required {
                let told = judge(method, path, &without).unwrap_err().told().to_owned();
                assert!(told.contains(key.as_str()), "{path} without {key}: {told}");
            }
        }
    }
}

#[test]
fn a_profile_keeps_its_lengths_addresses_and_verticals() {
    let set = |key: &str, value: Value, is_accepted: bool| {
        let mut body = json!({"messaging_product": "whatsapp"});
        body[key] = value;
        check("POST", PROFILE, body, is_accepted);
    };
    for (key, chars_max) in [("about", 139), ("address", 256), ("description", 256)] {
        set(key, json!("é".repeat(chars_max)), true);
        set(key, json!("é".repeat(chars_max + 1)), false);
    }
    set("about", json!(""), false);
    set("email", json!(format!("{}@b.de", "a".repeat(123))), true);
    set("email", json!(format!("{}@b.de", "a".repeat(124))), false);
    set("email", json!("nobody"), false);
    let site = |chars: usize| format!("{:a<chars$}", "https://example.com/");
    set("websites", json!([site(256), site(20)]), true);
    set("websites", json!([site(257)]), false);
    set("websites", json!([site(20), site(20), site(20)]), false);
    set("websites", json!(["example.com"]), false);
    for vertical in ["RESTAURANT", "MATRIMONY_SERVICE", "NOT_A_BIZ", "UNDEFINED"] {
        set("vertical", json!(vertical), true);
    }
    set("vertical", json!("POETRY"), false);
}

#[test]
fn qr_codes_and_blocks_keep_their_counts() {
    let code = |chars: usize| json!({"prefilled_message": "é".repeat(chars)});
    check("POST", QR_CODES, code(140), true);
    check("POST", QR_CODES, code(141), false);
    check("POST", QR_CODES, code(0), false);
    check("POST", QR_CODES, json!({"prefilled_message": "Hi", "generate_qr_image": "GIF"}), false);
    let block = |users: Vec<Value>, is_accepted: bool| {
        for method in ["POST", "DELETE"] {
            let body = json!({"messaging_product": "whatsapp", "block_users": users});
            check(method, BLOCKS, body, is_accepted);
        }
    };
    block(vec![json!({"user": "+16505551234"}); 1000], true);
    block(vec![json!({"user": "+16505551234"}); 1001], false);
    block(vec![], false);
    block(vec![json!({})], false);
    block(vec![json!({"user": "nobody"})], false);
    block(vec![json!({"user_id": "US.13491208655302741918"})], true);
    block(vec![json!({"user_id": "US.ENT.11815799212886844830"})], false);
}

#[test]
fn automation_and_settings_keep_theirs() {
    let automate = |body: Value, is_accepted: bool| check("POST", AUTOMATION, body, is_accepted);
    let prompts = |count: usize, chars: usize| json!({"prompts": vec!["é".repeat(chars); count]});
    automate(prompts(4, 80), true);
    automate(prompts(5, 80), false);
    automate(prompts(1, 81), false);
    let commands = |count: usize, name: usize, description: usize| {
        let command = |index| json!({"command_name": format!("{index:0name$}"), "command_description": "é".repeat(description)});
        json!({"commands": (0..count).map(command).collect::<Vec<_>>()})
    };
    automate(commands(30, 32, 256), true);
    automate(commands(31, 32, 256), false);
    automate(commands(1, 33, 1), false);
    automate(commands(1, 1, 257), false);
    let twice = json!({"command_name": "help", "command_description": "Helps"});
    automate(json!({"commands": [twice, twice]}), false);
    automate(json!({"commands": [{"command_name": "no spaces", "command_description": "d"}]}), false);

    for key in ["enabled", "enable_identity_key_check"] {
        check("POST", SETTINGS, json!({"user_identity_change": {key: true}}), true);
    }
    check("POST", SETTINGS, json!({"user_identity_change": {}}), false);
    check("POST", SETTINGS, json!({}), false);
    check(
        "POST",
        "/{Phone-Number-ID}/register",
        json!({"messaging_product": "whatsapp", "pin": "12345"}),
        false,
    );
    check(
        "POST",
        "/{Phone-Number-ID}/register",
        json!({"messaging_product": "whatsapp", "pin": "12345x"}),
        false,
    );
    check("POST", "/{Phone-Number-ID}", json!({"pin": "123456"}), true);
    check("POST", "/{Phone-Number-ID}", json!({"pin": "1234567"}), false);
    let callback = |chars: usize| json!({"override_callback_uri": format!("{:a<chars$}", "https://example.com/"), "verify_token": "v"});
    check("POST", "/{WABA-ID}/subscribed_apps", callback(200), true);
    check("POST", "/{WABA-ID}/subscribed_apps", callback(201), false);
    let named = |name: &str, is_accepted| {
        check("POST", "/{Phone-Number-ID}/username", json!({"username": name}), is_accepted);
    };
    for name in ["abc", &"a".repeat(35), "lucky_shrub.2"] {
        named(name, true);
    }
    for name in ["ab", &"a".repeat(36), "Lucky", "123", ".abc", "abc.", "a..b", "www.abc", "a-b"] {
        named(name, false);
    }
}

#[test]
fn an_operation_without_a_schema_is_a_mistake_that_shows() {
    let refusal = schema::validate("POST", "/{Phone-Number-ID}/nothing", &json!({})).unwrap_err();
    assert_eq!(refusal.code(), 1);
    assert!(schema::operations().any(|operation| operation == "POST /{Phone-Number-ID}/messages"));
}

#[test]
fn media_keep_their_mime_types_and_sizes() {
    const KB: u64 = 1024;
    const MB: u64 = 1024 * KB;
    let code = |judged: Result<(), Refusal>| judged.err().map(|refusal| refusal.code());
    let rows: &[(&str, &[&str], u64)] = &[
        ("image", &["image/jpeg", "image/png"], 5 * MB),
        ("video", &["video/mp4", "video/3gpp"], 16 * MB),
        ("audio", &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], 16 * MB),
        ("document", &["text/plain", "application/pdf", "application/msword"], 100 * MB),
        ("sticker", &["image/webp"], 500 * KB),
    ];
    for (kind, mimes, bytes_max) in rows {
        for mime in *mimes {
            assert_eq!(limits::media(mime, *bytes_max), Ok(()), "{mime}");
            assert_eq!(code(limits::media(mime, bytes_max + 1)), Some(131_053), "{mime}");
            assert_eq!(code(limits::media(mime, 0)), Some(131_053), "{mime}");
            assert_eq!(limits::media_for(kind, mime, *bytes_max), Ok(()), "{mime}");
            assert_eq!(code(limits::media_for(kind, mime, bytes_max + 1)), Some(131_053), "{mime}");
        }
        for (other, mimes, _) in rows.iter().filter(|(other, ..)| other != kind && *kind != "document") {
            let taken = limits::media_for(kind, mimes[0], 1);
            assert_eq!(code(taken), Some(131_053), "{kind} of {other}");
        }
    }
    for mime in ["image/gif", "video/webm", "audio/wav", "audio/ogg; codecs=vorbis", "nonsense", ""] {
        assert_eq!(code(limits::media(mime, 1)), Some(131_053), "{mime}");
    }
    for mime in ["audio/ogg; codecs=opus", "audio/ogg;codecs=\"opus\"", "IMAGE/PNG"] {
        assert_eq!(limits::media(mime, 1), Ok(()), "{mime}");
    }
    assert_eq!(limits::media_for("document", "application/zip", 1), Ok(()));
    assert_eq!(code(limits::media_for("voice", "audio/mpeg", 1)), Some(131_053));
    assert_eq!(limits::media_for("gif", "video/mp4", 7 * MB / 2), Ok(()));
    assert_eq!(code(limits::media_for("gif", "video/mp4", 7 * MB / 2 + 1)), Some(131_053));
    assert_eq!(limits::upload("image/png", 1), Ok(()));
    assert_eq!(code(limits::upload("image/png", 0)), Some(100));
    assert_eq!(code(limits::upload("image/webp", 1)), Some(100));
}
