//! Where a message that we send stands with us, before and beside what Meta tells of it.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// The sender's own state of a message. How far it has come with the customer is its rank (`domain::status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It waits for its turn, its time, or another try.
    Queued,
    /// A request for it is on its way, or was when the process ended.
    Leaving,
    /// Meta has taken it.
    Accepted,
    /// Meta may have taken it: no answer came, and no status yet.
    Unconfirmed,
    /// Meta has not taken it and will not, or we gave up.
    Refused,
    /// Somebody took it back before it left.
    Cancelled,
}

impl State {
    /// Its name in the database and in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leaving => "leaving",
            Self::Accepted => "accepted",
            Self::Unconfirmed => "unconfirmed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What was done to a message beside sending it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deed {
    /// Somebody gave it another time.
    Rescheduled,
    /// Somebody took it back.
    Cancelled,
    /// Somebody had it tried anew, or repeated by another message.
    Retried,
    /// Nobody had heard of it for long, and the workspace wants it left so.
    LeftUnconfirmed,
    /// Nobody had heard of it for long, and the workspace counts it as failed.
    GivenUp,
    /// Nobody had heard of it for long, and the workspace has it sent once more.
    SentAgain,
    /// Meta's limit of customers a day was used up: it waits for its place.
    Limited,
}

/// When something was done to a message, and by whom.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intervention {
    pub at_ms: i64,
    pub deed: Deed,
    /// Nobody: the service itself, by the workspace's settings.
    pub by: Option<String>,
    /// The time that it was given, or waits for.
    pub send_at_ms: Option<i64>,
    /// The message that repeats it, by our id.
    pub repeated_by: Option<String>,
}

impl Intervention {
    /// A deed that says nothing more.
    pub fn of(deed: Deed, by: Option<String>, at_ms: i64) -> Self {
        Self { at_ms, deed, by, send_at_ms: None, repeated_by: None }
    }
}

/// What becomes of a message of which nothing is heard after its answer was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnconfirmedPolicy {
    /// It stays as it is, and that is told.
    #[default]
    Leave,
    /// It counts as failed.
    Fail,
    /// It is sent again: the customer may get it twice.
    Resend,
}

impl UnconfirmedPolicy {
    /// Its name in the database and in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Fail => "fail",
            Self::Resend => "resend",
        }
    }

    /// The policy of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Leave, Self::Fail, Self::Resend].into_iter().find(|policy| policy.name() == name)
    }
}

/// Who goes first when a number has more to send than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    Reply,
    Bulk,
}

impl Priority {
    /// Its rank in the queue.
    pub fn rank(self) -> i32 {
        match self {
            Self::Reply => 0,
            Self::Bulk => 1,
        }
    }

    /// The one of that rank. What was queued before ranks were kept counts as a reply.
    pub fn of_rank(rank: i32) -> Self {
        if rank == Self::Bulk.rank() { Self::Bulk } else { Self::Reply }
    }
}

/// Why a try did not end well.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reason {
    /// Meta's codes, if Meta gave any.
    pub code: Option<i64>,
    pub subcode: Option<i64>,
    /// What happened, in a sentence.
    pub meaning: String,
    /// What to do, in a sentence.
    pub next_step: Option<String>,
    /// What Meta said. It can name the customer.
    pub details: Option<String>,
    /// What Meta's support asks for.
    pub trace_id: Option<String>,
}

/// What Meta does with a template message that it has taken, instead of sending it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pacing {
    /// It waits until Meta has judged the quality of its template; then it is sent or dropped.
    HeldForQuality,
    /// Its template is paused.
    Paused,
}

/// One request for a message, and what came of it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When the conversation's turn was taken for it.
    pub claimed_ms: Option<i64>,
    /// When the request was about to leave.
    pub at_ms: i64,
    pub ended_ms: Option<i64>,
    /// What the message was after it; none while it is on its way.
    pub state: Option<State>,
    pub reason: Option<Reason>,
    /// None: Meta sends it at once, or has not taken it.
    pub pacing: Option<Pacing>,
}

impl Attempt {
    /// One that is about to leave.
    pub fn leaving(claimed_ms: i64, at_ms: i64) -> Self {
        Self { claimed_ms: Some(claimed_ms), at_ms, ended_ms: None, state: None, reason: None, pacing: None }
    }
}
