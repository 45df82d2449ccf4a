//! Message templates: created, listed, edited, deleted; reviewed after a moment, which a webhook tells. A header's sample
//! must have been uploaded.

use serde_json::{Value, json};

use super::{Call, page, pick, require, success, text_of, unsupported};
use crate::dev::simulator::limits;
use crate::dev::simulator::platform::Platform;
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::world::World;
use crate::dev::simulator::world::account::{MANAGEMENT, Token};
use crate::dev::simulator::world::content::Template;
use crate::dev::simulator::world::number::into_map;

/// Meta (2026-07): 100 templates an hour for an account, one edit a day and ten in 30 days for an approved template.
const CREATED_PER_HOUR: usize = 100;
const HOUR_MS: i64 = 3_600_000;
const ARCHIVED_AT_ONCE: usize = 100;
const EDITS_PER_DAY: usize = 1;
const EDITS_PER_MONTH: usize = 10;
const EDITABLE: &[&str] = &["APPROVED", "REJECTED", "PAUSED"];
/// Meta (2026-07): nobody can use the name of a deleted template that had been approved.
const NAME_BLOCKED_MS: i64 = 30 * 24 * HOUR_MS;
/// The formats of headers that need a sample, and the types of file that will do.
const SAMPLES: &[(&str, &[&str])] = &[
    ("IMAGE", &["image/jpeg", "image/jpg", "image/png"]),
    ("VIDEO", &["video/mp4"]),
    ("GIF", &["video/mp4", "image/gif"]),
    ("DOCUMENT", &["application/pdf"]),
];
/// A review takes minutes at Meta; here long enough to see `PENDING`.
const REVIEW_MS: i64 = 500;
const FIELDS: &[&str] = &["name", "parameter_format", "components", "language", "status", "category", "id"];

/// `GET|POST|DELETE /{account}/message_templates`.
pub(super) fn collection(
    platform: &Platform,
    call: &Call,
    token: &Token,
    waba_id: &str,
) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    match call.method.as_str() {
        "GET" => list(platform, call, waba_id),
        "POST" => create(platform, call, waba_id),
        "DELETE" => delete(platform, call, waba_id),
        _ => Err(unsupported(call)),
    }
}

fn list(platform: &Platform, call: &Call, waba_id: &str) -> Result<Value, Refusal> {
    let world = platform.world();
    let fits = |name: &str, value: &str| {
        call.text(name).is_none_or(|wanted| wanted.split(',').any(|one| one.eq_ignore_ascii_case(value)))
    };
    let nodes: Result<Vec<Value>, Refusal> = world
        .templates
        .values()
        .filter(|template| template.waba_id == waba_id)
        .filter(|template| {
            fits("status", &template.status)
                && fits("category", &template.category)
                && fits("language", &template.language)
                && fits("name", &template.name)
        })
        .map(|template| pick(&template.node(), call, FIELDS))
        .collect();
    page(nodes?, call)
}

fn create(platform: &Platform, call: &Call, waba_id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{WABA-ID}/message_templates", &body)?;
    limits::template_definition(&body)?;
    let (name, language) =
        (text_of(&body, "name").unwrap_or_default(), text_of(&body, "language").unwrap_or_default());
    let (id, category, now_ms) = {
        let mut world = platform.world();
        if world.find_template(waba_id, name, language).is_some() {
            return Err(Refusal::of(2_388_024));
        }
        check_samples(&world, items_of(&body, "components"))?;
        let (id, now_ms, lifted) = (world.new_id(), world.now_ms(), world.lifted);
        let waba = world.wabas.get(waba_id);
        if waba.and_then(|waba| waba.names_blocked.get(name)).is_some_and(|until_ms| *until_ms > now_ms) {
            return Err(Refusal::of(2_388_023));
        }
        let is_allowed = world.wabas.get_mut(waba_id).is_some_and(|waba| {
            lifted.templates || waba.templates_created.take(now_ms, CREATED_PER_HOUR, HOUR_MS)
        });
        if !is_allowed {
            return Err(Refusal::of(80_008));
        }
        let template = Template::new(id.clone(), waba_id, "PENDING", into_map(body.clone()));
        let category = template.category.clone();
        world.templates.insert(id.clone(), template);
        (id, category, now_ms)
    };
    review(platform, waba_id, &id, now_ms + REVIEW_MS);
    Ok(json!({ "id": id, "status": "PENDING", "category": category }))
}

