//! Who owns a conversation when several partners share it: handovers, and the copies for those who stand by.

use super::scalar::{Int, Text};
use super::{ConversationContext, Message, Metadata, shape};
use serde_json::value::RawValue;

shape! {
    /// The value of `messaging_handovers`.
    Handover {
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
        template: StandbyTemplate<'a>,
        flow: StandbyFlow<'a>,
    }
}

shape! {
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
    StandbyFlow {
        id: Text<'a>,
        name: Text<'a>,
        status: Text<'a>,
        categories: Vec<Text<'a>>,
    }
}
