//! The platform as a whole: the world, what it has to tell, and how time moves both.
//!
//! With a virtual clock nothing is delivered in the background: control calls move the time and deliver what is due,
//! one body after the other, so that the same calls give the same bytes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tracing::warn;

use super::control;
use super::faults::{Faults, Kind, Place};
use super::journal::{Entry, Journal, kept_body};
use super::outbox::Outbox;
use super::scenario::{Scenario, Step};
use super::webhook::deliver::{self, Attempt, Deliverer, Mishap, NotStarted, Outcome, Target, Waiting};
use super::webhook::envelope::Update;
use super::webhook::field::{self, Context, Customer};
use super::world::person::Person;
use super::world::{World, content};
use super::{Options, world};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::ids::Random;
use crate::runtime::{OnEnd, Supervisor};
use crate::secret::Secret;

const POLL_EVERY: Duration = Duration::from_millis(10);

/// What people will do by themselves.
#[derive(Debug, Default)]
struct Plan {
    start_ms: i64,
    steps: VecDeque<Step>,
    /// The messages of the steps that have a name.
    messages: BTreeMap<String, String>,
}

/// Everything behind the HTTP surface.
pub struct Platform {
    options: Options,
    base_url: String,
    pub(super) clock: Clock,
    manual: Option<ManualClock>,
    random: Random,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    outbox: Outbox,
    plan: Mutex<Plan>,
    pub(super) journal: Arc<Journal>,
    pub(super) deliverer: Deliverer,
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
        let plan = Plan { start_ms: clock.now_ms(), ..Plan::default() };
        Ok(Self {
            options: options.clone(),
            base_url: base_url.to_owned(),
            clock,
            manual,
            random,
            world: Mutex::new(world),
            faults: Mutex::default(),
            outbox: Outbox::default(),
            plan: Mutex::new(plan),
            journal,
            deliverer,
        })
    }

    /// Delivers in the background when time is real.
    pub(super) fn keep_delivering(self: &Arc<Self>, supervisor: &Supervisor) {
        if self.manual.is_some() {
            return;
        }
        let platform = Arc::clone(self);
        supervisor.keep("simulator-outbox", OnEnd::Restart, move |stop| {
            let platform = Arc::clone(&platform);
            async move {
                while !stop.is_requested() {
                    platform.send_due();
                    // Both arms are cancel-safe: a token and a timer.
                    tokio::select! {
                        () = stop.requested() => {}
                        () = tokio::time::sleep(POLL_EVERY) => {}
                    }
                }
            }
        });
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the people of a scenario come in, and plans what they do.
    pub(super) fn play(&self, scenario: Scenario) {
        for person in scenario.people {
            self.world().add_person(person);
        }
        self.plan().steps = scenario.steps.into();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is due in the plan.
    fn act_due(&self) {
        loop {
            let (step, message) = {
                let mut plan = self.plan();
                let now_ms = self.clock.now_ms() - plan.start_ms;
                let Some(step) = plan.steps.pop_front_if(|step| step.at_ms <= now_ms) else { return };
                let message = step.after.as_ref().and_then(|after| plan.messages.get(after)).cloned();
                (step, message)
            };
            let mut with = step.with;
            if let Some(message) = message {
                with.insert("message".to_owned(), json!(message));
            }
            match control::act(self, &step.who, &step.does, &Value::Object(with)) {
                Ok(done) => {
                    if let (Some(name), Some(message)) =
                        (step.name, done.get("message").and_then(Value::as_str))
                    {
                        self.plan().messages.insert(name, message.to_owned());
                    }
                }
                Err(why) => warn!(who = step.who, does = step.does, why, "a step of the scenario failed"),
            }
        }
    }

    fn next_step_ms(&self) -> Option<i64> {
        let plan = self.plan();
        plan.steps.front().map(|step| plan.start_ms + step.at_ms)
    }

    /// Back to the beginning; time and randomness go on.
    pub(super) fn reset(&self) {
        let fresh = World::new(&self.options, &self.base_url, self.clock.clone(), self.random.clone());
        *self.world() = fresh;
        self.faults().clear();
        self.outbox.clear();
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
        self.act_due();
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

    /// Delivers everything that is due now, and what becomes due by it.
    pub(super) async fn flush(&self) {
        self.send_due();
        self.deliverer.wake();
        self.deliverer.settled().await;
    }

    /// Moves the virtual time step by step, delivering at each moment what is due at it.
    pub(super) async fn advance(&self, by_ms: i64) -> bool {
        let Some(manual) = &self.manual else { return false };
        let end_ms = self.clock.now_ms().saturating_add(by_ms.max(0));
        loop {
            self.flush().await;
            let deliveries = self.deliverer.next_due().map(Timestamp::as_millisecond);
            let next_ms =
                [self.next_step_ms(), self.outbox.next_due_ms(), deliveries].into_iter().flatten().min();
            let now_ms = self.clock.now_ms();
            let step_ms = next_ms.unwrap_or(end_ms).clamp(now_ms, end_ms) - now_ms;
            if step_ms == 0 && (now_ms >= end_ms || next_ms.is_none_or(|next| next > end_ms)) {
                return true;
            }
            manual.advance(Duration::from_millis(u64::try_from(step_ms.max(1)).unwrap_or(1)));
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
