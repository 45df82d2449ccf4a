//! What can be in a message, inbound and, for echoes, as it was sent.

use super::scalar::{Int, Real, Text, Truth};
use super::shape;
use serde_json::value::RawValue;

shape! {
    TextBody {
        body: Text<'a>,
        preview_url: Truth,
    }
}

shape! {
    /// An image, video, voice or audio, document or sticker.
    Media {
        id: Text<'a>,
        mime_type: Text<'a>,
        // Base64 in some samples, hex in others: kept as it comes.
        sha256: Text<'a>,
        url: Text<'a>,
        link: Text<'a>,
        caption: Text<'a>,
        filename: Text<'a>,
        voice: Truth,
        animated: Truth,
    }
}

shape! {
    Location {
        latitude: Real,
        longitude: Real,
        name: Text<'a>,
        address: Text<'a>,
        url: Text<'a>,
    }
}

shape! {
    /// A shared contact.
    ContactCard {
        name: ContactName<'a>,
        org: ContactOrganisation<'a>,
        phones: Vec<ContactPhone<'a>>,
        emails: Vec<ContactEmail<'a>>,
        addresses: Vec<ContactAddress<'a>>,
        urls: Vec<ContactUrl<'a>>,
        birthday: Text<'a>,
        vcard: Text<'a>,
        origin: Text<'a>,
    }
}

shape! {
    ContactName {
        formatted_name: Text<'a>,
        first_name: Text<'a>,
        last_name: Text<'a>,
        middle_name: Text<'a>,
        prefix: Text<'a>,
        suffix: Text<'a>,
    }
}

shape! {
    ContactOrganisation {
        company: Text<'a>,
        department: Text<'a>,
        title: Text<'a>,
    }
}

shape! {
    ContactPhone {
        phone: Text<'a>,
        wa_id: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    ContactEmail {
        email: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    ContactAddress {
        street: Text<'a>,
        city: Text<'a>,
        state: Text<'a>,
        zip: Text<'a>,
        country: Text<'a>,
        country_code: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    ContactUrl {
        url: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
    }
}

shape! {
    /// A tap on a template's quick-reply button.
    Button {
        payload: Text<'a>,
        text: Text<'a>,
    }
}

shape! {
    /// An answer to an interactive message, or, in an echo, the interactive message itself.
    Interactive {
        #[serde(rename = "type")]
        kind: Text<'a>,
        button_reply: Choice<'a>,
        list_reply: Choice<'a>,
        nfm_reply: FlowReply<'a>,
        call_permission_reply: CallPermissionReply<'a>,
        payment_method: PaymentMethod<'a>,
        header: InteractiveHeader<'a>,
        body: super::TextOnly<'a>,
        footer: super::TextOnly<'a>,
        action: Action<'a>,
    }
}

shape! {
    Choice {
        id: Text<'a>,
        title: Text<'a>,
        description: Text<'a>,
    }
}

shape! {
    FlowReply {
        name: Text<'a>,
        body: Text<'a>,
        // JSON inside a text: the form's own.
        response_json: Text<'a>,
    }
}

shape! {
    CallPermissionReply {
        response: Text<'a>,
        is_permanent: Truth,
        expiration_timestamp: Int,
        response_source: Text<'a>,
    }
}

shape! {
    PaymentMethod {
        payment_method: Text<'a>,
        payment_timestamp: Int,
        reference_id: Text<'a>,
        last_four_digits: Text<'a>,
        credential_id: Text<'a>,
    }
}

shape! {
    InteractiveHeader {
        #[serde(rename = "type")]
        kind: Text<'a>,
        text: Text<'a>,
        image: Media<'a>,
        video: Media<'a>,
        document: Media<'a>,
    }
}

shape! {
    /// What the reader of an interactive message can do. Its parameters differ by kind and are kept as they are.
    Action {
        name: Text<'a>,
        button: Text<'a>,
        buttons: Vec<ActionButton<'a>>,
        sections: &'a RawValue,
        parameters: &'a RawValue,
        catalog_id: Text<'a>,
        product_retailer_id: Text<'a>,
    }
}

shape! {
    ActionButton {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `reply`"))]
        #[serde(rename = "type")]
        kind: Text<'a>,
        reply: Choice<'a>,
    }
}

shape! {
    /// A cart that the customer sent.
    Order {
        catalog_id: Text<'a>,
        text: Text<'a>,
        product_items: Vec<OrderItem<'a>>,
    }
}

shape! {
    OrderItem {
        product_retailer_id: Text<'a>,
        quantity: Real,
        item_price: Real,
        currency: Text<'a>,
    }
}

shape! {
    /// A reaction; without an emoji it takes one back.
    Reaction {
        message_id: Text<'a>,
        emoji: Text<'a>,
    }
}

shape! {
    /// News about the customer's account.
    System {
        body: Text<'a>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        wa_id: Text<'a>,
        new_wa_id: Text<'a>,
        user_id: Text<'a>,
        parent_user_id: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "only older versions tell a key with a new number"))]
        identity: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "older versions repeat `from` here"))]
        customer: Text<'a>,
    }
}

shape! {
    Identity {
        acknowledged: Truth,
        created_timestamp: Int,
        hash: Text<'a>,
    }
}

shape! {
    /// A template as it was sent, in an echo. Its components' parameters are kept as they are.
    Template {
        name: Text<'a>,
        language: Language<'a>,
        components: &'a RawValue,
        #[cfg_attr(not(test), expect(dead_code, reason = "Meta has given it up; it says nothing"))]
        namespace: Text<'a>,
    }
}

shape! {
    Language {
        code: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "there is only one, `deterministic`"))]
        policy: Text<'a>,
    }
}
