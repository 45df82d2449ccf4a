//! What a request asks for, in whichever form it came: a JSON object, the parameters of an address, or the payload of a
//! subscription. Pure.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::graphql::{DocumentHash, Operation};

/// Why it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    Query,
    Nothing,
    OperationName,
    Variables,
    Extensions,
    PersistedQuery,
}

impl Unclear {
    /// The sentence that the caller reads.
    pub fn text(self) -> &'static str {
        match self {
            Self::Query => "`query` is a text.",
            Self::Nothing => {
                "`query` has to be there, or the hash of a known one in `extensions.persistedQuery`."
            }
            Self::OperationName => "`operationName` is a text or null.",
            Self::Variables => "`variables` is an object or null.",
            Self::Extensions => "`extensions` is an object or null.",
            Self::PersistedQuery => {
                "`extensions.persistedQuery` has `version` 1 and `sha256Hash` of 64 hexadecimal digits."
            }
        }
    }
}

/// Reads a JSON object.
pub fn of_object(mut request: Map<String, Value>) -> Result<Operation, Unclear> {
    let query = match request.remove("query") {
        None | Some(Value::Null) => None,
        Some(Value::String(query)) => Some(query),
        Some(_) => return Err(Unclear::Query),
    };
    let operation_name = match request.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(Unclear::OperationName),
    };
    let variables = map_of(request.remove("variables"), Unclear::Variables)?;
    let extensions = map_of(request.remove("extensions"), Unclear::Extensions)?;
    operation(query, operation_name, variables, extensions)
}

#[derive(Debug, Deserialize)]
pub struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads the parameters of an address.
pub fn of_parameters(parameters: Parameters) -> Result<Operation, Unclear> {
    let parsed = |text: Option<String>, unclear: Unclear| match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => map_of(serde_json::from_str(&text).map_err(|_| unclear)?, unclear),
    };
    let variables = parsed(parameters.variables, Unclear::Variables)?;
    let extensions = parsed(parameters.extensions, Unclear::Extensions)?;
    let operation_name = parameters.operation_name.filter(|name| !name.is_empty());
    operation(parameters.query, operation_name, variables, extensions)
}

fn operation(
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
) -> Result<Operation, Unclear> {
    // Front ends send other extensions by themselves; none means anything here.
    let hash = match extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery")) {
        None | Some(Value::Null) => None,
        Some(persisted) => {
            let is_known = persisted["version"].as_i64() == Some(1);
            let hash = persisted["sha256Hash"].as_str().filter(|_| is_known).and_then(DocumentHash::parse);
            Some(hash.ok_or(Unclear::PersistedQuery)?)
        }
    };
    if query.is_none() && hash.is_none() {
        return Err(Unclear::Nothing);
    }
    Ok(Operation { query, hash, operation_name, variables })
}

fn map_of(value: Option<Value>, unclear: Unclear) -> Result<Option<Map<String, Value>>, Unclear> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(unclear),
    }
}
