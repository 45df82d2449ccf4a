//! Every fixture becomes typed events, leaf by leaf, and every kind of event has a fixture of our own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::leaves::Checker;
use super::told::Listener;
use crate::domain::account::{AccountNews, NumberNews, TemplateChange};
use crate::domain::content::{Content, MediaKind, SystemChange};
use crate::domain::event::Event;
use crate::domain::message::Origin;
use crate::domain::status::{Outcome, Step};
use crate::meta::decode::{Item, decode};

/// What Meta has published.
pub const SAMPLES: &[&str] = &["fixtures/meta/webhooks-openapi", "fixtures/meta/webhooks-2026"];
/// What Meta's reference pages show inline.
const REFERENCE: &[&str] = &["fixtures/meta/webhooks-reference"];
/// Our own.
pub const OWN: &[&str] = &["fixtures/webhook"];

/// Fields without a fixture of our own, and why.
const WITHOUT_FIXTURE: &[(&str, &str)] =
    &[("consumer_profile", "Meta (2026-07) lists the field for overrides and shows no payload")];

/// The payloads of these folders by file name.
pub fn files(folders: &[&str]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in folders {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().extension().is_some_and(|extension| extension == "json") {
                files.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    files
}

/// The folders with the number of files that each has at least: a test over an empty folder proves nothing.
fn corpora() -> Vec<BTreeMap<String, String>> {
    let corpora: Vec<_> = [(SAMPLES, 47), (REFERENCE, 98), (OWN, 180)]
        .map(|(folders, at_least)| {
            let files = files(folders);
            assert!(files.len() >= at_least, "{folders:?} has {} files", files.len());
            files
        })
        .into();
    corpora
}

#[test]
fn every_leaf_of_every_fixture_lands_in_a_typed_field() {
    let mut checker = Checker::default();
    for (name, text) in corpora().iter().flatten() {
        checker.check(name, text);
    }
    checker.finish();
}

#[test]
fn every_leaf_of_every_fixture_is_told_or_has_a_reason_not_to_be() {
    let mut listener = Listener::default();
    for (_, text) in corpora().iter().flatten() {
        listener.look_at(text);
    }
    listener.finish();
}

#[test]
fn every_fixture_is_recognised_and_routed() {
    for (name, text) in corpora().iter().flatten() {
        let items = decode(text.as_bytes());
        assert!(!items.is_empty(), "{name}");
        for item in &items {
            let mut kinds = Kinds::default();
            kinds.add(item);
            assert!(!kinds.0.iter().any(|kind| kind.ends_with("::Unrecognised")), "{name}: {item:?}");
            if let Event::Message(message) = &item.event {
                assert!(
                    message.customer.is_identified() || message.group_id.is_some(),
                    "{name}: {message:?}"
                );
            }
            assert!(item.account_id.is_some(), "{name}");
        }
    }
}

/// Declares a function that names an enum's variant, and the names of all of them. A variant that is not listed
/// does not compile; one that is listed needs a fixture.
macro_rules! kinds {
    ($($function:ident($type:ty) $enum:ident { $($variant:ident),* $(,)? })*) => {
        $(
            fn $function(value: &$type) -> &'static str {
                match value {
                    $($enum::$variant { .. } => concat!(stringify!($enum), "::", stringify!($variant)),)*
                }
            }
        )*
        const KINDS: &[&str] = &[$($(concat!(stringify!($enum), "::", stringify!($variant)),)*)*];
    };
}

kinds! {
    event_kind(Event<'_>) Event {
        Message, Status, HistoryProgress, AddressBook, UserId, Preference, LinkClick, Conversion, Call, Group,
        Handover, NumberFault, Template, Number, Account, Unrecognised,
    }
    origin_kind(Origin<'_>) Origin { Customer, Echo, History }
    content_kind(Content<'_>) Content {
        Text, Media, Location, Contacts, Reaction, Button, ButtonReply, ListReply, FormReply, CallPermission,
        PaymentMethod, Order, System, RequestWelcome, Edit, Revoke, MediaPlaceholder, Interactive, Template,
        Unsupported, Unrecognised,
    }
    media_kind(MediaKind) MediaKind { Image, Video, Audio, Document, Sticker }
    system_kind(SystemChange<'_>) SystemChange { Number, UserId, Identity, Unrecognised }
    outcome_kind(Outcome<'_>) Outcome { Message, Payment, Call, Unrecognised }
    step_kind(Step) Step { Sent, Failed, Delivered, Read, Played }
    template_kind(TemplateChange<'_>) TemplateChange { Status, Quality, Components, Category, WrongCategory }
    number_kind(NumberNews<'_>) NumberNews { Name, Quality, Security, Username, Settings }
    account_kind(AccountNews<'_>) AccountNews {
        Update, Alert, Review, Capability, PartnerSolution, PaymentConfiguration, Flow,
    }
}

/// The kinds that were met.
#[derive(Debug, Default)]
struct Kinds(BTreeSet<&'static str>);

impl Kinds {
    fn add(&mut self, item: &Item<'_>) {
        self.0.insert(event_kind(&item.event));
        match &item.event {
            Event::Message(message) => {
                self.0.insert(origin_kind(&message.origin));
                self.add_content(&message.content);
            }
            Event::Status(status) => {
                self.0.insert(outcome_kind(&status.outcome));
                if let Outcome::Message(step) = &status.outcome {
                    self.0.insert(step_kind(step));
                }
            }
            Event::Template(news) => drop(self.0.insert(template_kind(&news.change))),
            Event::Number(news) => drop(self.0.insert(number_kind(news))),
            Event::Account(news) => drop(self.0.insert(account_kind(news))),
            _ => {}
        }
    }

    fn add_content(&mut self, content: &Content<'_>) {
        self.0.insert(content_kind(content));
        match content {
            Content::Media(media) => drop(self.0.insert(media_kind(&media.kind))),
            Content::System(system) => drop(self.0.insert(system_kind(&system.change))),
            Content::Edit { content, .. } => self.add_content(content),
            _ => {}
        }
    }
}

#[test]
fn every_kind_of_event_has_a_fixture_of_our_own() {
    let mut met = Kinds::default();
    let own = files(OWN);
    for item in own.values().flat_map(|text| decode(text.as_bytes())) {
        met.add(&item);
    }
    let missing: Vec<_> =
        KINDS.iter().filter(|kind| !kind.ends_with("::Unrecognised") && !met.0.contains(**kind)).collect();
    assert!(missing.is_empty(), "add a payload to fixtures/webhook for each of {missing:?}");
}

#[test]
fn every_field_that_is_understood_has_a_fixture_of_our_own() {
    let own = files(OWN);
    let met: BTreeSet<String> = own
        .values()
        .flat_map(|text| decode(text.as_bytes()))
        .filter(|item| !matches!(item.event, Event::Unrecognised { .. }))
        .map(|item| item.field.into_owned())
        .collect();
    let understood = understood_fields();
    assert!(understood.len() >= 30, "the fields were found in the source: {understood:?}");
    for field in &understood {
        let is_excused = WITHOUT_FIXTURE.iter().any(|(name, _)| name == field);
        assert_ne!(met.contains(field), is_excused, "{field}: a fixture or an excuse, and not both");
    }
}

/// The fields that decoding tells apart, as its source spells them: a field added there has to have a fixture.
fn understood_fields() -> BTreeSet<String> {
    let sources = [include_str!("../mod.rs"), include_str!("../news.rs")];
    let mut fields = BTreeSet::new();
    for source in sources {
        for block in source.split("match place.field.as_ref() {").skip(1) {
            let block = block.split("_ =>").next().unwrap_or_default();
            fields.extend(block.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    fields
}
