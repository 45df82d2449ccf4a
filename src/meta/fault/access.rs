//! Codes about the access token, its permissions, and requests of any kind.

use super::Class::{ActOnAccount, ChangeRequest, FixToken, Retry};
use super::{Entry, one, run};

pub(super) const ENTRIES: &[Entry] = &[
    one(
        0,
        FixToken,
        "Meta did not accept the access token: it has expired, was withdrawn, or is wrong.",
        "Create a new access token and save it for this number.",
    ),
    one(
        1,
        Retry,
        "Meta could not handle the request and gives no reason.",
        "Try again a few times, and check Meta's status page if it goes on.",
    ),
    one(
        2,
        Retry,
        "Meta's service is down or overloaded for the moment.",
        "Nothing needs to be changed: try again a little later.",
    ),
    one(
        3,
        FixToken,
        "The access token or the app may not use this function.",
        "Give the app and its token the WhatsApp permissions, then try again.",
    ),
    one(
        10,
        FixToken,
        "The permission for this was never given, was taken away, or the account is not eligible.",
        "Check in Meta's business settings what the token may do, and give what is missing.",
    ),
    one(
        33,
        ActOnAccount,
        "Meta does not find this number or object: it was deleted, or the token may not see it.",
        "Check that the number still exists in WhatsApp Manager and is shared with the app.",
    ),
    one(
        100,
        ChangeRequest,
        "Something in the request is unknown, misspelt, too long or of the wrong kind.",
        "Read Meta's details for the name of the faulty part, and correct it.",
    ),
    one(
        102,
        FixToken,
        "The login session behind the access token has ended.",
        "Create a new access token and save it for this number.",
    ),
    one(
        190,
        FixToken,
        "The access token has expired or was withdrawn.",
        "Create a new access token and save it; one of a system user can be made without an end date.",
    ),
    run(
        200,
        299,
        FixToken,
        "A permission that this request needs was not given, or was taken away.",
        "Give the app and its token the permission that Meta names, then try again.",
    ),
    one(
        368,
        ActOnAccount,
        "Meta has blocked the WhatsApp account for a time because a rule was broken.",
        "Look in Meta's business settings for the broken rule and how long the block lasts, and appeal if it is wrong.",
    ),
    // Of old the four that follow are subcodes of 190.
    one(
        458,
        FixToken,
        "The person who made the access token has removed the app.",
        "Add the app again and create a new access token.",
    ),
    one(
        460,
        FixToken,
        "The access token ended because the password of the person who made it was changed.",
        "Create a new access token, best one of a system user.",
    ),
    one(
        463,
        FixToken,
        "The access token has expired.",
        "Create a new access token and save it for this number.",
    ),
    one(
        467,
        FixToken,
        "The access token is no longer valid.",
        "Create a new access token and save it for this number.",
    ),
    one(
        803,
        ChangeRequest,
        "Meta does not know the id in the request.",
        "Check the id of the number, the account or the template.",
    ),
    one(
        2500,
        FixToken,
        "The request reached Meta without an access token.",
        "Check that an access token is saved for this number.",
    ),
    one(
        131_005,
        FixToken,
        "The access token may not do this for this number.",
        "Give the token access to the WhatsApp account and its messaging permission.",
    ),
    one(
        131_059,
        ChangeRequest,
        "The mark that says where a long list goes on is no longer valid.",
        "Read the list again from its beginning.",
    ),
];
