//! Codes that say: too many requests, too many messages, or not at this moment.

use super::Class::{Retry, Wait};
use super::{Entry, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        4,
        Retry,
        "The app has made more requests than Meta allows in an hour.",
        "Wait some minutes, and make fewer requests; the limit is one for all numbers of the app.",
    )
    .with(Pause::AtLeastS(MINUTE_S)),
    one(
        17,
        Retry,
        "The user of this access token has made too many requests.",
        "Wait a little, and make fewer requests with this token.",
    ),
    one(
        32,
        Retry,
        "Too many requests were made for this Facebook page.",
        "Wait a little, and make fewer requests.",
    ),
    one(
        613,
        Retry,
        "This kind of request was made too often, for example the question whether a customer may be called.",
        "Wait a little, and ask less often.",
    ),
    one(
        80_007,
        Retry,
        "Too many requests were made for this WhatsApp account.",
        "Wait a little, and make fewer requests for this account.",
    ),
    one(
        80_008,
        Retry,
        "Too many management requests, such as reading templates, were made for this WhatsApp account.",
        "Wait as long as Meta says in its answer, and ask less often.",
    )
    .with(Pause::Told),
    one(
        130_429,
        Retry,
        "This number sends and receives more messages a second than Meta allows.",
        "Nothing needs to be changed: send more slowly from this number.",
    )
    .with(Pause::AtLeastS(1)),
    one(
        131_048,
        Wait,
        "Meta limits what this number may send, because too many customers blocked it or reported it as spam.",
        "Stop bulk messages, check the number's quality in WhatsApp Manager, and wait until it is better.",
    ),
    one(
        131_056,
        Retry,
        "Too many messages went to this one customer in a short time.",
        "Wait before the next message to this customer; others are not affected.",
    )
    .with(Pause::PowersOfFour),
    one(
        131_057,
        Retry,
        "Meta is upgrading this number, which takes about a minute.",
        "Nothing needs to be changed: try again in a minute.",
    )
    .with(Pause::AtLeastS(MINUTE_S)),
    one(
        131_064,
        Wait,
        "Meta limits this account, because its templates were filed under the wrong category too often.",
        "File templates under the right category, and wait until the limit that Meta set has ended.",
    ),
];
