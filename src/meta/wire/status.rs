//! `statuses[]`: what became of a message, a payment or a call.

use super::scalar::{Int, Text, Truth};
use super::{Fault, shape};

shape! {
    Status {
        id: Text<'a>,
        status: Text<'a>,
        timestamp: Int,
        #[serde(rename = "type")]
        kind: Text<'a>,
        recipient_id: Text<'a>,
        recipient_user_id: Text<'a>,
        recipient_parent_user_id: Text<'a>,
        recipient_type: Text<'a>,
        recipient_participant_id: Text<'a>,
        // Meta (2026-07): the published samples have both spellings.
        participant_recipient_id: Text<'a>,
        recipient_participant_user_id: Text<'a>,
        recipient_participant_parent_user_id: Text<'a>,
        recipient_identity_key_hash: Text<'a>,
        biz_opaque_callback_data: Text<'a>,
        template_id: Text<'a>,
        conversation: Conversation<'a>,
        pricing: Pricing<'a>,
        payment: Payment<'a>,
        errors: Vec<Fault<'a>>,
    }
}

shape! {
    Conversation {
        id: Text<'a>,
        expiration_timestamp: Int,
        origin: Origin<'a>,
        // Meta (2026-07): group statuses have it in here.
        pricing: Pricing<'a>,
    }
}

shape! {
    Origin {
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    Pricing {
        billable: Truth,
        pricing_model: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        category: Text<'a>,
    }
}

shape! {
    Payment {
        reference_id: Text<'a>,
        amount: Amount<'a>,
        currency: Text<'a>,
        transaction: Transaction<'a>,
    }
}

shape! {
    Amount {
        value: Int,
        offset: Int,
    }
}

shape! {
    Transaction {
        id: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        status: Text<'a>,
        created_timestamp: Int,
        updated_timestamp: Int,
        method: Origin<'a>,
    }
}
