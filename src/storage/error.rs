//! What can go wrong with MongoDB, and the only place that reads the driver's errors.
//!
//! A driver error can carry the values of a document (a phone number in a duplicate key) and its connection
//! string, so none of its text goes further than here: what is kept is the kind, the server's code and its name.

use mongodb::error::{
    Error as DriverError, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT,
    WriteFailure,
};

/// Server codes that decide something.
const DUPLICATE_KEY: i32 = 11_000;
const NAMESPACE_EXISTS: i32 = 48;

/// Server codes that tell of its state, not of the request: unreachable members, elections, shutdown, time limits,
/// conflicts, transactions that are gone.
const TRANSIENT: &[i32] = &[
    6, 7, 24, 50, 64, 89, 91, 112, 189, 246, 251, 262, 290, 9_001, 10_107, 11_600, 11_601, 11_602, 13_435,
    13_436,
];

/// A failure of the database, without a value of any document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No server could be used within the time-out.
    #[error("MongoDB cannot be reached: no usable server answered in time (MONGODB_URI names them)")]
    Unreachable,
    /// The server does not know us.
    #[error("MongoDB refuses the user name or password of MONGODB_URI")]
    NotAuthenticated,
    /// The connection string is wrong in itself, or its host name has no address.
    #[error(
        "MONGODB_URI is not a usable connection string: a part of it is malformed, or its host is unknown"
    )]
    BadUri,
    /// A single server without a replica set: no transactions, no change streams.
    #[error(
        "this MongoDB is a standalone server, and pesan needs a replica set (one member is enough): start mongod with --replSet and call rs.initiate() once"
    )]
    Standalone,
    /// A server before the first that has what we use.
    #[error("this MongoDB is version {version}, and pesan needs 6.0 or newer")]
    TooOld { version: String },
    /// The key is there already.
    #[error("a document with the same key is already there")]
    Duplicate,
    /// It may have been written, or not.
    #[error("MongoDB did not confirm the write, so its outcome is not known")]
    OutcomeUnknown,
    /// Somebody else changed the same at the same time; nothing of ours was written.
    #[error("somebody else changed the same documents at the same time")]
    Conflict,
    /// The server said no.
    #[error("MongoDB refused the command: {name} ({code})")]
    Refused { code: i32, name: String },
    /// A stored document is not of the form that we wrote.
    #[error("a stored document does not have the expected form: {what}")]
    Malformed { what: &'static str },
    /// Older programs run on a database that is to become another.
    #[error(
        "an instance of the service runs, and what it writes would miss something after this migration: stop all instances, and migrate again"
    )]
    NotAlone,
    /// The driver failed in some other way.
    #[error("the MongoDB driver failed: {kind}")]
    Driver { kind: &'static str },
}

impl Error {
    /// Whether the server says that a collection of that name is there already.
    pub fn is_namespace_exists(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == NAMESPACE_EXISTS)
    }
}

impl Error {
    /// Whether trying the same again later can help: the server, not the document, was in the way.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable | Self::OutcomeUnknown | Self::Conflict | Self::Driver { .. } => true,
            Self::Refused { code, .. } => TRANSIENT.contains(code),
            _ => false,
        }
    }
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        if error.contains_label(TRANSIENT_TRANSACTION_ERROR) {
            return Self::Conflict;
        }
        if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) {
            return Self::OutcomeUnknown;
        }
        match *error.kind {
            ErrorKind::ServerSelection { .. } => Self::Unreachable,
            ErrorKind::Authentication { .. } => Self::NotAuthenticated,
            ErrorKind::InvalidArgument { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::InvalidTlsConfig { .. } => Self::BadUri,
            ErrorKind::Command(command) => Self::of_code(command.code, command.code_name),
            ErrorKind::Write(WriteFailure::WriteError(write)) => {
                Self::of_code(write.code, write.code_name.unwrap_or_default())
            }
            ErrorKind::Write(_) | ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
                Self::OutcomeUnknown
            }
            ErrorKind::InsertMany(many) => match many.write_errors.unwrap_or_default().into_iter().next() {
                Some(first) => Self::of_code(first.code, first.code_name.unwrap_or_default()),
                None => Self::OutcomeUnknown,
            },
            ErrorKind::BsonDeserialization(_) | ErrorKind::BsonSerialization(_) => {
                Self::Malformed { what: "not the BSON that was expected" }
            }
            ErrorKind::InvalidResponse { .. } => Self::Driver { kind: "an answer could not be read" },
            ErrorKind::Transaction { .. } => Self::Driver { kind: "a transaction was used wrongly" },
            ErrorKind::SessionsNotSupported => Self::Driver { kind: "the server has no sessions" },
            ErrorKind::Shutdown => Self::Driver { kind: "the client is shut down" },
            _ => Self::Driver { kind: "an internal error" },
        }
    }
}

impl Error {
    pub(super) fn of_code(code: i32, name: String) -> Self {
        if code == DUPLICATE_KEY { Self::Duplicate } else { Self::Refused { code, name } }
    }
}
