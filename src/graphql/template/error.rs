//! What goes wrong with templates, as data for the caller or as a failure.

use crate::domain::outgoing::breach::Breach;
use crate::domain::template::remedy::next_step;
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::number::{of_keys, of_meta};
use crate::numbers;
use crate::templates::{Error, Lack, Tried};

/// What lies in `content` of an input, of what a draft of a template names.
const IN_CONTENT: [&str; 8] =
    ["header", "body", "footer", "buttons", "cards", "limitedTimeOffer", "authentication", "componentsJson"];

/// What the caller can put right; everything else is a failure.
pub(in crate::graphql) fn user_errors(error: Error) -> Result<Vec<UserError>, Failure> {
    let one = match error {
        Error::NotFound(field) => {
            UserError::new(UserErrorCode::NotFound, "There is no such object in this workspace.").on(field)
        }
        Error::Invalid { field, sentence, next_step } => UserError::invalid(field, sentence).next(next_step),
        Error::Breaches(breaches) => {
            let error = |breach: &Breach| {
                let first = breach.field.split(['.', '[']).next().unwrap_or_default();
                let place = if IN_CONTENT.contains(&first) { "content." } else { "" };
                UserError::invalid(&format!("{place}{}", breach.field), format!("{place}{breach}"))
            };
            return Ok(breaches.iter().map(error).collect());
        }
        Error::NoAccount => {
            let text = "The WhatsApp Business Account of this number is not known.";
            UserError::new(UserErrorCode::WrongState, text)
                .on("numberId")
                .next("Add the number again with its account, or set WHATSAPP_BUSINESS_ACCOUNT_ID.")
        }
        Error::NoToken => {
            UserError::new(UserErrorCode::NoToken, "No number of the account has an access token.")
                .next("Save one with updateNumber.")
        }
        Error::NoApp => {
            UserError::new(UserErrorCode::NoMetaApp, "The Meta app of the account's numbers is not known.")
                .next("Set WHATSAPP_APP_ID, or add the number with its app's id.")
        }
        Error::WrongState { field, sentence, next_step } => {
            UserError::new(UserErrorCode::WrongState, sentence).on(field).next(next_step)
        }
        Error::Meta { tried: Tried::Reading, error } => of_meta(numbers::Tried::Reading, &error),
        Error::Meta { tried: Tried::Changing, error } => {
            let is_unknown = error.is_outcome_unknown();
            let error = of_meta(numbers::Tried::Changing, &error);
            let next_step = "Synchronize the templates (syncTemplates) and look before doing it again.";
            if is_unknown { error.next(next_step) } else { error }
        }
        Error::Keys(error) => return of_keys(error).map(|error| vec![error]),
        Error::Storage(error) => return Err(error.into()),
        error @ Error::Audit(_) => return Err(Failure::internal(error)),
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

/// Limits that a message does not keep.
pub(in crate::graphql) fn breaches(breaches: &[Breach]) -> Vec<UserError> {
    breaches.iter().map(|breach| UserError::invalid(&breach.field, breach.to_string())).collect()
}

/// A template that a message cannot use, with those that it could.
pub(in crate::graphql) fn lacking(lack: Lack) -> UserError {
    let (error, alternatives) = match lack {
        Lack::Name { alternatives } => {
            let text = "The account of the number has no template of this name.";
            let error = UserError::new(UserErrorCode::TemplateNotFound, text).on("content.template.name");
            (error.next("Use one of the others, or make it with createTemplate."), alternatives)
        }
        Lack::Language { alternatives } => {
            let text = "The template is not there in this language.";
            let error = UserError::new(UserErrorCode::TemplateNotFound, text);
            let error = error.on("content.template.language");
            (error.next("Use one of the other languages, or make it in this one."), alternatives)
        }
        Lack::Status { status, reason, alternatives } => {
            let mut text = format!("The template cannot be sent: it is {status}");
            if let Some(reason) = &reason {
                text.push_str(&format!(" ({reason})"));
            }
            text.push('.');
            let error = UserError::new(UserErrorCode::TemplateNotUsable, text).on("content.template.name");
            let step = next_step(&status, reason.as_deref()).unwrap_or("Use another template.");
            (error.next(step), alternatives)
        }
    };
    UserError { alternatives, ..error }
}
