//! Codes that the catalogue does not know, judged by the codes around them.
//!
//! Meta publishes codes in runs, a run a subject. It promises nothing about the gaps, so these classes are a guess on
//! the careful side: none of them repeats a request, but those for limits.

use super::Class::{ActOnAccount, ChangeRequest, Retry};
use super::{Entry, one, run};

const READ_META: &str = "Read Meta's own words for the reason, and look the code up in Meta's documentation.";

/// Sorted by code.
pub(super) const ENTRIES: &[Entry] = &[
    // Graph API: limits of each business use; WhatsApp's two are in the catalogue.
    run(
        80_000,
        80_014,
        Retry,
        "Too many requests of one kind were made for this business.",
        "Wait a little, and make fewer requests.",
    ),
    run(130_000, 131_199, ChangeRequest, "Meta did not take or deliver the message.", READ_META),
    run(131_200, 131_299, ChangeRequest, "Meta refused something about a group.", READ_META),
    run(131_300, 131_999, ChangeRequest, "Meta did not take or deliver the message.", READ_META),
    run(132_000, 132_999, ChangeRequest, "Meta did not send the template.", READ_META),
    run(133_000, 133_999, ActOnAccount, "Something is wrong with the number's registration.", READ_META),
    run(134_000, 134_999, ChangeRequest, "Meta refused a marketing or payment message.", READ_META),
    run(138_000, 138_999, ChangeRequest, "A call could not be made or kept up.", READ_META),
    run(139_000, 139_099, ChangeRequest, "Meta refused something about a Flow.", READ_META),
    run(139_100, 139_199, ChangeRequest, "Customers could not be blocked or unblocked.", READ_META),
    run(147_000, 147_999, ChangeRequest, "The username could not be set.", READ_META),
    run(
        2_388_000,
        2_388_999,
        ChangeRequest,
        "A template could not be made, or a number could not be moved.",
        READ_META,
    ),
    run(
        2_593_000,
        2_593_999,
        ActOnAccount,
        "An account could not be moved, or not be shared with the app.",
        READ_META,
    ),
];

/// When nothing helps.
pub(super) const UNKNOWN: Entry =
    one(i64::MIN, ChangeRequest, "Meta reported an error that we do not know yet.", READ_META);

/// What the code's neighbours say.
pub(super) fn look_up(code: i64) -> Option<&'static Entry> {
    let at = ENTRIES.binary_search_by(|entry| entry.against(code)).ok()?;
    ENTRIES.get(at)
}
