//! Codes about one message, its media and its customer: sent or received.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry};
use super::{Entry, one};

pub(super) const ENTRIES: &[Entry] = &[
    // Of Meta's older interface; still seen for address messages.
    one(
        1026,
        Never,
        "The customer's WhatsApp cannot show this kind of message.",
        "Send a plain text instead.",
    ),
    one(
        130_403,
        Never,
        "This customer is on the list of those that the business has blocked.",
        "Unblock the customer first if the message shall go out.",
    ),
    one(
        130_497,
        Never,
        "This business may not send messages to customers in that country.",
        "Reach the customer in another way; Meta's messaging policy lists the countries.",
    ),
    one(
        131_000,
        Retry,
        "Something went wrong at Meta, and no reason is given.",
        "Try again; if it goes on, report it to Meta with the details.",
    ),
    one(
        131_008,
        ChangeRequest,
        "Something that the message needs is missing.",
        "Read Meta's details for what is missing, and add it.",
    ),
    one(
        131_009,
        ChangeRequest,
        "A value in the message is wrong, or it refers to a message that is not there or too old.",
        "Read Meta's details for the faulty value, and correct it.",
    ),
    one(
        131_016,
        Retry,
        "A part of Meta's service is not available for the moment.",
        "Nothing needs to be changed: try again a little later.",
    ),
    one(
        131_021,
        ChangeRequest,
        "The message is addressed to the number that sends it.",
        "Choose another recipient.",
    ),
    one(
        131_026,
        Never,
        "The message cannot reach this customer, and Meta does not say why.",
        "Ask the customer in another way whether they use WhatsApp, have updated it, and have not blocked you.",
    ),
    one(
        131_030,
        ChangeRequest,
        "This is a test number, and the customer is not among the five whom it may write to.",
        "Add the customer to the test number's list in Meta's app dashboard, or use a real number.",
    ),
    one(
        131_047,
        ChangeRequest,
        "More than 24 hours have passed since the customer last wrote.",
        "Send a template instead; once the customer answers, you can write freely again.",
    ),
    one(
        131_051,
        ChangeRequest,
        "WhatsApp does not support this kind of message here.",
        "Send another kind; if you received it, ask the customer to send it in another way.",
    ),
    one(
        131_052,
        Never,
        "The file that the customer sent could not be fetched; it may be too large.",
        "Ask the customer to send it again, or in another way.",
    ),
    one(
        131_053,
        ChangeRequest,
        "Meta could not take the file: its type or size is not allowed, or its link did not work.",
        "Check the file's type and size, upload it again, and send it again.",
    ),
    one(
        131_055,
        ChangeRequest,
        "This function cannot be used for this message or this number.",
        "Send only marketing templates as marketing messages, and handle calls of a SIP number over SIP.",
    ),
    one(
        131_060,
        Never,
        "Meta could not pass on a message from the customer; this happens with some devices and first contacts.",
        "Nothing can be fetched later: look in the WhatsApp app if you use one, or ask the customer to repeat it.",
    ),
    one(
        131_062,
        ChangeRequest,
        "This kind of message needs the customer's phone number, and only their WhatsApp user id was given.",
        "Send it to the phone number; ask the customer for it if you do not have it.",
    ),
    one(
        135_000,
        ChangeRequest,
        "Meta refused the message, or held a bulk message back because the first ones were received badly.",
        "Read Meta's details, check the message and its template, and do not repeat it unchanged.",
    ),
    one(
        137_000,
        ChangeRequest,
        "The customer's security code has changed since you last confirmed it.",
        "Confirm with the customer that it is still them, then send with the new code or without one.",
    ),
    one(
        139_100,
        ChangeRequest,
        "Some of the customers could not be blocked or unblocked.",
        "Read which ones failed and why, and repeat only those.",
    ),
    one(
        139_101,
        ActOnAccount,
        "The list of blocked customers is full: it holds 64,000.",
        "Unblock customers who need no longer be blocked.",
    ),
    one(
        139_102,
        Retry,
        "The list of blocked customers changed while it was read or written.",
        "Read the list again from its beginning.",
    ),
    one(
        139_103,
        Retry,
        "Something went wrong at Meta while customers were blocked or unblocked.",
        "Try again a little later.",
    ),
    one(
        2_494_191,
        ChangeRequest,
        "Another partner of the business holds this conversation, and may not be passed over.",
        "Wait until the conversation is handed over, or have it passed on by the partner who holds it.",
    ),
];
