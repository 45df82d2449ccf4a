//! The closed table of what a caller can be told: one row a code, for HTTP and for GraphQL alike.
//!
//! Inside, each module has its own small error type. At the edge it becomes one of these codes, and the caller
//! sees the code, its public sentence and the request id, never the inner error's text.

/// What went wrong, as far as a caller may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    InvalidRequest,
    Unauthenticated,
    Forbidden,
    OperationNotAllowed,
    NotFound,
    PersistedQueryNotFound,
    MethodNotAllowed,
    RequestTimeout,
    CursorExpired,
    PayloadTooLarge,
    RateLimited,
    Overloaded,
    Resume,
    Unavailable,
    Internal,
}

/// What a code means to the caller.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub code: Code,
    /// Its name in JSON bodies and in GraphQL's `extensions.code`.
    pub name: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// Whether the same request may succeed later, unchanged.
    pub retryable: bool,
    /// The sentence that the caller reads.
    pub message: &'static str,
    /// When it is given, for the documentation.
    pub when: &'static str,
}

/// Every code there is, in the order of the enum.
pub const TABLE: &[Row] = &[
    Row {
        code: Code::InvalidRequest,
        name: "INVALID_REQUEST",
        status: 400,
        retryable: false,
        message: "The request is not well formed.",
        when: "The body, a parameter or a header is not of the form that the route expects.",
    },
    Row {
        code: Code::Unauthenticated,
        name: "UNAUTHENTICATED",
        status: 401,
        retryable: false,
        message: "The request does not prove who sends it.",
        when: "A webhook's signature, or the client certificate that is demanded of its caller, is missing or wrong; an API key or token is missing, wrong, expired or revoked.",
    },
    Row {
        code: Code::Forbidden,
        name: "FORBIDDEN",
        status: 403,
        retryable: false,
        message: "The sender may not do this.",
        when: "The verify token is not the configured one; the webhook is called from an address that is not admitted, or with a client certificate for another name; the key or role does not allow the operation.",
    },
    Row {
        code: Code::OperationNotAllowed,
        name: "OPERATION_NOT_ALLOWED",
        status: 403,
        retryable: false,
        message: "This operation is not on the server's list.",
        when: "GRAPHQL_ALLOWED_OPERATIONS names the only documents that are run, and this one is not among them.",
    },
    Row {
        code: Code::NotFound,
        name: "NOT_FOUND",
        status: 404,
        retryable: false,
        message: "There is nothing here.",
        when: "No such route, or no such object in the caller's workspace.",
    },
    Row {
        code: Code::PersistedQueryNotFound,
        name: "PERSISTED_QUERY_NOT_FOUND",
        status: 404,
        retryable: true,
        // Word for word what clients of this protocol look for.
        message: "PersistedQueryNotFound",
        when: "The hash in `extensions.persistedQuery` is not known to this instance. Clients send the text once more with the hash, by themselves.",
    },
    Row {
        code: Code::MethodNotAllowed,
        name: "METHOD_NOT_ALLOWED",
        status: 405,
        retryable: false,
        message: "This address does not take this method.",
        when: "The route exists, for another method.",
    },
    Row {
        code: Code::RequestTimeout,
        name: "REQUEST_TIMEOUT",
        status: 408,
        retryable: true,
        message: "The request took too long to come.",
        when: "The body of a webhook was not there within PESAN_WEBHOOK_BODY_TIMEOUT_MS. The connection is closed.",
    },
    Row {
        code: Code::CursorExpired,
        name: "CURSOR_EXPIRED",
        status: 410,
        retryable: false,
        message: "The log of events does not reach back to this cursor; load anew and begin at `eventsCursor`.",
        when: "A subscription's cursor is older than the log (30 days), or is of another log.",
    },
    Row {
        code: Code::PayloadTooLarge,
        name: "PAYLOAD_TOO_LARGE",
        status: 413,
        retryable: false,
        message: "The request is larger than is accepted.",
        when: "The body is over the route's limit (4 MB for webhooks).",
    },
    Row {
        code: Code::RateLimited,
        name: "RATE_LIMITED",
        status: 429,
        retryable: true,
        message: "There were too many requests; try again shortly.",
        when: "A key, a user or an address has made more requests than API_RATE_LIMIT allows in a window. `Retry-After` and `RateLimit-Reset` say when to come back. RATE_LIMIT_STATUS_CODE and RATE_LIMIT_MESSAGE can change status and sentence.",
    },
    Row {
        code: Code::Overloaded,
        name: "OVERLOADED",
        status: 503,
        retryable: true,
        message: "There is more work than can be taken now; try again shortly.",
        when: "A bounded queue is full. `Retry-After` says when to come back.",
    },
    Row {
        code: Code::Resume,
        name: "RESUME",
        status: 503,
        retryable: true,
        message: "Events were not taken fast enough; subscribe again after the cursor in `extensions.cursor`.",
        when: "A subscriber let its connection stand still. The subscription has ended; nothing is lost for whoever comes back with the cursor.",
    },
    Row {
        code: Code::Unavailable,
        name: "UNAVAILABLE",
        status: 503,
        retryable: true,
        message: "The request could not be completed now; try again.",
        when: "The database did not confirm the write, or the process is stopping. Nothing was promised.",
    },
    Row {
        code: Code::Internal,
        name: "INTERNAL",
        status: 500,
        retryable: true,
        message: "Something went wrong on our side.",
        when: "A fault of ours. The log has it under the request id.",
    },
];

impl Code {
    /// The code's row.
    pub fn row(self) -> &'static Row {
        // The table is in the order of the enum; a test sees to it.
        #[expect(clippy::indexing_slicing, reason = "the table has a row for every code; a test sees to it")]
        &TABLE[self as usize]
    }

    /// The code that says what an HTTP status says.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 => Self::RequestTimeout,
            410 => Self::CursorExpired,
            413 => Self::PayloadTooLarge,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            400..500 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }
}

/// The text of `docs/ERRORS.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         Printed by `pesan errors`; a test compares it with the table in `src/error.rs`.\n\n\
         An HTTP error has the body `{\"error\":{\"code\",\"message\",\"retryable\",\"requestId\"}}`; a GraphQL error has the same \
         code in `extensions.code` and the request id in `extensions.requestId`. The request id is also in the \
         answer's `x-request-id` header and in every log line of the request.\n\n\
         | code | HTTP | try again? | what the caller reads | when |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for row in TABLE {
        let again = if row.retryable { "yes" } else { "no" };
        text.push_str(&format!(
            "| `{}` | {} | {again} | {} | {} |\n",
            row.name, row.status, row.message, row.when
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_a_code_in_the_order_of_the_enum() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, index, "{}", row.name);
            assert_eq!(row.code.row().name, row.name);
        }
        assert_eq!(Code::Internal as usize + 1, TABLE.len(), "Internal is the last code");
    }

    #[test]
    fn a_status_and_its_code_agree() {
        // Some share a status with a code that says less; without more to go by it is that one.
        let special =
            [Code::OperationNotAllowed, Code::PersistedQueryNotFound, Code::Overloaded, Code::Resume];
        for row in TABLE.iter().filter(|row| !special.contains(&row.code)) {
            assert_eq!(Code::of_status(row.status), row.code, "{}", row.name);
        }
    }
}
