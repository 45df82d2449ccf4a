//! Codes about business numbers and accounts: payment, registration, usernames, moving, and sharing a number with
//! the WhatsApp Business app.

use super::Class::{ActOnAccount, ChangeRequest, Retry, Wait};
use super::{Entry, HOUR_S, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        131_031,
        ActOnAccount,
        "Meta has locked the account because a rule was broken, or the PIN that was sent is wrong.",
        "Look in Meta's business settings for the reason, and check the number's PIN.",
    ),
    one(
        131_037,
        ActOnAccount,
        "This number is one of Meta's 555 numbers, and has no approved display name yet.",
        "Give the number a display name in WhatsApp Manager, and wait until Meta approves it.",
    ),
    one(
        131_042,
        ActOnAccount,
        "Meta refuses to send because of a problem with paying or with the account.",
        "Check payment method, credit and currency of the WhatsApp account in Meta's business settings.",
    ),
    one(
        131_045,
        ActOnAccount,
        "The number's registration with Meta is not in order.",
        "Register the number again, then send again.",
    ),
    one(
        133_000,
        ActOnAccount,
        "The number was only half taken out of use the last time.",
        "Deregister the number once more, then register it again.",
    ),
    one(
        133_004,
        Retry,
        "Meta's registration service is not available for the moment.",
        "Nothing needs to be changed: try again a little later.",
    ),
    one(
        133_005,
        ChangeRequest,
        "The PIN for two-step verification is wrong.",
        "Enter the right PIN, or set a new one in WhatsApp Manager.",
    ),
    one(
        133_006,
        ActOnAccount,
        "The number must be verified before it can be registered.",
        "Request a code by SMS or call, enter it, then register the number.",
    ),
    one(
        133_008,
        Wait,
        "The PIN was entered wrongly too often.",
        "Wait as long as Meta says in the details before you enter it again.",
    )
    .with(Pause::Told),
    one(
        133_009,
        Wait,
        "The PIN was entered again too quickly.",
        "Wait as long as Meta says in the details before you enter it again.",
    )
    .with(Pause::Told),
    one(
        133_010,
        ActOnAccount,
        "The number is not registered, so it can neither send nor receive.",
        "Register the number with its PIN.",
    ),
    one(
        133_015,
        Wait,
        "The number was deleted a moment ago, and Meta is not done with it.",
        "Wait five minutes, then register it again.",
    )
    .with(Pause::AtLeastS(5 * MINUTE_S)),
    one(
        133_016,
        Wait,
        "The number was registered or deregistered ten times within 72 hours, and more is not allowed.",
        "Wait 72 hours before you register or deregister it again.",
    )
    .with(Pause::AtLeastS(72 * HOUR_S)),
    one(
        134_011,
        ActOnAccount,
        "The terms for payments on WhatsApp have not been accepted.",
        "Have an administrator accept them in Meta's business settings.",
    ),
    one(
        136_024,
        ChangeRequest,
        "The number is verified already, so no code is sent.",
        "Nothing needs to be done: go on with registering the number.",
    ),
    one(147_001, ChangeRequest, "The username is taken or not allowed.", "Choose another username."),
    one(
        147_002,
        ActOnAccount,
        "This business may not have a username yet.",
        "Raise the messaging limit, for example by having the business verified, and ask again.",
    ),
    one(
        147_003,
        ActOnAccount,
        "The username belongs to a Facebook page that is not linked to this number.",
        "Link the number to that page, or choose another username.",
    ),
    one(
        147_004,
        ActOnAccount,
        "The username belongs to an Instagram account that is not linked to this number.",
        "Link the number to that account, or choose another username.",
    ),
    one(
        147_005,
        ChangeRequest,
        "Another number of this business uses the username.",
        "Ask for it to be moved to this number, or choose another username.",
    ),
    one(
        2_388_001,
        ActOnAccount,
        "The number cannot be moved to this WhatsApp account.",
        "Read Meta's details for the condition that is not met.",
    ),
    one(
        2_388_012,
        ActOnAccount,
        "The number is already in this WhatsApp account.",
        "Nothing needs to be moved: use the number that is there, or check the account's id.",
    ),
    one(
        2_388_091,
        ActOnAccount,
        "No code can be requested, because the number is not being moved.",
        "Verify and register the number in the ordinary way.",
    ),
    one(
        2_388_093,
        ActOnAccount,
        "The code cannot be checked, because the number is not being moved.",
        "Verify and register the number in the ordinary way.",
    ),
    one(
        2_388_103,
        ActOnAccount,
        "The number cannot be moved in its present state.",
        "Read Meta's details for the condition that is not met, in this account or the former one.",
    ),
    one(
        2_494_100,
        Retry,
        "Meta is working on this number for some minutes.",
        "Nothing needs to be changed: try again in a few minutes.",
    )
    .with(Pause::AtLeastS(MINUTE_S)),
    one(
        2_593_079,
        ActOnAccount,
        "A WhatsApp account or number could not be moved, or not be taken over from a partner.",
        "Read Meta's details for the condition that is not met, and settle it in Meta's business settings.",
    ),
    one(
        2_593_085,
        ActOnAccount,
        "A WhatsApp account or number could not be moved, or not be taken over from a partner.",
        "Read Meta's details for the condition that is not met, and settle it in Meta's business settings.",
    ),
    one(
        2_593_107,
        ActOnAccount,
        "Contacts and history were already fetched from the WhatsApp Business app, which is possible once.",
        "To fetch them again, disconnect the number from the app and connect it anew.",
    ),
    one(
        2_593_108,
        ActOnAccount,
        "Contacts and history can be fetched only within 24 hours after the number was connected.",
        "Disconnect the number from the app, connect it anew, and fetch at once.",
    ),
    one(
        2_593_109,
        ActOnAccount,
        "The business did not agree to share its history from the WhatsApp Business app.",
        "If you want the history, connect the number anew and agree to share it.",
    ),
];