fn items_of<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The sample of each header of media is one that was uploaded, of a type that fits.
fn check_samples(world: &World, components: &[Value]) -> Result<(), Refusal> {
    for component in components {
        for card in items_of(component, "cards") {
            check_samples(world, items_of(card, "components"))?;
        }
        let format = text_of(component, "format").unwrap_or_default().to_ascii_uppercase();
        let Some((_, types)) = SAMPLES.iter().find(|(listed, _)| *listed == format) else { continue };
        let handle = component.pointer("/example/header_handle/0").and_then(Value::as_str);
        let upload = world.uploads.values().find(|upload| upload.handle.as_deref() == handle);
        if handle.is_none() || !upload.is_some_and(|upload| types.contains(&upload.file_type.as_str())) {
            let what = format!("the sample of a {format} header was not uploaded, or is of another kind");
            return Err(Refusal::of(2_388_047).details(what));
        }
    }
    Ok(())
}

/// Approves a template, and tells so through the account's first number (template fields have no number).
fn review(platform: &Platform, waba_id: &str, id: &str, due_ms: i64) {
    let (value, number_id) = {
        let mut world = platform.world();
        let number_id =
            world.numbers.values().find(|number| number.waba_id == waba_id).map(|number| number.id.clone());
        let Some(template) = world.templates.get_mut(id) else { return };
        // A name that asks for it is refused, so that a refusal can be had.
        let event = if template.name.contains("reject") { "REJECTED" } else { "APPROVED" };
        event.clone_into(&mut template.status);
        let reason = if event == "REJECTED" { "INVALID_FORMAT" } else { "NONE" };
        (template.status_value(event, reason), number_id)
    };
    if let Some(number_id) = number_id {
        platform.tell(&number_id, "message_template_status_update", value, due_ms);
    }
}

fn delete(platform: &Platform, call: &Call, waba_id: &str) -> Result<Value, Refusal> {
    schema::validate("DELETE", "/{WABA-ID}/message_templates", &json!(call.query))?;
    let name = call.text("name").unwrap_or_default();
    let hsm_id = call.text("hsm_id");
    let mut world = platform.world();
    let now_ms = world.now_ms();
    let is_meant = |template: &Template| {
        template.waba_id == waba_id
            && template.name == name
            && hsm_id.is_none_or(|wanted| wanted == template.id)
    };
    let meant: Vec<&Template> = world.templates.values().filter(|template| is_meant(template)).collect();
    if meant.is_empty() {
        return Err(Refusal::of(100).details("There is no such template."));
    }
    if meant.iter().any(|template| template.status == "DISABLED") {
        return Err(Refusal::of(100).details("A disabled template cannot be deleted."));
    }
    let was_approved = meant.iter().any(|template| template.status == "APPROVED");
    world.templates.retain(|_, template| !is_meant(template));
    // The name is blocked as a whole: with one language gone, the others stay in use.
    let is_gone =
        !world.templates.values().any(|template| template.waba_id == waba_id && template.name == name);
    if was_approved
        && is_gone
        && let Some(waba) = world.wabas.get_mut(waba_id)
    {
        waba.names_blocked.insert(name.to_owned(), now_ms + NAME_BLOCKED_MS);
    }
    Ok(success())
}

/// `GET|POST /{template}`.
pub(super) fn one(platform: &Platform, call: &Call, token: &Token, id: &str) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    let (node, waba_id) = {
        let world = platform.world();
        let template = world.templates.get(id).ok_or_else(|| Refusal::unknown_object(id, &call.method))?;
        (template.node(), template.waba_id.clone())
    };
    match call.method.as_str() {
        "GET" => pick(&node, call, FIELDS),
        "POST" => {
            let body = call.json()?;
            schema::validate("POST", "/{TEMPLATE_ID}", &body)?;
            limits::template_edit(&Value::Object(node), &body)?;
            let now_ms = platform.clock.now_ms();
            edit(platform, id, body, now_ms)?;
            review(platform, &waba_id, id, now_ms + REVIEW_MS);
            Ok(success())
        }
        _ => Err(unsupported(call)),
    }
}

