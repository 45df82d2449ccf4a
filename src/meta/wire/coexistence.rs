//! A number that is used in the WhatsApp Business app as well: its past, its contacts.

use super::scalar::{Int, Text};
use super::{Fault, shape};
use serde_json::value::RawValue;

shape! {
    /// `history[]`: a piece of the past.
    HistoryChunk {
        metadata: HistoryMetadata<'a>,
        threads: Vec<&'a RawValue>,
        errors: Vec<Fault<'a>>,
    }
}

shape! {
    HistoryMetadata {
        phase: Int,
        chunk_order: Int,
        progress: Int,
    }
}

shape! {
    /// One conversation of the past. `id` is the customer's number, where Meta may tell it.
    Thread {
        id: Text<'a>,
        context: ThreadContext<'a>,
        messages: Vec<&'a RawValue>,
    }
}

shape! {
    ThreadContext {
        wa_id: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        username: Text<'a>,
    }
}

shape! {
    /// `state_sync[]`: a contact of the phone's address book.
    StateSync {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `contact`"))]
        #[serde(rename = "type")]
        kind: Text<'a>,
        contact: SyncedContact<'a>,
        action: Text<'a>,
        metadata: SyncMetadata<'a>,
    }
}

shape! {
    SyncedContact {
        full_name: Text<'a>,
        first_name: Text<'a>,
        phone_number: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        username: Text<'a>,
    }
}

shape! {
    SyncMetadata {
        timestamp: Int,
    }
}
