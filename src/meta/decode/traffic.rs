//! The traffic of a number: messages, statuses, echoes, the past, contacts, calls, groups, preferences.

use serde_json::value::RawValue;

use super::content::content;
use super::group::group_event;
use super::people::{fault, faults, introduced, person};
use super::{Found, Place, int, moment, text};
use crate::domain::Str;
use crate::domain::account::{CallFile, CallNews};
use crate::domain::event::{Event, Why};
use crate::domain::message::{Context, Identity, Message, Origin, Referral};
use crate::domain::person::Person;
use crate::domain::status::{BilledConversation, Outcome, Payment, Pricing, Status, Step};
use crate::meta::wire;

impl<'a> Found<'a> {
    pub(super) fn read_traffic(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(wire::WithRest { known: value, rest }) =
            wire::read::<wire::WithRest<'a, wire::Value<'a>>>(raw)
        else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let metadata = value.metadata.unwrap_or_default();
        let place = &Place {
            phone_number_id: text(metadata.phone_number_id),
            display_phone_number: text(metadata.display_phone_number),
            ..place.clone()
        };
        let before = self.items.len();
        let (people, unread) = introduced(value.contacts);
        let summary =
            text(value.conversation_context.and_then(|context| context.summary).and_then(|part| part.text));
        // Meta (2026-07): the media of the past come as `messages` of the field `history`.
        let is_past = place.field == "history";
        for raw in value.messages.unwrap_or_default() {
            let origin =
                if is_past { Origin::History { outbound: false, status: None } } else { Origin::Customer };
            self.read_message(place, raw, &people, origin, summary.clone());
        }
        for raw in value.message_echoes.unwrap_or_default() {
            let origin =
                if is_past { Origin::History { outbound: true, status: None } } else { Origin::Echo };
            self.read_message(place, raw, &people, origin, None);
        }
        for raw in value.statuses.unwrap_or_default() {
            self.read_status(place, raw, &people);
        }
        for raw in value.history.unwrap_or_default() {
            self.read_history(place, raw);
        }
        if let Some(standby) = value.standby {
            self.read_standby(place, standby);
        }
        for raw in value.calls.unwrap_or_default() {
            self.read(place, raw, |call: wire::Call<'a>| call_event(call, &people));
        }
        for raw in value.groups.unwrap_or_default() {
            self.read(place, raw, |group| Ok(group_event(group, &people)));
        }
        for raw in value.state_sync.unwrap_or_default() {
            self.read(place, raw, |sync| Ok(address_book_event(sync)));
        }
        for raw in value.user_preferences.unwrap_or_default() {
            self.read(place, raw, |preference| Ok(preference_event(preference, &people)));
        }
        for raw in value.user_id_update.unwrap_or_default() {
            self.read(place, raw, |update| Ok(user_id_event(update, &people)));
        }
        for raw in value.user_actions.unwrap_or_default() {
            self.read(place, raw, |action| Ok(link_click_event(action)));
        }
        for raw in value.automatic_events.unwrap_or_default() {
            self.read(place, raw, |event| Ok(conversion_event(event)));
        }
        for raw in value.events.unwrap_or_default() {
            self.read(place, raw, |event| Ok(tracking_event(event)));
        }
        for raw in value.errors.unwrap_or_default() {
            self.read(place, raw, |error| Ok(Event::NumberFault(fault(error))));
        }
        if self.items.len() == before {
            return self.unrecognised(place, Some(raw.get()), Why::Empty);
        }
        for raw in unread {
            self.unrecognised(place, Some(raw.get()), Why::Shape);
        }
        self.read_rest(place, rest);
    }

    fn read_message(
        &mut self,
        place: &Place<'a>,
        raw: &'a RawValue,
        people: &[Person<'a>],
        origin: Origin<'a>,
        summary: Option<Str<'a>>,
    ) {
        self.read(place, raw, |message: wire::Message<'a>| {
            message_event(message, people, origin, summary).ok_or(Why::NoKey)
        });
    }

    fn read_status(&mut self, place: &Place<'a>, raw: &'a RawValue, people: &[Person<'a>]) {
        self.read(place, raw, |status: wire::Status<'a>| status_event(status, people).ok_or(Why::NoKey));
    }

    fn read_history(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(wire::WithRest { known: chunk, rest }) =
            wire::read::<wire::WithRest<'a, wire::HistoryChunk<'a>>>(raw)
        else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let metadata = chunk.metadata.unwrap_or_default();
        let threads = chunk.threads.unwrap_or_default();
        let is_told_by_its_threads = !threads.is_empty();
        self.push(
            place,
            // Megabytes, which its threads' items hold as well.
            (!is_told_by_its_threads).then_some(raw.get()),
            Event::HistoryProgress {
                phase: int(metadata.phase),
                chunk: int(metadata.chunk_order),
                percent: int(metadata.progress),
                faults: faults(chunk.errors),
            },
        );
        for raw in threads {
            self.read_thread(place, raw);
        }
        if is_told_by_its_threads {
            self.read_rest(place, rest);
        }
    }

    /// Reads a conversation of the past.
    fn read_thread(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(wire::WithRest { known: thread, rest }) =
            wire::read::<wire::WithRest<'a, wire::Thread<'a>>>(raw)
        else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let messages = thread.messages.unwrap_or_default();
        if messages.is_empty() {
            return self.unrecognised(place, Some(raw.get()), Why::Empty);
        }
        let context = thread.context.unwrap_or_default();
        let customer = Person {
            wa_id: text(thread.id).or(text(context.wa_id)),
            user_id: text(context.user_id),
            parent_user_id: text(context.parent_user_id),
            username: text(context.username),
            ..Person::default()
        };
        for raw in messages {
            self.read(place, raw, |message| past_event(place, message, &customer).ok_or(Why::NoKey));
        }
        self.read_rest(place, rest);
    }

    fn read_standby(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let place = &Place { is_standby: true, ..place.clone() };
        let Ok(wire::WithRest { known: standby, rest }) =
            wire::read::<wire::WithRest<'a, wire::Standby<'a>>>(raw)
        else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let before = self.items.len();
        let (people, unread) = introduced(standby.contacts);
        for raw in standby.messages.unwrap_or_default() {
            self.read_message(place, raw, &people, Origin::Customer, None);
        }
        for raw in standby.statuses.unwrap_or_default() {
            self.read_status(place, raw, &people);
        }
        for raw in standby.message_echoes.unwrap_or_default() {
            self.read(place, raw, |echo: wire::StandbyEcho<'a>| {
                // What another partner sent, as it was sent.
                let mut sent = echo.message.ok_or(Why::Shape)?;
                let to_user_id = sent.to_user_id.take().or(sent.recipient.take());
                let message = wire::Message { id: echo.id, timestamp: echo.timestamp, to_user_id, ..sent };
                message_event(message, &people, Origin::Echo, None).ok_or(Why::NoKey)
            });
        }
        if self.items.len() == before {
            return self.unrecognised(place, Some(raw.get()), Why::Empty);
        }
        for raw in unread {
            self.unrecognised(place, Some(raw.get()), Why::Shape);
        }
        self.read_rest(place, rest);
    }
}

/// A message of the present.
fn message_event<'a>(
    mut message: wire::Message<'a>,
    people: &[Person<'a>],
    origin: Origin<'a>,
    summary: Option<Str<'a>>,
) -> Option<Event<'a>> {
    let customer = if matches!(origin, Origin::Customer | Origin::History { outbound: false, .. }) {
        person(
            text(message.from.take()),
            text(message.from_user_id.take()),
            text(message.from_parent_user_id.take()),
            people,
        )
    } else {
        person(
            text(message.to.take()),
            text(message.to_user_id.take()),
            text(message.to_parent_user_id.take()),
            people,
        )
    };
    message_with(message, customer, origin, summary)
}

/// A message of the past: who wrote it follows from whether it is the business' own number.
fn past_event<'a>(place: &Place<'a>, message: wire::Message<'a>, customer: &Person<'a>) -> Option<Event<'a>> {
    let from_business = match (&message.from, &place.display_phone_number) {
        (Some(from), Some(number)) => digits(from) == digits(number),
        _ => message.from_user_id.is_none(),
    };
    let status = message.history_context.as_ref().and_then(|context| text(context.status.clone()));
    let mut customer = customer.clone();
    if !from_business {
        customer.complete_from(&Person {
            wa_id: text(message.from.clone()),
            user_id: text(message.from_user_id.clone()),
            parent_user_id: text(message.from_parent_user_id.clone()),
            ..Person::default()
        });
    }
    message_with(message, customer, Origin::History { outbound: from_business, status }, None)
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn message_with<'a>(
    mut message: wire::Message<'a>,
    customer: Person<'a>,
    origin: Origin<'a>,
    summary: Option<Str<'a>>,
) -> Option<Event<'a>> {
    let content = content(&mut message);
    Some(Event::Message(Box::new(Message {
        wamid: text(message.id)?,
        at_s: moment(message.timestamp)?,
        origin,
        customer,
        group_id: text(message.group_id),
        content,
        context: message.context.map(context),
        referral: message.referral.map(|referral| Box::new(self::referral(referral))),
        identity: message.identity.map(|identity| Identity {
            acknowledged: identity.acknowledged.map(|truth| truth.0),
            created_at_s: int(identity.created_timestamp),
            hash: text(identity.hash),
        }),
        faults: faults(message.errors),
        summary,
    })))
}

