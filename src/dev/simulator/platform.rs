//! The platform as a whole: the world, and what it has to tell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tracing::warn;

use super::faults::{Faults, Kind, Place};
use super::journal::{Entry, Journal, kept_body};
use super::outbox::Outbox;
use super::scenario::Plan;
use super::webhook::deliver::{self, Attempt, Deliverer, Mishap, NotStarted, Outcome, Target, Waiting};
use super::webhook::envelope::Update;
use super::webhook::field::{self, Context, Customer};
use super::world::person::Person;
use super::world::{World, content};
use super::{Options, world};
use crate::clock::{Clock, ManualClock};
use crate::ids::Random;
use crate::runtime::Supervisor;
use crate::secret::Secret;

/// Everything behind the HTTP surface.
pub struct Platform {
    options: Options,
    base_url: String,
    pub(super) clock: Clock,
    /// Moves the time, where it is virtual.
    pub(super) manual: Option<ManualClock>,
    random: Random,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    pub(super) outbox: Outbox,
    pub(super) journal: Arc<Journal>,
    pub(super) deliverer: Deliverer,
    /// What people will do by themselves.
    pub(super) plan: Mutex<Plan>,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Platform {
    pub(super) fn start(
        options: &Options,
        base_url: &str,
        clock: Clock,
        manual: Option<ManualClock>,
        random: Random,
        supervisor: &Supervisor,
    ) -> Result<Self, NotStarted> {
        let journal = Arc::new(Journal::default());
        let (kept, kept_clock) = (Arc::clone(&journal), clock.clone());
        let observer: deliver::Observer = Arc::new(move |attempt| {
            kept.add(kept_clock.now_ms(), entry_of(attempt));
        });
        let is_virtual = manual.is_some();
        let delivery = deliver::Options {
            waiting: if is_virtual { Waiting::ForWake } else { Waiting::Sleep },
            connections_max: if is_virtual { 1 } else { deliver::Options::default().connections_max },
            ..deliver::Options::default()
        };
        let deliverer = Deliverer::start(delivery, supervisor, clock.clone(), &random, observer)?;
        let world = World::new(options, base_url, clock.clone(), random.clone());
        Ok(Self {
            options: options.clone(),
            base_url: base_url.to_owned(),
            clock,
            manual,
            random,
            world: Mutex::new(world),
            faults: Mutex::default(),
            outbox: Outbox::default(),
            journal,
            deliverer,
            plan: Mutex::default(),
        })
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the beginning; time and randomness go on.
    pub(super) fn reset(&self) {
        let fresh = World::new(&self.options, &self.base_url, self.clock.clone(), self.random.clone());
        *self.world() = fresh;
        self.faults().clear();
        self.outbox.clear();
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).steps.clear();
        self.journal.clear();
    }

    pub(super) fn set_callback(&self, url: &str) {
        let mut world = self.world();
        for app in world.apps.values_mut() {
            let subscription = app.subscription.get_or_insert_with(|| world::account::Subscription {
                callback_url: String::new(),
                verify_token: self.options.verify_token.expose().to_owned(),
                fields: world::account::FIELDS.iter().map(|field| (*field).to_owned()).collect(),
                active: true,
            });
            url.clone_into(&mut subscription.callback_url);
        }
    }

    /// Tells an update about a number at `due_ms`, to whoever is subscribed; if nobody is, the journal knows.
    pub(super) fn tell(&self, number_id: &str, field: &str, value: Value, due_ms: i64) {
        let (targets, entry_id, waba_id) = {
            let world = self.world();
            let Some(number) = world.numbers.get(number_id) else { return };
            let random = self.random.clone();
            let context = context_of(&world, number_id, &random, due_ms / 1_000);
            let entry_id =
                context.map_or_else(String::new, |context| field::entry_id(field, &value, &context));
            (targets_of(&world, number_id, &number.waba_id, field), entry_id, number.waba_id.clone())
        };
        if targets.is_empty() {
            let reason = "no active subscription of the account to this field".to_owned();
            self.journal
                .add(self.clock.now_ms(), Entry::Unwanted { waba_id, field: field.to_owned(), reason });
        }
        for target in targets {
            let update = Update { entry_id: entry_id.clone(), field: field.to_owned(), value: value.clone() };
            self.outbox.add(due_ms, target, update);
        }
    }

    /// Makes a value of a field for a number.
    pub(super) fn produce(&self, number_id: &str, field: &str, variant: Option<&str>) -> Option<Value> {
        let random = self.random.clone();
        let world = self.world();
        let mut context = context_of(&world, number_id, &random, self.clock.now_ms() / 1_000)?;
        field::produce(field, variant, &mut context)
    }

    /// Makes a value with the help of the field generators.
    pub(super) fn make<T>(
        &self,
        number_id: &str,
        at_ms: i64,
        make: impl FnOnce(&mut Context<'_>) -> T,
    ) -> Option<T> {
        let random = self.random.clone();
        let world = self.world();
        let mut context = context_of(&world, number_id, &random, at_ms / 1_000)?;
        Some(make(&mut context))
    }

    /// Hands what is due to the deliverer, disturbed as ordered.
    pub(super) fn send_due(&self) {
        for (target, updates) in self.outbox.take_due(self.clock.now_ms()) {
            let mishap = self.mishap(&target, &updates);
            if let Err(error) = self.deliverer.send(&target, updates, mishap) {
                warn!(%error, "webhooks of the simulator are lost");
            }
        }
    }

    fn mishap(&self, target: &Target, updates: &[Update]) -> Mishap {
        let mut what: Vec<&str> = updates.iter().map(|update| update.field.as_str()).collect();
        what.push(&target.url);
        let fault = {
            let mut faults = self.faults();
            let random = self.random.clone();
            faults.strike(Place::Webhook, &what, || random.number().unwrap_or(0) % 100)
        };
        match fault.map(|fault| fault.kind) {
            Some(Kind::Duplicate) => Mishap { duplicates: 1, ..Mishap::default() },
            Some(Kind::Reorder) => Mishap { is_reversed: true, ..Mishap::default() },
            Some(Kind::NetworkCut) => Mishap { cut_attempts: 1, ..Mishap::default() },
            _ => Mishap::default(),
        }
    }

    /// A fault that strikes this request, if one was ordered.
    pub(super) fn strike(&self, what: &str) -> Option<super::faults::Fault> {
        let random = self.random.clone();
        self.faults().strike(Place::Request, &[what], || random.number().unwrap_or(0) % 100)
    }

    /// A person's message to a number: opens the window, is remembered, and is told.
    pub(super) fn receive(&self, person: &Person, number_id: &str, body: &Value) -> Option<String> {
        let now_ms = self.clock.now_ms();
        let customer = customer_of(person);
        let peer = person.phone.clone().unwrap_or_else(|| person.user_id.clone());
        let wamid = self.world().new_wamid(&peer, content::Direction::Received);
        let value = self.make(number_id, now_ms, |context| {
            let mut message = field::message::written_by(context, &customer, body.clone());
            field::context::set(&mut message, "id", json!(wamid));
            field::message::value(context, &customer, message)
        })?;
        {
            let mut world = self.world();
            world.numbers.get_mut(number_id)?.windows.insert(person.key.clone(), now_ms);
            let kind = body.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            world.record(content::Message {
                id: wamid.clone(),
                number_id: number_id.to_owned(),
                person: person.key.clone(),
                direction: content::Direction::Received,
                kind,
                at_ms: now_ms,
                status: "received".to_owned(),
                body: body.clone(),
            });
        }
        self.tell(number_id, "messages", value, now_ms);
        Some(wamid)
    }
}

/// A person as the field generators know one.
pub(super) fn customer_of(person: &Person) -> Customer {
    Customer {
        wa_id: person.phone.clone(),
        user_id: person.user_id.clone(),
        parent_user_id: None,
        name: person.name.clone(),
        username: person.username.clone(),
    }
}

fn context_of<'a>(world: &World, number_id: &str, random: &'a Random, now_s: i64) -> Option<Context<'a>> {
    let number = world.numbers.get(number_id)?;
    let waba = world.wabas.get(&number.waba_id)?;
    Some(Context {
        random,
        now_s,
        waba_id: waba.id.clone(),
        business_id: waba.business_id.clone(),
        phone_number_id: number.id.clone(),
        display_phone_number: number.phone.clone(),
    })
}

