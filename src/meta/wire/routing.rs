//! Who owns a conversation when several partners share it: handovers, and the copies for those who stand by.

use super::scalar::{Int, Text};
use super::{ConversationContext, Message, Metadata, shape};
use serde_json::value::RawValue;

shape! {
    /// The value of `messaging_handovers`.
    Handover {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `whatsapp`"))]
        messaging_product: Text<'a>,
        metadata: Metadata<'a>,
        sender: HandoverSender<'a>,
        recipient: Metadata<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        timestamp: Int,
        control_passed: Control<'a>,
        control_taken: Control<'a>,
    }
}

shape! {
    HandoverSender {
        phone_number: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
    }
}

shape! {
    Control {
        previous_owner_app_id: Text<'a>,
        previous_owner_app_role: Text<'a>,
        previous_owner_role: Text<'a>,
        new_owner_role: Text<'a>,
        metadata: Text<'a>,
        conversation_context: ConversationContext<'a>,
    }
}

shape! {
    /// `value.standby`: what went on in a conversation that another partner owns.
    Standby {
        contacts: Vec<&'a RawValue>,
        messages: Vec<&'a RawValue>,
        message_echoes: Vec<&'a RawValue>,
        statuses: Vec<&'a RawValue>,
    }
}

shape! {
    /// What another partner sent: the send request, and the template or flow that it used.
    StandbyEcho {
        id: Text<'a>,
        timestamp: Int,
        message: Message<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "templates are read from Meta, by their name"))]
        template: StandbyTemplate<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "which flow it is, its message says"))]
        flow: StandbyFlow<'a>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "templates are read from Meta, by their name"))]
    StandbyTemplate {
        id: Text<'a>,
        name: Text<'a>,
        language: Text<'a>,
        category: Text<'a>,
        status: Text<'a>,
        components: &'a RawValue,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "which flow it is, its message says"))]
    StandbyFlow {
        id: Text<'a>,
        name: Text<'a>,
        status: Text<'a>,
        categories: Vec<Text<'a>>,
    }
}
