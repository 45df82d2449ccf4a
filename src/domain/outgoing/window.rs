//! What may be sent into a conversation, until when, and what Meta charges for it. Time is an argument.
//!
//! Our view of the windows only: Meta has the last word.

use serde_json::Value;

use super::Content;

/// Our clock and Meta's are not the same: a window is taken to close a little earlier.
pub const MARGIN_S: i64 = 10;

/// Meta (2026-07): the code that says that the customer's window is closed.
pub const WINDOW_CLOSED: i64 = 131_047;

/// Meta (2026-07): from 2026-10-01 on messages within the customer service window are charged as well.
const SERVICE_CHARGED_FROM_S: i64 = 1_790_812_800;

/// The windows of a conversation, as `domain::conversation` keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// The customer service window: 24 hours from the customer's last message or call.
    pub service_ends_s: Option<i64>,
    /// The free entry point: 72 hours from the first answer to somebody who came by an advertisement.
    pub free_entry_ends_s: Option<i64>,
    pub is_group: bool,
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leave {
    /// Anything may be sent until then; without it, templates only.
    pub free_form_until_s: Option<i64>,
    /// Meta charges nothing until then, templates included. It does not widen what may be sent.
    pub free_of_charge_until_s: Option<i64>,
}

impl Leave {
    pub fn allows(&self, content: &Content) -> bool {
        self.free_form_until_s.is_some() || !is_free_form(content)
    }
}

/// Everything but a template.
pub fn is_free_form(content: &Content) -> bool {
    match content {
        Content::Template(_) => false,
        Content::Raw(body) => body.get("type").and_then(Value::as_str) != Some("template"),
        _ => true,
    }
}

/// What may be sent now.
pub fn can_send(windows: Windows, now_s: i64) -> Leave {
    let open = |ends_s: Option<i64>| ends_s.filter(|ends_s| now_s < ends_s.saturating_sub(MARGIN_S));
    Leave {
        free_form_until_s: open(windows.service_ends_s),
        free_of_charge_until_s: open(windows.free_entry_ends_s),
    }
}

/// What a message is priced as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Whatever is no template.
    Service,
    Utility,
    Marketing,
    Authentication,
}

impl Category {
    /// Of a template, as Meta names it in whatever case.
    pub fn of_template(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "UTILITY" => Some(Self::Utility),
            "MARKETING" => Some(Self::Marketing),
            "AUTHENTICATION" => Some(Self::Authentication),
            _ => None,
        }
    }

    /// As statuses name it.
    pub fn name(self, is_group: bool) -> &'static str {
        match (self, is_group) {
            (Self::Service, false) => "service",
            (Self::Utility, false) => "utility",
            (Self::Marketing, false) => "marketing",
            (Self::Authentication, false) => "authentication",
            (Self::Service, true) => "group_service",
            (Self::Utility, true) => "group_utility",
            (Self::Marketing, true) => "group_marketing",
            (Self::Authentication, true) => "group_authentication",
        }
    }
}

/// Whether a delivered message costs something, named as in `pricing.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    Regular,
    FreeCustomerService,
    FreeGroupCustomerService,
    FreeEntryPoint,
}

impl Charge {
    pub fn is_free(self) -> bool {
        self != Self::Regular
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::FreeCustomerService => "free_customer_service",
            Self::FreeGroupCustomerService => "free_group_customer_service",
            Self::FreeEntryPoint => "free_entry_point",
        }
    }
}

/// What a message of a category costs if it is delivered now.
pub fn charge(windows: Windows, category: Category, now_s: i64) -> Charge {
    let leave = can_send(windows, now_s);
    let is_cheap = matches!(category, Category::Service | Category::Utility);
    if leave.free_of_charge_until_s.is_some() {
        Charge::FreeEntryPoint
    } else if is_cheap && leave.free_form_until_s.is_some() && now_s < SERVICE_CHARGED_FROM_S {
        if windows.is_group { Charge::FreeGroupCustomerService } else { Charge::FreeCustomerService }
    } else {
        Charge::Regular
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::outgoing::plain::Text;

    const NOW_S: i64 = 1_785_000_000;

    fn windows(service_in_s: Option<i64>, free_in_s: Option<i64>) -> Windows {
        Windows {
            service_ends_s: service_in_s.map(|seconds| NOW_S + seconds),
            free_entry_ends_s: free_in_s.map(|seconds| NOW_S + seconds),
            is_group: false,
        }
    }

    #[test]
    fn a_window_is_open_until_shortly_before_its_end() {
        let check = |ends_in_s: Option<i64>, is_open: bool| {
            let leave = can_send(windows(ends_in_s, None), NOW_S);
            assert_eq!(leave.free_form_until_s.is_some(), is_open, "{ends_in_s:?}");
            let leave = can_send(windows(None, ends_in_s), NOW_S);
            assert_eq!(leave.free_of_charge_until_s.is_some(), is_open, "{ends_in_s:?}");
        };
        check(None, false);
        check(Some(-1), false);
        check(Some(0), false);
        check(Some(MARGIN_S), false);
        check(Some(MARGIN_S + 1), true);
        check(Some(86_400), true);
        assert_eq!(can_send(windows(Some(86_400), None), NOW_S).free_form_until_s, Some(NOW_S + 86_400));
        let never = Windows { service_ends_s: Some(i64::MIN), ..Windows::default() };
        assert_eq!(can_send(never, NOW_S).free_form_until_s, None);
    }

    #[test]
    fn outside_the_service_window_only_templates_may_be_sent_even_where_they_are_free() {
        let raw = |kind: &str| Content::Raw(json!({ "type": kind }).as_object().unwrap().clone());
        let template = Content::Template(Box::default());
        let closed = can_send(windows(None, Some(3600)), NOW_S);
        assert!(!closed.allows(&Content::Text(Text::default())));
        assert!(!closed.allows(&raw("text")));
        assert!(closed.allows(&raw("template")));
        assert!(closed.allows(&template));
        let open = can_send(windows(Some(3600), None), NOW_S);
        assert!(open.allows(&Content::Text(Text::default())) && open.allows(&template));
    }

    #[test]
    fn the_price_follows_the_window_the_category_and_the_date() {
        let check = |windows: Windows, category, now_s, expected| {
            assert_eq!(charge(windows, category, now_s), expected, "{windows:?} {category:?} {now_s}");
        };
        let open = windows(Some(3600), None);
        check(open, Category::Service, NOW_S, Charge::FreeCustomerService);
        check(open, Category::Utility, NOW_S, Charge::FreeCustomerService);
        check(open, Category::Marketing, NOW_S, Charge::Regular);
        check(open, Category::Authentication, NOW_S, Charge::Regular);
        check(windows(None, None), Category::Utility, NOW_S, Charge::Regular);
        check(windows(None, Some(3600)), Category::Marketing, NOW_S, Charge::FreeEntryPoint);
        check(Windows { is_group: true, ..open }, Category::Service, NOW_S, Charge::FreeGroupCustomerService);
        let later = Windows { service_ends_s: Some(SERVICE_CHARGED_FROM_S + 3600), ..Windows::default() };
        check(later, Category::Service, SERVICE_CHARGED_FROM_S - 1, Charge::FreeCustomerService);
        check(later, Category::Service, SERVICE_CHARGED_FROM_S, Charge::Regular);
        let free = Windows { free_entry_ends_s: Some(SERVICE_CHARGED_FROM_S + 3600), ..later };
        check(free, Category::Service, SERVICE_CHARGED_FROM_S, Charge::FreeEntryPoint);
    }
}
