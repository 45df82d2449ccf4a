//! News about templates.

use serde_json::{Value, json};

use super::context::set;
use super::{Context, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("message_template_status_update", "approved", |c| status(c, "APPROVED")),
    kind("message_template_status_update", "rejected", rejected),
    kind("message_template_status_update", "pending", |c| status(c, "PENDING")),
    kind("message_template_status_update", "paused", paused),
    kind("message_template_status_update", "paused_direct_send", paused_direct_send),
    kind("message_template_status_update", "disabled", disabled),
    kind("message_template_status_update", "pending_deletion", |c| status(c, "PENDING_DELETION")),
    kind("message_template_quality_update", "quality", quality),
    kind("message_template_components_update", "components", components),
    kind("template_category_update", "announced", category_announced),
    kind("template_category_update", "done", category_done),
    kind("template_correct_category_detection", "detected", category_detected),
];

/// The template that a piece of news is about.
fn about(context: &mut Context<'_>) -> Value {
    // Meta (2026-07): a template's id is a JSON number of 15 to 17 digits.
    let id: u64 = context.digits(16).parse().unwrap_or(0);
    json!({
        "message_template_id": id,
        "message_template_name": context.pick(&["order_confirmation", "janji_temu", "welcome_template"]),
        "message_template_language": context.pick(&["id", "en_US", "pt_BR"]),
    })
}

/// A change of a template's status, as after Meta's review. Also for templates of the simulator's own world.
pub fn status_of(id: u64, name: &str, language: &str, category: &str, event: &str) -> Value {
    json!({
        "event": event,
        "message_template_id": id,
        "message_template_name": name,
        "message_template_language": language,
        "message_template_category": category,
        "reason": "NONE",
    })
}

fn status(context: &mut Context<'_>, event: &str) -> Value {
    let mut news = about(context);
    set(&mut news, "event", event.into());
    set(&mut news, "reason", "NONE".into());
    set(
        &mut news,
        "message_template_category",
        context.pick(&["UTILITY", "MARKETING", "AUTHENTICATION"]).into(),
    );
    news
}

fn rejected(context: &mut Context<'_>) -> Value {
    let mut news = status(context, "REJECTED");
    set(&mut news, "reason", "INVALID_FORMAT".into());
    let info = json!({
        "reason": "Your template has parameters placed next to each other (like {{1}}{{2}}) without text or punctuation between them.",
        "recommendation": "Separate parameters with descriptive text and ensure each parameter is clearly contextualized.",
    });
    set(&mut news, "rejection_info", info);
    news
}

fn paused(context: &mut Context<'_>) -> Value {
    let mut news = status(context, "PAUSED");
    let info = json!({
        "title": context.pick(&["FIRST_PAUSE", "SECOND_PAUSE"]),
        "description": "Your WhatsApp message template has been paused for 3 hours because it continued to have issues.",
    });
    set(&mut news, "other_info", info);
    news
}

fn paused_direct_send(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "event", "PAUSED".into());
    news
}

fn disabled(context: &mut Context<'_>) -> Value {
    let mut news = status(context, "DISABLED");
    set(&mut news, "disable_info", json!({ "disable_date": "April 17, 2027" }));
    news
}

fn quality(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "previous_quality_score", "GREEN".into());
    set(&mut news, "new_quality_score", context.pick(&["YELLOW", "RED", "UNKNOWN"]).into());
    news
}

fn components(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "message_template_title", "Pesanan Anda".into());
    set(&mut news, "message_template_element", "Terima kasih, {{1}}! Nomor pesanan {{2}}.".into());
    set(&mut news, "message_template_footer", "PT Maju".into());
    let buttons = json!([
        { "message_template_button_type": "PHONE_NUMBER", "message_template_button_text": "Telepon",
          "message_template_button_phone_number": "+15550783881" },
        { "message_template_button_type": "URL", "message_template_button_text": "Lacak",
          "message_template_button_url": "https://example.com/lacak" },
    ]);
    set(&mut news, "message_template_buttons", buttons);
    news
}

fn category_announced(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "new_category", "UTILITY".into());
    set(&mut news, "correct_category", "MARKETING".into());
    set(&mut news, "category_update_timestamp", (context.now_s + 86_400).into());
    news
}

fn category_done(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "previous_category", "UTILITY".into());
    set(&mut news, "new_category", "MARKETING".into());
    news
}

fn category_detected(context: &mut Context<'_>) -> Value {
    let mut news = about(context);
    set(&mut news, "category", "UTILITY".into());
    set(&mut news, "correct_category", "MARKETING".into());
    news
}
