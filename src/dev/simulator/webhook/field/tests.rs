//! What is produced has the keys and types of what Meta has published, differs by seed, and is the same for the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Context, kinds, produce};
use crate::dev::simulator::world::account::FIELDS;
use crate::ids::Random;

/// Each published sample and the kind that must look like it.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("webhooks-openapi/Button_Message", "messages", "button"),
    ("webhooks-openapi/Contact_Sharing_Message", "messages", "contacts"),
    ("webhooks-openapi/Group_Create_Message", "group_lifecycle_update", "create"),
    ("webhooks-openapi/Group_Remove_Participants", "group_participants_update", "leave"),
    ("webhooks-openapi/Group_Settings_Update", "group_settings_update", "settings"),
    ("webhooks-openapi/Image_Message", "messages", "image"),
    ("webhooks-openapi/Interactive_Button_Reply_Message", "messages", "button_reply"),
    ("webhooks-openapi/Interactive_List_Reply_Message", "messages", "list_reply"),
    ("webhooks-openapi/Location_Message", "messages", "location"),
    ("webhooks-openapi/Order_Message", "messages", "order"),
    ("webhooks-openapi/Reaction_Message", "messages", "reaction"),
    ("webhooks-openapi/System_Message", "messages", "number_changed"),
    ("webhooks-openapi/Text_Message", "messages", "text"),
    ("webhooks-openapi/Text_Message_from_Click_to_WhatsApp_Ad", "messages", "text_from_ad"),
    ("webhooks-openapi/Text_Message_with_Context_Product_Inquiry_", "messages", "text_product"),
    ("webhooks-openapi/Unsupported_Message", "messages", "unsupported"),
    ("webhooks-2026/bsuid__business_username_updates_approved", "business_username_updates", "approved"),
    ("webhooks-2026/bsuid__contacts_shared_vcard_no_wa_id", "messages", "contacts_vcard"),
    ("webhooks-2026/bsuid__history_thread_context", "history", "chunk_without_phone"),
    ("webhooks-2026/bsuid__incoming_group_text", "messages", "text_in_group"),
    ("webhooks-2026/bsuid__smb_app_state_sync", "smb_app_state_sync", "contacts"),
    ("webhooks-2026/bsuid__smb_message_echoes", "smb_message_echoes", "text"),
    ("webhooks-2026/bsuid__status_delivered", "messages", "status_delivered"),
    ("webhooks-2026/bsuid__status_delivered_group", "messages", "status_group"),
    ("webhooks-2026/bsuid__system_user_changed_user_id", "messages", "user_id_changed"),
    ("webhooks-2026/bsuid__user_id_update", "user_id_update", "changed"),
    ("webhooks-2026/fields__calls_call_created", "calls", "created"),
    ("webhooks-2026/fields__calls_recording_available", "calls", "recording"),
    ("webhooks-2026/fields__calls_transcription_available", "calls", "transcription"),
    ("webhooks-2026/fields__history_declined", "history", "declined"),
    (
        "webhooks-2026/fields__message_template_status_update_paused_direct_send",
        "message_template_status_update",
        "paused_direct_send",
    ),
    (
        "webhooks-2026/fields__template_correct_category_detection",
        "template_correct_category_detection",
        "detected",
    ),
    ("webhooks-2026/groups__join_request_approved_int_timestamp", "group_participants_update", "add"),
    ("webhooks-2026/groups__participant_leaves", "group_participants_update", "leave"),
    ("webhooks-2026/groups__settings_update_partial_fail", "group_settings_update", "settings"),
    ("webhooks-2026/messages__interactive_nfm_reply_address", "messages", "address_reply"),
    ("webhooks-2026/messages__text_referral_ctwa_with_ref", "messages", "text_from_ad"),
    ("webhooks-2026/routing__control_passed", "messaging_handovers", "passed"),
    ("webhooks-2026/routing__control_passed_with_app_ids", "messaging_handovers", "passed"),
    ("webhooks-2026/routing__control_taken", "messaging_handovers", "taken"),
    ("webhooks-2026/routing__incoming_with_conversation_context", "messages", "with_summary"),
    ("webhooks-2026/routing__standby_flow_echo", "standby", "flow_echo"),
    ("webhooks-2026/routing__standby_inbound_text", "standby", "text"),
    ("webhooks-2026/routing__standby_status_receipt", "standby", "status"),
    ("webhooks-2026/routing__standby_template_echo", "standby", "template_echo"),
    ("webhooks-2026/routing__standby_text_echo", "standby", "echo"),
];

/// Samples that no kind stands for, with the reason.
const UNPRODUCED: &[(&str, &str)] = &[(
    "webhooks-2026/messages__group_statuses_aggregated_quirks",
    "shows both spellings of one key and a nested price; produced is the documented spelling (status_group)",
)];

/// Types in which samples differ from each other or from their own page: key, and why both are right.
const EITHER_TYPE: &[(&str, &str)] = &[
    ("timestamp", "a text in most samples, a number in some of groups"),
    ("wa_id", "a number in the OpenAPI samples of groups, a text everywhere else"),
    ("input", "the same"),
];

