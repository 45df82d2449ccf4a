//! News about people's wishes and names: marketing preferences, changed ids, the business' own user name, and the
//! events that Meta derives from conversations.

use super::scalar::{Int, Real, Text};
use super::shape;

shape! {
    UserPreference {
        wa_id: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        detail: Text<'a>,
        category: Text<'a>,
        value: Text<'a>,
        signup_id: Text<'a>,
        timestamp: Int,
    }
}

shape! {
    UserIdUpdate {
        wa_id: Text<'a>,
        detail: Text<'a>,
        user_id: Changed<'a>,
        parent_user_id: Changed<'a>,
        timestamp: Int,
    }
}

shape! {
    Changed {
        previous: Text<'a>,
        current: Text<'a>,
    }
}

shape! {
    UsernameUpdate {
        display_phone_number: Text<'a>,
        username: Text<'a>,
        status: Text<'a>,
    }
}

shape! {
    AutomaticEvent {
        id: Text<'a>,
        event_name: Text<'a>,
        timestamp: Int,
        ctwa_clid: Text<'a>,
        custom_data: CustomData<'a>,
    }
}

shape! {
    CustomData {
        currency: Text<'a>,
        value: Real,
    }
}

shape! {
    TrackingEvent {
        event_name: Text<'a>,
        timestamp: Int,
        tracking_data: TrackingData<'a>,
    }
}

shape! {
    TrackingData {
        click_id: Text<'a>,
        tracking_token: Text<'a>,
    }
}
