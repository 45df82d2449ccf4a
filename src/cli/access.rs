//! `pesan workspace` and `pesan api-key`: who may come in, from the machine itself.

use std::time::Duration;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{Exit, Failure, connect};
use crate::app::BuildError;
use crate::auth::audit;
use crate::auth::audit::{Audit, NewEntry};
use crate::auth::key;
use crate::auth::{ApiKey, ApiKeys, NewApiKey, Role, Scope, Visitor, Who};
use crate::clock::{Clock, Timestamp};
use crate::config::Source;
use crate::ids::Random;
use crate::storage::workspaces::{FIRST, Workspace, first_workspace};
use crate::storage::{self, Storage};

const DAY: Duration = Duration::from_hours(24);
const TEXT_CHARS_MAX: usize = 100;

#[derive(Debug, Subcommand)]
pub(super) enum WorkspaceCommand {
    /// Make a workspace and print its id.
    Create(NewWorkspace),
    /// Show all workspaces.
    List,
}

#[derive(Args, Debug)]
pub(super) struct NewWorkspace {
    /// What people call it.
    name: String,
    /// What the CRM calls it in its tokens, if not by our id.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key and print it, this once.
    Create(NewKey),
    /// Show the keys of a workspace, without what opens anything.
    List(InWorkspace),
    /// End a key, at once on every instance.
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub(super) struct InWorkspace {
    /// The workspace: the word first, its id, or its external id.
    #[arg(long, value_name = "WORKSPACE", default_value = FIRST)]
    pub(super) workspace: String,
}

#[derive(Args, Debug)]
pub(super) struct NewKey {
    /// What it is for.
    name: String,
    /// viewer, agent, admin or owner.
    #[arg(long, value_parser = parse_role)]
    role: Role,
    #[command(flatten)]
    workspace: InWorkspace,
    /// Narrow the role to these, like messages:send; may be given several times. Unset: all that the role may.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope)]
    scopes: Vec<Scope>,
    /// Only for this number, by our id; may be given several times. Unset: all numbers.
    #[arg(long = "number", value_name = "ID")]
    numbers: Vec<Uuid>,
    /// It ends by itself after so many days. Unset: never.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    expires_in_days: Option<u32>,
}

#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The key's id, as `pesan api-key list` shows it.
    id: Uuid,
    #[command(flatten)]
    workspace: InWorkspace,
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| format!("expects {}", Role::ALL.map(Role::name).join(", ")))
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    Scope::named(text).ok_or_else(|| format!("expects one of {}", Scope::ALL.map(Scope::name).join(", ")))
}

