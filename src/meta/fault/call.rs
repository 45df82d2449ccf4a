//! Codes about calls, in answers and in the webhook that ends a call.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry, Wait};
use super::{Entry, HOUR_S, Pause, one, run};

/// For codes of the published range whose meaning we have not found.
const UNEXPLAINED: &str = "A call could not be made or kept up, and we know no more about this code.";
const READ_META: &str = "Read Meta's own words and details for the reason.";

pub(super) const ENTRIES: &[Entry] = &[
    one(
        131_044,
        ActOnAccount,
        "The call was refused because no way to pay is set up for the account.",
        "Add a payment method to the WhatsApp account in Meta's business settings.",
    ),
    one(
        138_000,
        ActOnAccount,
        "Calls are not switched on for this number.",
        "Switch calls on in the number's settings.",
    ),
    one(
        138_001,
        Never,
        "This customer cannot be called on WhatsApp; their app may be missing or too old.",
        "Write to the customer, or call them by phone.",
    ),
    one(
        138_002,
        Retry,
        "This number already has as many calls at once as it may have, which is 1,000.",
        "Call again when other calls have ended.",
    ),
    one(
        138_003,
        ChangeRequest,
        "There is already a call with this customer.",
        "End that call first, or wait until it has ended.",
    ),
    one(
        138_004,
        Retry,
        "The call could not be connected.",
        "Call again; if it goes on, check the connection data that the phone system sends.",
    ),
    one(
        138_005,
        Retry,
        "This number has started too many calls in a short time.",
        "Wait a little, and start fewer calls.",
    ),
    one(
        138_006,
        ChangeRequest,
        "The customer has not allowed this business to call them.",
        "Send the customer a request for permission, and call when they have agreed.",
    ),
    one(
        138_007,
        Retry,
        "The call took too long to connect.",
        "Call again; if it goes on, check that the phone system answers Meta quickly.",
    ),
    one(138_008, ChangeRequest, UNEXPLAINED, READ_META),
    one(
        138_009,
        Wait,
        "This customer was asked too often for permission to call: once a day and twice a week are allowed.",
        "Wait at least a day before you ask again; a call that takes place lifts the limit.",
    )
    .with(Pause::AtLeastS(24 * HOUR_S)),
    run(138_010, 138_011, ChangeRequest, UNEXPLAINED, READ_META),
    one(
        138_012,
        Wait,
        "This customer was called as often as is allowed within 24 hours.",
        "Call again at the time that Meta gives in the details.",
    )
    .with(Pause::Told),
    one(
        138_013,
        ActOnAccount,
        "This number cannot call customers, for example because its country is not open for it.",
        "Check Meta's list of countries, or let the customer call.",
    ),
    one(
        138_014,
        ActOnAccount,
        "Meta has switched calls off for this number because customers received them badly.",
        "Look in WhatsApp Manager for how long this lasts, and call fewer customers who do not expect it.",
    ),
    one(
        138_015,
        ActOnAccount,
        "Calls need a higher messaging limit than this business has: 2,000 customers a day.",
        "Have the business verified, or send more good messages until Meta raises the limit.",
    ),
    one(138_016, ChangeRequest, UNEXPLAINED, READ_META),
    one(
        138_017,
        ChangeRequest,
        "The customer has already allowed this business to call at any time.",
        "Call without asking for permission.",
    ),
    one(
        138_018,
        ActOnAccount,
        "Calls cannot be switched on, because something that they need is not set up.",
        "Have the app receive the webhook for calls, or set up SIP (the telephone connection), then try again.",
    ),
    run(
        138_019,
        138_023,
        Retry,
        "The call ended because its connection was not set up in time, or no more sound arrived.",
        "Call again; if it happens often, check the phone system's network and firewall.",
    ),
    one(
        138_024,
        ActOnAccount,
        "SIP (the telephone connection) is not switched on for this number.",
        "Switch SIP on in the number's call settings, or call without it.",
    ),
];
