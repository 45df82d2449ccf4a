//! Codes about WhatsApp groups.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry};
use super::{Entry, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        131_020,
        ChangeRequest,
        "The group has no member but the business, so nobody would read the message.",
        "Wait until a customer has joined the group.",
    ),
    one(
        131_041,
        ChangeRequest,
        "The group does not exist, or this number is not in it.",
        "Check the group's id and that it belongs to this number.",
    ),
    one(
        131_201,
        ChangeRequest,
        "The request succeeded for some of the participants only.",
        "Read which ones failed and why, and repeat only those.",
    ),
    one(131_202, ChangeRequest, "A participant is named twice.", "Name each participant once."),
    one(
        131_203,
        Never,
        "The customer has not accepted WhatsApp's terms, so they cannot be let into the group.",
        "Ask the customer to accept the terms in WhatsApp and to ask to join again.",
    ),
    one(
        131_204,
        ChangeRequest,
        "The group would have more participants than are allowed.",
        "Remove a participant first, or open another group.",
    ),
    one(
        131_207,
        ActOnAccount,
        "Meta has suspended the group because it breaks a rule.",
        "Look in Meta's business settings for the rule, and write to the customers one by one meanwhile.",
    ),
    one(
        131_208,
        Retry,
        "This number has made too many changes to groups in a short time.",
        "Wait a little, and make fewer changes.",
    ),
    one(131_209, ChangeRequest, "The group's picture is not square.", "Use a picture as wide as it is high."),
    one(
        131_210,
        ChangeRequest,
        "The group's picture is too small.",
        "Use a picture of more than 192 pixels in width and height.",
    ),
    one(
        131_211,
        ActOnAccount,
        "This number has as many groups as it may have.",
        "Delete groups that are no longer used, or use another number.",
    ),
    one(
        131_212,
        ChangeRequest,
        "The customer is not in this group.",
        "Read the list of participants again before you change it.",
    ),
    one(
        131_213,
        ChangeRequest,
        "The customer's wish to join is no longer there.",
        "Read the open wishes again; the customer may have taken it back.",
    ),
    one(
        131_214,
        ActOnAccount,
        "Meta does not let this account open groups for now, because it sent too much marketing.",
        "Send less marketing inside conversations, and try again after some days.",
    ),
    one(
        131_215,
        ActOnAccount,
        "This number may not use groups.",
        "Check Meta's conditions for groups, such as being an Official Business Account.",
    ),
];