fn context(random: &Random) -> Context<'_> {
    Context {
        random,
        now_s: 1_763_712_000,
        waba_id: "102290129340398".to_owned(),
        business_id: "506914307656634".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        display_phone_number: "15550783881".to_owned(),
    }
}

fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta").join(format!("{name}.json"));
    let body: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    body["entry"][0]["changes"][0]["value"].clone()
}

/// The key paths of a value with their types, positions in arrays taken together.
fn shape(value: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Object(object) => {
            for (key, value) in object {
                shape(value, &format!("{path}/{key}"), found);
            }
            "object"
        }
        Value::Array(items) => {
            for value in items {
                shape(value, &format!("{path}[]"), found);
            }
            "array"
        }
        Value::String(_) => "text",
        Value::Number(_) => "number",
        Value::Bool(_) => "truth",
        Value::Null => "null",
    };
    found.entry(path.to_owned()).or_default().insert(kind);
}

/// All that a kind can look like, over many seeds: what is left out sometimes is there in others.
fn shapes_of(field: &str, variant: &str) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut found = BTreeMap::new();
    for seed in 0..60 {
        let random = Random::seeded(seed);
        shape(&produce(field, Some(variant), &mut context(&random)).unwrap(), "", &mut found);
    }
    found
}

#[test]
fn each_published_sample_is_covered_by_what_is_produced() {
    for (name, field, variant) in SAMPLES {
        let produced = shapes_of(field, variant);
        let mut expected = BTreeMap::new();
        shape(&sample(name), "", &mut expected);
        for (path, types) in expected {
            let key = path.rsplit('/').next().unwrap().trim_end_matches("[]");
            let made =
                produced.get(&path).unwrap_or_else(|| panic!("{name}: {field}/{variant} never has {path}"));
            let either = EITHER_TYPE.iter().any(|(either, _)| *either == key);
            assert!(either || types.is_subset(made), "{name}: {path} is {types:?}, produced {made:?}");
        }
    }
}

#[test]
fn every_published_sample_has_its_kind_or_its_reason() {
    let mut named: BTreeSet<&str> = SAMPLES.iter().map(|(name, _, _)| *name).collect();
    named.extend(UNPRODUCED.iter().map(|(name, _)| *name));
    let mut present = BTreeSet::new();
    for folder in ["webhooks-openapi", "webhooks-2026"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta").join(folder);
        for entry in fs::read_dir(path).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            present.insert(format!("{folder}/{}", name.trim_end_matches(".json")));
        }
    }
    assert_eq!(present.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
}

#[test]
fn every_key_that_is_produced_is_known() {
    // Keys that Meta's samples do not show, but its reference pages do; all others come from a sample.
    let mut known = BTreeSet::new();
    for (name, _, _) in SAMPLES {
        let mut found = BTreeMap::new();
        shape(&sample(name), "", &mut found);
        known.extend(found.into_keys().flat_map(|path| keys_of(&path)));
    }
    known.extend(
        include_str!("known_keys.txt").lines().filter(|line| !line.starts_with('#')).map(str::to_owned),
    );
    let mut all = BTreeSet::new();
    for kind in kinds() {
        let unknown: BTreeSet<String> = shapes_of(kind.field, kind.variant)
            .keys()
            .flat_map(|path| keys_of(path))
            .filter(|key| !known.contains(key))
            .collect();
        all.extend(unknown.into_iter().map(|key| format!("{kind:?}: {key}")));
    }
    assert!(all.is_empty(), "keys that no sample and no page shows: {all:#?}");
}

fn keys_of(path: &str) -> Vec<String> {
    path.split('/').map(|key| key.trim_end_matches("[]").to_owned()).filter(|key| !key.is_empty()).collect()
}

#[test]
fn the_same_seed_gives_the_same_and_another_mostly_another() {
    for kind in kinds() {
        let make = |seed| {
            let random = Random::seeded(seed);
            produce(kind.field, Some(kind.variant), &mut context(&random)).unwrap()
        };
        assert_eq!(make(1), make(1), "{kind:?}");
    }
    let differ = kinds()
        .filter(|kind| {
            let all: BTreeSet<String> = (0..20)
                .map(|seed| {
                    let random = Random::seeded(seed);
                    produce(kind.field, Some(kind.variant), &mut context(&random)).unwrap().to_string()
                })
                .collect();
            all.len() > 1
        })
        .count();
    assert!(differ * 10 > kinds().count() * 8, "{differ} of {}", kinds().count());
}

#[test]
fn every_field_of_the_reference_can_be_produced_and_no_name_is_twice() {
    let produced: BTreeSet<&str> = kinds().map(|kind| kind.field).collect();
    assert_eq!(produced, FIELDS.iter().copied().collect());
    let names: BTreeSet<String> = kinds().map(|kind| format!("{kind:?}")).collect();
    assert_eq!(names.len(), kinds().count());
    let random = Random::seeded(1);
    assert_eq!(produce("nonsense", None, &mut context(&random)), None);
}
