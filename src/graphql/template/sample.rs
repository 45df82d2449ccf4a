//! The answer to a sample that was uploaded beside GraphQL: the payload of `uploadTemplateSample`, and the HTTP status
//! that says the same.

use async_graphql::InputType;
use serde_json::{Value, json};

use super::error::user_errors;
use crate::error::Code;
use crate::graphql::error::{UserError, UserErrorCode};
use crate::templates::Error;

/// Status and body; or the code of what the caller cannot put right.
pub fn sample_answer(uploaded: Result<String, Error>) -> Result<(u16, Value), Code> {
    let error = match uploaded {
        Ok(handle) => return Ok((201, json!({ "handle": handle, "userErrors": [] }))),
        Err(error) => error,
    };
    let errors = user_errors(error).map_err(|failure| failure.told())?;
    let status = errors.first().map_or(400, |error| status_of(error.code));
    let errors: Vec<Value> = errors.iter().map(written).collect();
    Ok((status, json!({ "handle": null, "userErrors": errors })))
}

fn status_of(code: UserErrorCode) -> u16 {
    match code {
        UserErrorCode::NotFound => 404,
        UserErrorCode::Invalid => 400,
        UserErrorCode::RefusedByMeta | UserErrorCode::NoAnswerFromMeta | UserErrorCode::MetaUnreachable => {
            502
        }
        _ => 409,
    }
}

fn written(error: &UserError) -> Value {
    json!({
        "field": error.field,
        "code": error.code.to_value().into_json().unwrap_or_default(),
        "message": error.message,
        "nextStep": error.next_step,
        "metaCode": error.meta_code,
        "metaMessage": error.meta_message,
        "alternatives": error.alternatives,
    })
}
