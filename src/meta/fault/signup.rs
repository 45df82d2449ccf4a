//! Codes about In-App Signup: links by which a customer subscribes to messages.

use super::Class::{ActOnAccount, ChangeRequest};
use super::{Entry, one, run};

/// For codes of the published range whose meaning we have not found.
const UNEXPLAINED: &str = "The signup could not be made or changed, and we know no more about this code.";
const READ_META: &str = "Read Meta's own words for the faulty part, and correct it.";

/// Meta (2026-06): the range. The single meanings are those that the Python library pywa has taken from Meta's page.
pub(super) const ENTRIES: &[Entry] = &[
    one(2_494_164, ChangeRequest, "There is no such signup.", "Check the signup's id."),
    one(
        2_494_165,
        ActOnAccount,
        "In-App Signup is not open for this WhatsApp account.",
        "Check Meta's list of countries and conditions for In-App Signup.",
    ),
    one(
        2_494_166,
        ChangeRequest,
        "The confirmation message has a placeholder that Meta does not know.",
        "Use only the placeholder for the promotion code.",
    ),
    one(
        2_494_167,
        ChangeRequest,
        "The confirmation message has a place for a promotion code, and none was given.",
        "Give a promotion code, or take the placeholder out.",
    ),
    one(
        2_494_168,
        ChangeRequest,
        "The terms for In-App Signup have not been accepted.",
        "Accept the terms with the request for the signup.",
    ),
    run(2_494_169, 2_494_175, ChangeRequest, UNEXPLAINED, READ_META),
    one(
        2_494_176,
        ChangeRequest,
        "The terms for In-App Signup were accepted already.",
        "Leave the acceptance out of the request.",
    ),
    one(
        2_494_177,
        ChangeRequest,
        "The address given for the terms is not the one that Meta uses.",
        "Give the address of the terms as Meta's page shows it.",
    ),
    one(2_494_178, ChangeRequest, UNEXPLAINED, READ_META),
    one(
        2_494_179,
        ChangeRequest,
        "The website's address does not begin with https.",
        "Give an address that begins with https.",
    ),
];
