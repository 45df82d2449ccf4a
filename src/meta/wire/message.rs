//! `messages[]`, and what surrounds a message: who, in answer to what, brought by which advertisement.

use serde_json::value::RawValue;

use super::scalar::{Int, Text, Truth};
use super::{
    Button, ContactCard, Fault, Identity, Interactive, Location, Media, Order, Reaction, System, Template,
    TextBody, shape,
};

shape! {
    /// `contacts[]`: a person as far as Meta tells.
    Contact {
        profile: Profile<'a>,
        wa_id: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        identity_key_hash: Text<'a>,
    }
}

shape! {
    Profile {
        name: Text<'a>,
        username: Text<'a>,
    }
}

shape! {
    /// A message from a customer; the same shape with `to` is an echo, with `history_context` one of the past, and
    /// with the keys of a send request what another partner sent.
    Message {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `whatsapp`"))]
        messaging_product: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "always `individual`, in what another partner sent"))]
        recipient_type: Text<'a>,
        recipient: Text<'a>,
        from: Text<'a>,
        from_user_id: Text<'a>,
        from_parent_user_id: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "nobody has said what it is"))]
        from_logical_id: Text<'a>,
        to: Text<'a>,
        to_user_id: Text<'a>,
        to_parent_user_id: Text<'a>,
        group_id: Text<'a>,
        id: Text<'a>,
        timestamp: Int,
        #[serde(rename = "type")]
        kind: Text<'a>,
        context: Context<'a>,
        referral: Referral<'a>,
        errors: Vec<Fault<'a>>,
        identity: Identity<'a>,
        history_context: HistoryContext<'a>,
        text: TextBody<'a>,
        image: Media<'a>,
        video: Media<'a>,
        audio: Media<'a>,
        document: Media<'a>,
        sticker: Media<'a>,
        location: Location<'a>,
        contacts: Vec<ContactCard<'a>>,
        button: Button<'a>,
        interactive: Interactive<'a>,
        order: Order<'a>,
        reaction: Reaction<'a>,
        system: System<'a>,
        unsupported: Unsupported<'a>,
        edit: Edit<'a>,
        revoke: Revoke<'a>,
        template: Template<'a>,
    }
}

shape! {
    /// What a message refers to.
    Context {
        from: Text<'a>,
        id: Text<'a>,
        // Meta (2026-07): the name in a send body, which echoes repeat.
        message_id: Text<'a>,
        forwarded: Truth,
        frequently_forwarded: Truth,
        referred_product: ReferredProduct<'a>,
    }
}

shape! {
    ReferredProduct {
        catalog_id: Text<'a>,
        product_retailer_id: Text<'a>,
    }
}

shape! {
    /// The advertisement or post that brought the customer.
    Referral {
        source_url: Text<'a>,
        source_id: Text<'a>,
        source_type: Text<'a>,
        body: Text<'a>,
        headline: Text<'a>,
        media_type: Text<'a>,
        image_url: Text<'a>,
        video_url: Text<'a>,
        thumbnail_url: Text<'a>,
        ctwa_clid: Text<'a>,
        welcome_message: TextOnly<'a>,
        #[serde(rename = "ref")]
        reference: Text<'a>,
    }
}

shape! {
    TextOnly {
        text: Text<'a>,
    }
}

shape! {
    HistoryContext {
        status: Text<'a>,
    }
}

shape! {
    Unsupported {
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    Edit {
        original_message_id: Text<'a>,
        // Unread, as it may hold an edit again, and so on: nesting must not eat the stack.
        message: &'a RawValue,
    }
}

shape! {
    Revoke {
        original_message_id: Text<'a>,
    }
}

shape! {
    /// A click on a marketing message's link.
    UserAction {
        #[cfg_attr(not(test), expect(dead_code, reason = "only clicks are told, and they are known by their part"))]
        action_type: Text<'a>,
        timestamp: Int,
        marketing_messages_link_click_data: LinkClick<'a>,
    }
}

shape! {
    LinkClick {
        click_component: Text<'a>,
        product_id: Text<'a>,
        click_id: Text<'a>,
        tracking_token: Text<'a>,
    }
}

shape! {
    /// What an artificial agent hands on about the conversation so far.
    ConversationContext {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `summary`"))]
        #[serde(rename = "type")]
        kind: Text<'a>,
        summary: TextOnly<'a>,
    }
}
