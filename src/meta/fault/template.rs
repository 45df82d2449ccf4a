//! Codes about templates: sending them, making them, and their figures.

use super::Class::{ActOnAccount, ChangeRequest, Never, Wait};
use super::{Entry, HOUR_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        132_000,
        ChangeRequest,
        "The number of values given is not the number that the template has places for.",
        "Give exactly one value for each place in the template.",
    ),
    one(
        132_001,
        ChangeRequest,
        "There is no approved template of this name in this language.",
        "Check name and language, and whether Meta has approved the template.",
    ),
    one(
        132_005,
        ChangeRequest,
        "With its values filled in, the template's text is too long.",
        "Use shorter values.",
    ),
    one(
        132_007,
        ChangeRequest,
        "The template's content breaks one of WhatsApp's rules.",
        "Read Meta's details for the rule, and change the template or its values.",
    ),
    one(
        132_008,
        ChangeRequest,
        "A value for the template is not of the form that it needs.",
        "Read Meta's details for the faulty value, and correct it.",
    ),
    one(
        132_012,
        ChangeRequest,
        "A value for the template is of another kind than the template asks for.",
        "Give each place what it was made for, such as a text, an amount, a date or a picture.",
    ),
    one(
        132_015,
        Wait,
        "Meta has paused the template because customers received it badly.",
        "Use another template or improve this one; a first pause lasts 3 hours and a second one 6.",
    )
    .with(Pause::AtLeastS(3 * HOUR_S)),
    one(
        132_016,
        Never,
        "Meta has switched the template off for good, because customers kept receiving it badly.",
        "Make a new template with other content.",
    ),
    one(
        132_018,
        ChangeRequest,
        "Something is wrong with the values for the template.",
        "Compare the values with the template's places, and read Meta's details.",
    ),
    // Comes in a number's or template's health report.
    one(
        141_002,
        ActOnAccount,
        "The template is not approved, so it cannot be sent.",
        "Wait for Meta's review, or correct the template if it was rejected.",
    ),
    one(
        200_005,
        ActOnAccount,
        "There are no figures for templates of this account.",
        "Check in WhatsApp Manager whether the account can have template figures.",
    ),
    one(
        200_006,
        ActOnAccount,
        "Template figures cannot be switched off once they are on.",
        "Nothing needs to be done: they stay on.",
    ),
    one(
        200_007,
        ActOnAccount,
        "Template figures are not switched on for this account.",
        "Switch them on once for the account; this cannot be undone.",
    ),
    one(
        2_388_019,
        ChangeRequest,
        "The account has as many templates as it may have.",
        "Delete templates that are no longer used, or have the business verified for a higher limit.",
    ),
    one(
        2_388_023,
        ChangeRequest,
        "A template of this name and language is being deleted, and its name is not free yet.",
        "Use another name; that of a deleted approved template is blocked for 30 days.",
    ),
    one(
        2_388_024,
        ChangeRequest,
        "There is already a template of this name in this language.",
        "Use another name, or edit the template that is there.",
    ),
    one(
        2_388_040,
        ChangeRequest,
        "A part of the template is longer than is allowed.",
        "Shorten the part that Meta names: a header holds 60 characters, the text 1,024, a footer 60.",
    ),
    one(
        2_388_047,
        ChangeRequest,
        "The template's header is not well formed.",
        "Correct the header: plain text, at most one variable, and an example for it.",
    ),
    one(
        2_388_072,
        ChangeRequest,
        "The template's text is not well formed.",
        "Correct the text and its variables, and give an example for each.",
    ),
    one(
        2_388_073,
        ChangeRequest,
        "The template's footer is not well formed.",
        "Correct the footer: plain text without variables.",
    ),
    one(
        2_388_293,
        ChangeRequest,
        "The template has too many variables for so short a text.",
        "Write more text around the variables, or use fewer of them.",
    ),
    one(
        2_388_299,
        ChangeRequest,
        "The template begins or ends with a variable.",
        "Put words before the first variable and after the last one.",
    ),
];
