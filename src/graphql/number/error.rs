//! What goes wrong with numbers, as data for the caller or as a failure.

use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::keys;
use crate::meta::client::{CallError, Refusal};
use crate::numbers::{Error, Tried};

/// What the caller can put right; everything else is a failure.
pub(in crate::graphql) fn user_errors(error: Error) -> Result<Vec<UserError>, Failure> {
    let one = match error {
        Error::Settings(wrongs) => {
            let wrong = |wrong: crate::domain::number::Wrong| {
                UserError::invalid(&format!("settings.{}", wrong.field), wrong.sentence)
            };
            return Ok(wrongs.into_iter().map(wrong).collect());
        }
        Error::NotFound => no_such_number(),
        Error::Invalid { field, sentence, next_step } => UserError::invalid(field, sentence).next(next_step),
        Error::Here(id) => {
            let text = "This workspace has the number already.";
            UserError::new(UserErrorCode::AlreadyExists, text)
                .on("phoneNumberId")
                .next(format!("Change it with updateNumber; its id is {id}."))
        }
        Error::Elsewhere => {
            UserError::new(UserErrorCode::TakenElsewhere, "Another workspace has this number.")
                .on("phoneNumberId")
                .next("Delete it there first; what was received until then stays there.")
        }
        Error::NoToken => UserError::new(UserErrorCode::NoToken, "No access token is kept for this number.")
            .next("Save one with updateNumber."),
        Error::NoApp => {
            UserError::new(UserErrorCode::NoMetaApp, "The Meta app is not in the server's settings.")
                .next("Set WHATSAPP_APP_ID and WHATSAPP_APP_SECRET, and start the server again.")
        }
        Error::WrongState { sentence, next_step } => {
            UserError::new(UserErrorCode::WrongState, sentence).next(next_step)
        }
        Error::Meta { field, tried, error } => {
            let user_error = of_meta(tried, &error);
            match field {
                Some(field) => user_error.on(field),
                None => user_error,
            }
        }
        Error::Keys(error) => return of_keys(error).map(|error| vec![error]),
        Error::Storage(error) => return Err(error.into()),
        error @ (Error::Audit(_) | Error::Random(_)) => return Err(Failure::internal(error)),
    };
    Ok(vec![one])
}

/// For a query without a place for what the caller can put right.
pub(in crate::graphql) fn failure_of(error: Error) -> Failure {
    match error {
        Error::Storage(error) => error.into(),
        error => Failure::internal(error),
    }
}

/// An id that cannot be one is as good as one that is not there.
pub(in crate::graphql) fn no_such_number() -> UserError {
    UserError::new(UserErrorCode::NotFound, "There is no such number in this workspace.").on("id")
}

pub(in crate::graphql) fn of_meta(tried: Tried, error: &CallError) -> UserError {
    match error {
        CallError::Refused(refusal) => of_refusal(refusal),
        CallError::Impossible(_) => {
            let text = "This cannot be asked of Meta: an id or the token has characters that none has.";
            UserError::new(UserErrorCode::Invalid, text)
        }
        error if tried == Tried::Changing && error.is_outcome_unknown() => {
            let text = "Meta gave no answer, so it may have been done or not.";
            UserError::new(UserErrorCode::NoAnswerFromMeta, text)
                .next("Look how it stands (refreshNumber) before doing it again.")
        }
        CallError::Overloaded(_) => {
            let text = "Too much is asked of Meta at once. Nothing was done.";
            UserError::new(UserErrorCode::MetaUnreachable, text).next("Try again in a few seconds.")
        }
        CallError::NoAnswer { .. } | CallError::Unreadable { .. } => {
            let text = "Meta could not be reached, or gave no proper answer. Nothing was done.";
            UserError::new(UserErrorCode::MetaUnreachable, text).next("Try again in a few minutes.")
        }
    }
}

/// What Meta said no to.
pub(in crate::graphql) fn of_refusal(refusal: &Refusal) -> UserError {
    let explanation = refusal.explain();
    let mut error =
        UserError::new(UserErrorCode::RefusedByMeta, explanation.meaning.en).next(explanation.advice.en);
    error.meta_code = refusal.code().and_then(|code| i32::try_from(code).ok());
    error.meta_message = Some(explanation.meta_words).filter(|words| !words.is_empty());
    error
}

pub(in crate::graphql) fn of_keys(error: keys::Error) -> Result<UserError, Failure> {
    match error {
        keys::Error::NoMasterKey => {
            let text = "The server has no master key, so it cannot keep secrets.";
            Ok(UserError::new(UserErrorCode::NoMasterKey, text).next(
                "Set PESAN_MASTER_KEYS (`pesan keys generate` makes a key), and start the server again.",
            ))
        }
        error if error.is_lasting() => {
            let text =
                "The stored access token cannot be opened: its master key is missing, or it was changed.";
            let next_step =
                "Put the missing master key back into PESAN_MASTER_KEYS, or save the access token again.";
            Ok(UserError::new(UserErrorCode::NoToken, text).next(next_step))
        }
        keys::Error::Storage(error) => Err(error.into()),
        error => Err(Failure::internal(error)),
    }
}