impl From<key::Error> for Failure {
    fn from(error: key::Error) -> Self {
        match error {
            key::Error::Storage(error) | key::Error::Audit(audit::Error::Storage(error)) => error.into(),
            key::Error::Invalid { .. } => Self::new(Exit::Configuration, error.to_string()),
            error => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

pub(super) async fn run_workspace(command: WorkspaceCommand, source: &Source) -> Result<Exit, Failure> {
    let storage = connect_to_current(source).await?;
    let outcome = match command {
        WorkspaceCommand::Create(new) => create_workspace(&storage, new).await,
        WorkspaceCommand::List => list_workspaces(&storage).await,
    };
    storage.close().await;
    outcome
}

pub(super) async fn run_key(command: KeyCommand, source: &Source) -> Result<Exit, Failure> {
    let storage = connect_to_current(source).await?;
    let keys = ApiKeys::new(&storage, &Clock::system(), &Random::system());
    let outcome = match command {
        KeyCommand::Create(new) => create_key(&storage, &keys, new).await,
        KeyCommand::List(InWorkspace { workspace }) => list_keys(&storage, &keys, &workspace).await,
        KeyCommand::Revoke(Revoke { id, workspace }) => {
            revoke_key(&storage, &keys, id, &workspace.workspace).await
        }
    };
    storage.close().await;
    outcome
}

/// A connection to a database that is up to date.
pub(super) async fn connect_to_current(source: &Source) -> Result<Storage, Failure> {
    let (_, storage) = connect(source).await?;
    let state = storage.state().await?;
    if state.is_current() { Ok(storage) } else { Err(BuildError::SchemaBehind(state.lines()).into()) }
}

/// The workspace that an operator means.
pub(super) async fn workspace_named(storage: &Storage, name: &str) -> Result<Uuid, Failure> {
    if name == FIRST {
        // It is there without being made.
        storage.ensure_workspace(first_workspace(), FIRST).await?;
        return Ok(first_workspace());
    }
    match storage.find_workspace(name).await? {
        Some(workspace) => Ok(workspace.id),
        None => Err(Failure::new(
            Exit::Failed,
            format!("there is no workspace {name:?}; `pesan workspace list` shows them"),
        )),
    }
}

async fn create_workspace(storage: &Storage, new: NewWorkspace) -> Result<Exit, Failure> {
    let (clock, random) = (Clock::system(), Random::system());
    let wrong = |what: &str| {
        Failure::new(Exit::Configuration, format!("{what} expects 1 to {TEXT_CHARS_MAX} characters"))
    };
    let is_good = |text: &str| {
        (1..=TEXT_CHARS_MAX).contains(&text.trim().chars().count()) && !text.contains(char::is_control)
    };
    if !is_good(&new.name) {
        return Err(wrong("the name"));
    }
    if new.external_id.as_ref().is_some_and(|id| !is_good(id)) {
        return Err(wrong("--external-id"));
    }
    let external_id = new.external_id.map(|id| id.trim().to_owned());
    if external_id.as_deref() == Some(FIRST) {
        return Err(Failure::new(
            Exit::Configuration,
            "--external-id first is taken: it is the word for the first workspace",
        ));
    }
    let failed = |error: crate::ids::Exhausted| Failure::new(Exit::Failed, error.to_string());
    let id = random.id(clock.now()).map_err(failed)?;
    let name = new.name.trim().to_owned();
    let workspace = Workspace { id, name, external_id, created_ms: Some(clock.now_ms()) };
    match storage.insert_workspace(&workspace).await {
        Ok(()) => {}
        Err(storage::Error::Duplicate) => {
            return Err(Failure::new(Exit::Failed, "another workspace has this external id"));
        }
        Err(error) => return Err(error.into()),
    }
    let target = format!("workspace:{id}");
    let changes = [
        ("name", None, Some(workspace.name.as_str())),
        ("externalId", None, workspace.external_id.as_deref()),
    ];
    let entry = NewEntry {
        workspace: id,
        who: &Who::Operator,
        deed: "create-workspace",
        target: &target,
        changes: &changes,
    };
    let noted = Audit::new(storage, &clock, &random).note(entry).await;
    noted.map_err(|error| Failure::new(Exit::Dependency, error.to_string()))?;
    println!("{id}");
    Ok(Exit::Done)
}

async fn list_workspaces(storage: &Storage) -> Result<Exit, Failure> {
    let workspaces = storage.all_workspaces().await?;
    if workspaces.is_empty() {
        println!("There is none yet; `pesan workspace create NAME` makes one.");
        return Ok(Exit::Done);
    }
    println!("{:<36}  {:<24}  {:<24}  name", "id", "created", "external id");
    for workspace in workspaces {
        let created = workspace.created_ms.map(time).unwrap_or_default();
        let external_id = workspace.external_id.unwrap_or_default();
        println!("{}  {created:<24}  {external_id:<24}  {}", workspace.id, workspace.name);
    }
    Ok(Exit::Done)
}

async fn create_key(storage: &Storage, keys: &ApiKeys, new: NewKey) -> Result<Exit, Failure> {
    let workspace = workspace_named(storage, &new.workspace.workspace).await?;
    let expires_ms = new.expires_in_days.map(|days| {
        let span = i64::try_from((DAY * days).as_millis()).unwrap_or(i64::MAX);
        Clock::system().now_ms().saturating_add(span)
    });
    let wanted = NewApiKey {
        name: new.name,
        role: new.role,
        scopes: (!new.scopes.is_empty()).then_some(new.scopes),
        numbers: (!new.numbers.is_empty()).then_some(new.numbers),
        expires_ms,
    };
    let created = keys.create(&Visitor::operator(workspace), wanted).await?;
    // The key alone on standard output, so that a script can take it.
    eprintln!("Key {} is made. It is shown this once; keep it in a safe place:", created.key.id);
    println!("{}", created.text.expose());
    Ok(Exit::Done)
}

async fn list_keys(storage: &Storage, keys: &ApiKeys, workspace: &str) -> Result<Exit, Failure> {
    let workspace = workspace_named(storage, workspace).await?;
    let listed = keys.list(workspace).await?;
    if listed.is_empty() {
        println!("There is none yet; `pesan api-key create NAME --role ROLE` makes one.");
        return Ok(Exit::Done);
    }
    let now_ms = Clock::system().now_ms();
    for key in listed {
        println!("{}  {:<6}  {:<28}  {}", key.id, key.role, state(&key, now_ms), key.name);
        println!("    begins with {}, made {} by {}", key.hint, time(key.created_ms), key.created_by);
        match key.last_used_ms {
            Some(at) => println!("    last used {}", time(at)),
            None => println!("    never used"),
        }
        if let Some(scopes) = &key.scopes {
            println!("    only {}", scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", "));
        }
        for number in key.numbers.iter().flatten() {
            println!("    only for number {number}");
        }
    }
    Ok(Exit::Done)
}

fn state(key: &ApiKey, now_ms: i64) -> String {
    match (key.revoked_ms, key.expires_ms) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) if at <= now_ms => format!("expired {}", time(at)),
        (None, Some(at)) => format!("until {}", time(at)),
        (None, None) => "valid".to_owned(),
    }
}

async fn revoke_key(storage: &Storage, keys: &ApiKeys, id: Uuid, workspace: &str) -> Result<Exit, Failure> {
    let workspace = workspace_named(storage, workspace).await?;
    let key = keys.revoke(&Visitor::operator(workspace), id).await?;
    println!(
        "Key {} ({}) has been revoked since {}.",
        key.id,
        key.name,
        key.revoked_ms.map(time).unwrap_or_default()
    );
    Ok(Exit::Done)
}

pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}
