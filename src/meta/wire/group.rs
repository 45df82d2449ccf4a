//! `groups[]`: a group's life, its members, its settings.

use super::scalar::{Int, Text, Truth};
use super::{Fault, shape};

shape! {
    Group {
        timestamp: Int,
        group_id: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        request_id: Text<'a>,
        subject: Text<'a>,
        description: Text<'a>,
        invite_link: Text<'a>,
        join_approval_mode: Text<'a>,
        reason: Text<'a>,
        initiated_by: Text<'a>,
        join_request_id: Text<'a>,
        wa_id: Text<'a>,
        user_id: Text<'a>,
        added_participants: Vec<Participant<'a>>,
        removed_participants: Vec<Participant<'a>>,
        failed_participants: Vec<Participant<'a>>,
        profile_picture: GroupSetting<'a>,
        group_subject: GroupSetting<'a>,
        group_description: GroupSetting<'a>,
        errors: Vec<Fault<'a>>,
    }
}

shape! {
    Participant {
        input: Text<'a>,
        wa_id: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        errors: Vec<Fault<'a>>,
    }
}

shape! {
    GroupSetting {
        text: Text<'a>,
        mime_type: Text<'a>,
        sha256: Text<'a>,
        update_successful: Truth,
        errors: Vec<Fault<'a>>,
    }
}
