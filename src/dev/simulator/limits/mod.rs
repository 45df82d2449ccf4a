//! What Meta's reference limits on top of the schema: lengths, counts, MIME types, sizes, cross-field rules.
//!
//! Pure functions over JSON values; no state, no clock. A body goes through `schema::validate` first: what is of the
//! wrong JSON kind is refused there, so a limit here lets it pass. Limits that count what is stored (QR codes,
//! blocked users, templates of a WABA) are numbers here, and counted where the state is.
//!
//! Codes, as the reference has them: too long 100; too few or too many, or a value that is not valid, 131009; a
//! part that the kind requires 131008; media 131053; definitions of templates 100 with a subcode; parameters of
//! templates 132000, 132005, 132012. Outside messages everything is 100.

mod account;
mod interactive;
mod media;
mod message;
mod rule;
mod template;

pub use account::{BLOCKED_USERS_MAX, QR_CODES_MAX, automation, block_users, business_profile, qr_code};
pub use media::{media, media_for, upload};
pub use message::{marketing_message, message};
pub use template::{marketing_template, template_definition, template_edit, template_send};
