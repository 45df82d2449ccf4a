//! Codes about Flows: forms that a customer fills in inside WhatsApp.

use super::Class::{ActOnAccount, ChangeRequest, Wait};
use super::{Entry, HOUR_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        132_068,
        ActOnAccount,
        "Meta has blocked the Flow in this message.",
        "Repair the Flow or its server in WhatsApp Manager, or send a message without it.",
    ),
    one(
        132_069,
        Wait,
        "Meta slows this Flow down to ten messages an hour, and they are used up.",
        "Wait up to an hour, and repair the Flow or its server, which fails too often.",
    )
    .with(Pause::AtLeastS(HOUR_S)),
    one(
        139_000,
        ActOnAccount,
        "Meta does not let this account make or publish Flows because of doubts about the account.",
        "Look in Meta's business settings for the reason, and ask for a review.",
    ),
    one(
        139_001,
        ChangeRequest,
        "The Flow could not be changed: it is published already, or its definition has a mistake.",
        "Change a draft or a copy, and correct the mistakes that Meta lists.",
    ),
    one(
        139_002,
        ChangeRequest,
        "The Flow could not be published.",
        "Correct the mistakes that Meta lists, and check the Flow's server address and key.",
    ),
    one(
        139_003,
        ChangeRequest,
        "The Flow could not be retired: only a published one can be, and only once.",
        "Check the Flow's state first.",
    ),
    one(
        139_004,
        ChangeRequest,
        "The Flow could not be deleted: only a draft can be.",
        "Retire a published Flow instead of deleting it.",
    ),
    one(
        139_006,
        ChangeRequest,
        "The Flow was not used enough for Meta to give figures about it.",
        "Ask again when more customers have used it, or for a longer time.",
    ),
];
