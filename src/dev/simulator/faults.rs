//! Trouble on demand: what goes wrong, where, how often.
//!
//! Owns the list of ordered faults and decides, for a request or a delivery, which one strikes. What a fault
//! does is the business of the Graph side and of the outbox.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Requests: the answer comes late by `delay_ms`.
    Slow,
    /// Requests: answered with `status` (500 or above) and code 131000, without being taken.
    ServerError,
    /// Requests: taken, and answered with `status` (502 if not given) by a page of something on the way.
    GatewayError,
    /// Requests: answered with 429 and `code` (4 if not given), without being taken.
    RateLimited,
    /// Requests: answered with 401 and 190/463.
    ExpiredToken,
    /// Requests: taken, and then the connection is closed without an answer.
    DroppedResponse,
    /// Requests and webhooks: the connection is closed, nothing is taken or sent.
    NetworkCut,
    /// Requests that send a message: the first status webhook is delivered before the answer.
    StatusFirst,
    /// The same, and no status carries the sender's own data.
    NamelessStatusFirst,
    /// Requests that send a template: taken, and held until Meta has judged the template; sent after a while.
    HeldForQuality,
    /// The same, and dropped after a while, because the template is paused.
    TemplatePaused,
    /// Webhooks: delivered twice.
    Duplicate,
    /// Webhooks: the updates that are due together go in reverse order, each in its own POST.
    Reorder,
}

impl Kind {
    fn is_for(self, place: Place) -> bool {
        match self {
            Self::NetworkCut => true,
            Self::Duplicate | Self::Reorder => place == Place::Webhook,
            _ => place == Place::Request,
        }
    }
}

/// Where trouble can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Request,
    Webhook,
}

/// One ordered fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub kind: Kind,
    /// Where, for a kind that is possible in both places; requests if not given.
    #[serde(default)]
    pub place: Option<Place>,
    /// Strikes only if the request's `METHOD /path`, or the webhook's field or URL, contains this.
    #[serde(default)]
    pub target: Option<String>,
    /// How many times it still strikes; without end if not given.
    #[serde(default)]
    pub count: Option<u32>,
    /// How likely it strikes, in percent; always if not given.
    #[serde(default)]
    pub percent: Option<u8>,
    #[serde(default)]
    pub delay_ms: Option<u64>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub code: Option<u32>,
}

/// The ordered faults.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Orders one more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Those that can still strike.
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    /// The first fault that strikes here, counted down. `dice` gives a number below 100.
    pub fn strike(&mut self, place: Place, what: &[&str], mut dice: impl FnMut() -> u64) -> Option<Fault> {
        let at = self.0.iter().position(|fault| {
            fault.kind.is_for(place)
                && (fault.kind != Kind::NetworkCut || fault.place.unwrap_or(Place::Request) == place)
                && fault.target.as_ref().is_none_or(|target| what.iter().any(|what| what.contains(target)))
                && fault.percent.is_none_or(|percent| dice() < u64::from(percent))
        })?;
        let fault = self.0.get_mut(at)?;
        let struck = fault.clone();
        if let Some(count) = &mut fault.count {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(at);
            }
        }
        Some(struck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_strikes_where_and_as_often_as_ordered() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"server_error","target":"/messages","count":2}"#));
        let mut strike = |what: &str| faults.strike(Place::Request, &[what], || 0).is_some();
        assert!(!strike("GET /v25.0/1/media"));
        assert!(strike("POST /v25.0/1/messages"));
        assert!(strike("POST /v25.0/1/messages"));
        assert!(!strike("POST /v25.0/1/messages"));
    }

    #[test]
    fn a_network_cut_names_its_place() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"network_cut","place":"webhook"}"#));
        assert!(faults.strike(Place::Request, &["POST /x"], || 0).is_none());
        assert!(faults.strike(Place::Webhook, &["messages"], || 0).is_some());
    }

    #[test]
    fn chance_decides_when_it_is_asked_to() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"slow","percent":30,"delay_ms":5}"#));
        assert!(faults.strike(Place::Request, &[""], || 29).is_some());
        assert!(faults.strike(Place::Request, &[""], || 30).is_none());
    }
}
