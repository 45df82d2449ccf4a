//! Codes about marketing messages: the customer's wish, Meta's caps, and Meta's separate interface for them.

use super::Class::{ActOnAccount, ChangeRequest, Never, Wait};
use super::{Entry, HOUR_S, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        130_472,
        Never,
        "The customer is part of a test by Meta, in which they get no marketing messages.",
        "Do not send this template to them again; other kinds of messages still go through.",
    ),
    one(
        131_049,
        Wait,
        "Meta held the message back, because this customer has had enough marketing messages lately.",
        "Wait at least 24 hours; trying earlier makes the wait longer.",
    )
    .with(Pause::AtLeastS(24 * HOUR_S)),
    one(
        131_050,
        Never,
        "The customer has stopped marketing messages from this business.",
        "Send them no more marketing; answers and service messages are still allowed.",
    ),
    one(
        131_063,
        ChangeRequest,
        "The account is set so that marketing templates go only through Meta's Marketing Messages interface.",
        "Send it through that interface, or change the setting of the account.",
    ),
    one(
        134_100,
        ChangeRequest,
        "Meta's Marketing Messages interface takes only marketing templates.",
        "Send this template in the ordinary way.",
    ),
    one(
        134_101,
        Wait,
        "The template is new, and Meta is still preparing it for marketing messages.",
        "Wait ten minutes, then send it again.",
    )
    .with(Pause::AtLeastS(10 * MINUTE_S)),
    one(
        134_102,
        ActOnAccount,
        "The template cannot be used for marketing messages.",
        "Check the template's state in WhatsApp Manager, and choose another one until it is settled.",
    ),
    // Meta (2025-05): the code exists; its meaning we have not found.
    one(
        134_103,
        ActOnAccount,
        "Meta's Marketing Messages interface refused the message, and we know no more about this code.",
        "Read Meta's own words, and check in WhatsApp Manager that the account may send marketing messages.",
    ),
    one(
        1_752_041,
        ChangeRequest,
        "The account was already signed up, or is being signed up, for Marketing Messages.",
        "Nothing needs to be done.",
    ),
];