/// `POST /{template}/unpause`. Not in Meta's reference: clients of Meta's show it.
pub(super) fn unpause(platform: &Platform, call: &Call, token: &Token, id: &str) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    if call.method != "POST" {
        return Err(unsupported(call));
    }
    let is_paused = stands(platform, id, &["PAUSED"]);
    if !is_paused {
        return Ok(json!({ "success": false, "reason": "The template is not paused because of pacing." }));
    }
    tell_standing(platform, id, ("APPROVED", "APPROVED"));
    Ok(json!({ "success": true }))
}

/// Meta (2026-06): `POST /{account}/message_templates/archive` and `unarchive`, on a host of their own and without a
/// version; at most 100 at once, each judged by itself.
pub(super) fn archive(
    platform: &Platform,
    call: &Call,
    token: &Token,
    (waba_id, edge): (&str, &str),
) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    if call.method != "POST" || call.path.trim_start_matches('/').starts_with('v') {
        return Err(unsupported(call));
    }
    let body = call.json()?;
    let ids: Vec<&str> = items_of(&body, "hsm_ids").iter().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > ARCHIVED_AT_ONCE {
        return Err(Refusal::of(100).details("hsm_ids takes 1 to 100 ids of templates."));
    }
    let (from, to, event, why): (&[&str], _, _, _) = if edge == "archive" {
        (
            &["APPROVED", "REJECTED"],
            "ARCHIVED",
            "ARCHIVED",
            "Only approved or rejected templates can be archived",
        )
    } else {
        (&["ARCHIVED"], "APPROVED", "UNARCHIVED", "Template is not archived")
    };
    let (mut done, mut failed) = (Vec::new(), serde_json::Map::new());
    for id in ids {
        let is_of_account =
            platform.world().templates.get(id).is_some_and(|template| template.waba_id == waba_id);
        if is_of_account && stands(platform, id, from) {
            tell_standing(platform, id, (to, event));
            done.push(id);
        } else {
            failed.insert(id.to_owned(), why.into());
        }
    }
    Ok(json!({ (format!("{edge}d_templates")): done, "failed_templates": failed }))
}

fn stands(platform: &Platform, id: &str, statuses: &[&str]) -> bool {
    let world = platform.world();
    world.templates.get(id).is_some_and(|template| statuses.contains(&template.status.as_str()))
}

/// Gives a template another status, and tells so.
fn tell_standing(platform: &Platform, id: &str, (status, event): (&str, &str)) {
    let (value, number_id, now_ms) = {
        let mut world = platform.world();
        let now_ms = world.now_ms();
        let Some(template) = world.templates.get_mut(id) else { return };
        status.clone_into(&mut template.status);
        let (value, waba_id) = (template.status_value(event, "NONE"), template.waba_id.clone());
        let number = world.numbers.values().find(|number| number.waba_id == waba_id);
        (value, number.map(|number| number.id.clone()), now_ms)
    };
    if let Some(number_id) = number_id {
        platform.tell(&number_id, "message_template_status_update", value, now_ms);
    }
}

fn edit(platform: &Platform, id: &str, body: Value, now_ms: i64) -> Result<(), Refusal> {
    let mut world = platform.world();
    let lifted = world.lifted.templates;
    check_samples(&world, items_of(&body, "components"))?;
    let Some(template) = world.templates.get_mut(id) else { return Err(Refusal::unknown_object(id, "POST")) };
    if !EDITABLE.contains(&template.status.as_str()) {
        let what = format!("A template that is {} cannot be edited.", template.status);
        return Err(Refusal::of(100).details(what));
    }
    let is_approved = template.status == "APPROVED";
    let within =
        |days: i64| template.edits_ms.iter().filter(|at| now_ms - **at < days * 24 * HOUR_MS).count();
    if !lifted && is_approved && (within(1) >= EDITS_PER_DAY || within(30) >= EDITS_PER_MONTH) {
        return Err(Refusal::of(100).details("A template can be edited once a day and ten times in 30 days."));
    }
    template.edits_ms.push(now_ms);
    "PENDING".clone_into(&mut template.status);
    if let Some(category) = text_of(&body, "category") {
        category.clone_into(&mut template.category);
    }
    template.definition.extend(into_map(body));
    Ok(())
}
