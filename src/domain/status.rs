//! What became of a message, and in which order its statuses count.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Str;
use super::person::Person;

/// A step on a message's way, as Meta tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    Sent,
    Failed,
    Delivered,
    Read,
    Played,
}

impl Step {
    /// Its place in the order: a message shows the highest one that was ever reported. `Failed` stands below
    /// `Delivered`, because proof of delivery refutes a failure; 1 is `accepted`, which no webhook tells.
    pub fn rank(self) -> u8 {
        match self {
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Delivered => 4,
            Self::Read => 5,
            Self::Played => 6,
        }
    }
}

/// What a status is about.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome<'a> {
    Message(Step),
    Payment {
        status: Str<'a>,
        payment: Option<Box<Payment<'a>>>,
    },
    Call {
        status: Str<'a>,
    },
    /// A status that we do not know yet.
    Unrecognised {
        kind: Option<Str<'a>>,
        status: Str<'a>,
    },
}

/// One status webhook's item.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status<'a> {
    pub wamid: Str<'a>,
    pub outcome: Outcome<'a>,
    pub at_s: i64,
    /// The customer; in a group the participant.
    pub recipient: Person<'a>,
    pub group_id: Option<Str<'a>>,
    /// Our own id of the message, if it carried one.
    pub callback_data: Option<Str<'a>>,
    pub template_id: Option<Str<'a>>,
    pub pricing: Option<Pricing<'a>>,
    pub conversation: Option<BilledConversation<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault<'a>>,
}

impl Status<'_> {
    /// The key under which it is kept once, however often it comes.
    pub fn key(&self) -> String {
        let participant = self
            .group_id
            .as_ref()
            .and_then(|_| self.recipient.wa_id.as_deref().or(self.recipient.user_id.as_deref()));
        let (kind, status) = match &self.outcome {
            Outcome::Message(step) => ("", step.name()),
            Outcome::Payment { status, .. } => ("payment.", status.as_ref()),
            Outcome::Call { status } => ("call.", status.as_ref()),
            Outcome::Unrecognised { status, .. } => ("", status.as_ref()),
        };
        let at_s = self.at_s.to_string();
        [self.wamid.as_ref(), ":", kind, status, ":", participant.unwrap_or_default(), ":", &at_s].concat()
    }
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Sent, Self::Failed, Self::Delivered, Self::Read, Self::Played];

    /// The step of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// Its name in keys and in the interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
        }
    }
}

/// What Meta charges, as told by whichever status carries it.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pricing<'a> {
    pub billable: Option<bool>,
    pub model: Option<Str<'a>>,
    pub kind: Option<Str<'a>>,
    pub category: Option<Str<'a>>,
}

/// Meta's billing conversation of old; kept, never billed from.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BilledConversation<'a> {
    pub id: Option<Str<'a>>,
    pub expires_at_s: Option<i64>,
    pub origin: Option<Str<'a>>,
}

/// A payment that a status tells of.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment<'a> {
    pub reference_id: Option<Str<'a>>,
    /// The amount is `value / offset`.
    pub value: Option<i64>,
    pub offset: Option<i64>,
    pub currency: Option<Str<'a>>,
    pub transaction_id: Option<Str<'a>>,
    pub transaction_kind: Option<Str<'a>>,
    pub transaction_status: Option<Str<'a>>,
    pub method: Option<Str<'a>>,
    pub created_at_s: Option<i64>,
    pub updated_at_s: Option<i64>,
}

/// An error as Meta words it. Its meaning and the next step come from the error catalogue.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault<'a> {
    pub code: Option<i64>,
    pub title: Option<Str<'a>>,
    pub message: Option<Str<'a>>,
    pub details: Option<Str<'a>>,
    pub href: Option<Str<'a>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn highest(steps: &[Step]) -> u8 {
        steps.iter().map(|step| step.rank()).max().unwrap_or(1)
    }

    #[test]
    fn the_order_is_that_of_the_design() {
        let ranks: Vec<u8> =
            [Step::Sent, Step::Failed, Step::Delivered, Step::Read, Step::Played].map(Step::rank).into();
        assert_eq!(ranks, [2, 3, 4, 5, 6]);
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_of_statuses_ends_the_same(
            steps in proptest::collection::vec(
                prop_oneof![
                    Just(Step::Sent), Just(Step::Failed), Just(Step::Delivered), Just(Step::Read), Just(Step::Played)
                ],
                0..12,
            ),
        ) {
            let mut shuffled = steps.clone();
            shuffled.reverse();
            shuffled.extend(steps.clone());
            prop_assert_eq!(highest(&shuffled), highest(&steps));
        }
    }

    #[test]
    fn a_key_tells_participants_of_a_group_apart_and_repeats_do_not() {
        let status = |participant: &'static str, group: Option<&'static str>| Status {
            wamid: "wamid.1".into(),
            outcome: Outcome::Message(Step::Read),
            at_s: 7,
            recipient: Person { wa_id: Some(participant.into()), ..Person::default() },
            group_id: group.map(Into::into),
            callback_data: None,
            template_id: None,
            pricing: None,
            conversation: None,
            faults: Vec::new(),
        };
        assert_eq!(status("628", None).key(), "wamid.1:read::7");
        assert_eq!(status("628", Some("g")).key(), "wamid.1:read:628:7");
        assert_ne!(status("628", Some("g")).key(), status("629", Some("g")).key());
    }
}