fn context(context: wire::Context<'_>) -> Context<'_> {
    let product = context.referred_product.unwrap_or_default();
    Context {
        wamid: text(context.id).or(text(context.message_id)),
        from: text(context.from),
        forwarded: wire::is_true(context.forwarded),
        frequently_forwarded: wire::is_true(context.frequently_forwarded),
        catalog_id: text(product.catalog_id),
        product_retailer_id: text(product.product_retailer_id),
    }
}

fn referral(referral: wire::Referral<'_>) -> Referral<'_> {
    Referral {
        source_url: text(referral.source_url),
        source_id: text(referral.source_id),
        source_type: text(referral.source_type),
        headline: text(referral.headline),
        body: text(referral.body),
        media_type: text(referral.media_type),
        image_url: text(referral.image_url),
        video_url: text(referral.video_url),
        thumbnail_url: text(referral.thumbnail_url),
        ctwa_clid: text(referral.ctwa_clid),
        welcome_text: text(referral.welcome_message.and_then(|part| part.text)),
        reference: text(referral.reference),
    }
}

fn status_event<'a>(status: wire::Status<'a>, people: &[Person<'a>]) -> Option<Event<'a>> {
    let is_group = status.recipient_type.as_deref() == Some("group");
    let recipient_id = text(status.recipient_id);
    let (group_id, recipient) = if is_group {
        let participant = text(status.recipient_participant_id).or(text(status.participant_recipient_id));
        let user_id = text(status.recipient_participant_user_id);
        let parent = text(status.recipient_participant_parent_user_id);
        (recipient_id, person(participant, user_id, parent, people))
    } else {
        let (user_id, parent) = (text(status.recipient_user_id), text(status.recipient_parent_user_id));
        (None, person(recipient_id, user_id, parent, people))
    };
    let name = text(status.status)?;
    let kind = text(status.kind);
    let outcome = match (kind.as_deref(), name.as_ref()) {
        (Some("payment"), _) => {
            Outcome::Payment { status: name, payment: status.payment.map(|part| Box::new(payment(part))) }
        }
        (Some("call"), _) => Outcome::Call { status: name },
        (None | Some("message"), word) => match step(word) {
            Some(step) => Outcome::Message(step),
            None => Outcome::Unrecognised { kind, status: name },
        },
        _ => Outcome::Unrecognised { kind, status: name },
    };
    let mut conversation = status.conversation;
    let nested = conversation.as_mut().and_then(|part| part.pricing.take());
    Some(Event::Status(Box::new(Status {
        wamid: text(status.id)?,
        outcome,
        at_s: moment(status.timestamp)?,
        recipient: Person {
            identity_key_hash: text(status.recipient_identity_key_hash).or(recipient.identity_key_hash),
            ..recipient
        },
        group_id,
        callback_data: text(status.biz_opaque_callback_data),
        template_id: text(status.template_id),
        pricing: status.pricing.or(nested).map(|part| Pricing {
            billable: part.billable.map(|truth| truth.0),
            model: text(part.pricing_model),
            kind: text(part.kind),
            category: text(part.category),
        }),
        conversation: conversation.map(|part| BilledConversation {
            id: text(part.id),
            expires_at_s: int(part.expiration_timestamp),
            origin: text(part.origin.and_then(|origin| origin.kind)),
        }),
        faults: faults(status.errors),
    })))
}

fn step(word: &str) -> Option<Step> {
    Some(match word {
        "sent" => Step::Sent,
        "failed" => Step::Failed,
        "delivered" => Step::Delivered,
        "read" => Step::Read,
        "played" => Step::Played,
        _ => return None,
    })
}

fn payment(payment: wire::Payment<'_>) -> Payment<'_> {
    let amount = payment.amount.unwrap_or_default();
    let transaction = payment.transaction.unwrap_or_default();
    Payment {
        reference_id: text(payment.reference_id),
        value: int(amount.value),
        offset: int(amount.offset),
        currency: text(payment.currency),
        transaction_id: text(transaction.id),
        transaction_kind: text(transaction.kind),
        transaction_status: text(transaction.status),
        method: text(transaction.method.and_then(|method| method.kind)),
        created_at_s: int(transaction.created_timestamp),
        updated_at_s: int(transaction.updated_timestamp),
    }
}

fn call_event<'a>(call: wire::Call<'a>, people: &[Person<'a>]) -> Result<Event<'a>, Why> {
    let direction = text(call.direction);
    let from = (text(call.from), text(call.from_user_id), text(call.from_parent_user_id));
    let to = (text(call.to), text(call.to_user_id), text(call.to_parent_user_id));
    // Meta (2026-07): in some samples of calls by the business, `from` and `to` are the wrong way round; the
    // introductions say who the customer is.
    let (wa_id, user_id, parent) = if direction.as_deref() == Some("BUSINESS_INITIATED") { to } else { from };
    let customer = match people {
        [only] => only.clone(),
        _ => person(wa_id, user_id, parent, people),
    };
    let session = call.session.unwrap_or_default();
    let recorded = call.call_recording.unwrap_or_default();
    let (recording_id, recording) = call_file(recorded.audio, text(recorded.kind));
    let (transcript_id, transcript) = call_file(call.call_transcript.and_then(|part| part.document), None);
    Ok(Event::Call(Box::new(CallNews {
        call_id: text(call.id).ok_or(Why::NoKey)?,
        event: text(call.event),
        direction,
        at_s: int(call.timestamp),
        customer,
        status: text(call.status),
        started_at_s: int(call.start_time),
        ended_at_s: int(call.end_time),
        duration_s: int(call.duration),
        sdp_kind: text(session.sdp_type),
        sdp: text(session.sdp),
        callback_data: text(call.biz_opaque_callback_data),
        recording_id,
        recording,
        transcript_id,
        transcript,
    })))
}

/// A file of a call: its id, and what else is told of it.
fn call_file<'a>(
    file: Option<wire::Media<'a>>,
    kind: Option<Str<'a>>,
) -> (Option<Str<'a>>, Option<CallFile<'a>>) {
    let Some(file) = file else { return (None, None) };
    let told =
        CallFile { kind, mime_type: text(file.mime_type), sha256: text(file.sha256), url: text(file.url) };
    (text(file.id), Some(told))
}

fn address_book_event(sync: wire::StateSync<'_>) -> Event<'_> {
    let contact = sync.contact.unwrap_or_default();
    Event::AddressBook {
        person: Person {
            phone: text(contact.phone_number),
            user_id: text(contact.user_id),
            parent_user_id: text(contact.parent_user_id),
            username: text(contact.username),
            ..Person::default()
        },
        full_name: text(contact.full_name),
        first_name: text(contact.first_name),
        removed: sync.action.as_deref() == Some("remove"),
        at_s: int(sync.metadata.and_then(|part| part.timestamp)),
    }
}

fn preference_event<'a>(preference: wire::UserPreference<'a>, people: &[Person<'a>]) -> Event<'a> {
    let (wa_id, user_id) = (text(preference.wa_id), text(preference.user_id));
    Event::Preference {
        person: person(wa_id, user_id, text(preference.parent_user_id), people),
        category: text(preference.category),
        value: text(preference.value),
        signup_id: text(preference.signup_id),
        detail: text(preference.detail),
        at_s: int(preference.timestamp),
    }
}

fn user_id_event<'a>(update: wire::UserIdUpdate<'a>, people: &[Person<'a>]) -> Event<'a> {
    let user_id = update.user_id.unwrap_or_default();
    let parent = update.parent_user_id.unwrap_or_default();
    let wa_id = text(update.wa_id);
    Event::UserId {
        person: person(wa_id.clone(), text(user_id.current), text(parent.current), people),
        previous: Person {
            wa_id,
            user_id: text(user_id.previous),
            parent_user_id: text(parent.previous),
            ..Person::default()
        },
        at_s: int(update.timestamp),
        detail: text(update.detail),
    }
}

fn link_click_event(action: wire::UserAction<'_>) -> Event<'_> {
    let click = action.marketing_messages_link_click_data.unwrap_or_default();
    Event::LinkClick {
        component: text(click.click_component),
        product_id: text(click.product_id),
        click_id: text(click.click_id),
        tracking_token: text(click.tracking_token),
        at_s: int(action.timestamp),
    }
}

fn conversion_event(event: wire::AutomaticEvent<'_>) -> Event<'_> {
    let data = event.custom_data.unwrap_or_default();
    Event::Conversion {
        wamid: text(event.id),
        name: text(event.event_name),
        ctwa_clid: text(event.ctwa_clid),
        currency: text(data.currency),
        value: data.value.map(|real| real.0),
        click_id: None,
        tracking_token: None,
        at_s: int(event.timestamp),
    }
}

fn tracking_event(event: wire::TrackingEvent<'_>) -> Event<'_> {
    let data = event.tracking_data.unwrap_or_default();
    Event::Conversion {
        wamid: None,
        name: text(event.event_name),
        ctwa_clid: None,
        currency: None,
        value: None,
        click_id: text(data.click_id),
        tracking_token: text(data.tracking_token),
        at_s: int(event.timestamp),
    }
}