/// Meta (2026-07): the number's override goes before the account's, that before the app's own URL; and only an app that
/// is subscribed to the account and to the field hears of it.
fn targets_of(world: &World, number_id: &str, waba_id: &str, field: &str) -> Vec<Target> {
    let Some(waba) = world.wabas.get(waba_id) else { return Vec::new() };
    let number_override = world.numbers.get(number_id).and_then(|number| number.webhook_override.as_ref());
    waba.subscribed_apps
        .iter()
        .filter_map(|(app_id, waba_override)| {
            let app = world.apps.get(app_id)?;
            let subscription = app.subscription.as_ref()?;
            if !subscription.active
                || !subscription.fields.contains(field)
                || subscription.callback_url.is_empty()
            {
                return None;
            }
            let url = number_override
                .or(waba_override.as_ref())
                .filter(|_| can_be_overridden(field))
                .map_or(&subscription.callback_url, |other| &other.uri);
            Some(Target { url: url.clone(), app_secret: Secret::new(app.secret.clone()) })
        })
        .collect()
}

/// Meta (2026-06): template and account fields always go to the app's URL.
fn can_be_overridden(field: &str) -> bool {
    const FIELDS: &[&str] = &[
        "messages",
        "message_echoes",
        "calls",
        "consumer_profile",
        "messaging_handovers",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "smb_message_echoes",
        "smb_app_state_sync",
        "history",
        "account_settings_update",
    ];
    FIELDS.contains(&field)
}

fn entry_of(attempt: &Attempt) -> Entry {
    let (status, answer) = match &attempt.outcome {
        Outcome::Answered { status, answer } => (Some(*status), answer.clone()),
        Outcome::NoAnswer { reason } => (None, (*reason).to_owned()),
    };
    Entry::Webhook {
        url: attempt.url.clone(),
        body: kept_body(&attempt.body),
        signature: attempt.signature.clone(),
        fields: attempt.fields.clone(),
        attempt: attempt.number,
        status,
        answer,
        fault: None,
    }
}
