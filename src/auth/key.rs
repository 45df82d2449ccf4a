//! API keys: how one is written, made, listed and revoked.
//!
//! A key reads `psn_live_ID_SECRET`: a prefix and a checksum, by which a scan of source code or logs finds one that
//! leaked; an id, by which it is looked up; and 256 random bits. Its text is shown once. Only its SHA-256 hash is
//! stored: with that many random bits no slower hash is needed.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::audit;
use super::audit::{Audit, NewEntry};
use super::role::{Deed, Denied, Role, Scope, Visitor, Who, authorize};
use crate::clock::Clock;
use crate::ids::{Exhausted, Random};
use crate::secret::Secret;
use crate::storage;
use crate::storage::Storage;
use crate::storage::access::StoredKey;

/// What every key begins with.
pub const PREFIX: &str = "psn_live_";
const SECRET_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;
/// The letters of an id and of a secret with its checksum, in base 32.
const ID_LETTERS: usize = 26;
const REST_LETTERS: usize = 58;
const NAME_CHARS_MAX: usize = 100;
const NUMBERS_MAX: usize = 1_000;

/// A key's text, as far as it can be read without the database.
#[derive(Debug)]
pub(super) struct Read {
    pub id: Uuid,
    /// SHA-256 of the whole text.
    pub hash: [u8; 32],
}

/// Reads a key's text. None if it was never one of ours: the checksum finds typing errors and inventions.
pub(super) fn read(text: &str) -> Option<Read> {
    let (id, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
    if id.len() != ID_LETTERS || rest.len() != REST_LETTERS || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let id: [u8; 16] = decode(id)?.try_into().ok()?;
    let rest = decode(rest)?;
    let (secret, sum) = rest.split_at_checked(SECRET_BYTES)?;
    (sum == checksum(&id, secret)).then(|| Read { id: Uuid::from_bytes(id), hash: hash_of(text) })
}

/// Makes the text of a new key.
pub fn generate(random: &Random, id: Uuid) -> Result<Secret, Exhausted> {
    let mut rest = random.bytes::<SECRET_BYTES>()?.to_vec();
    let sum = checksum(id.as_bytes(), &rest);
    rest.extend(sum);
    let text = format!("{}_{}", hint(id), encode(&rest));
    zeroize::Zeroize::zeroize(&mut rest);
    Ok(Secret::new(text))
}

/// The part of a key that is no secret.
fn hint(id: Uuid) -> String {
    format!("{PREFIX}{}", encode(id.as_bytes()))
}

fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn checksum(id: &[u8], secret: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new().chain_update(PREFIX).chain_update(id).chain_update(secret).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

fn encode(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()
}

/// Why a key could not be made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Random(#[from] Exhausted),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{field}: {problem}")]
    Invalid { field: &'static str, problem: &'static str },
    #[error("there is no such key in this workspace")]
    NotFound,
}

/// A key, without what opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: Uuid,
    pub workspace: Uuid,
    pub name: String,
    /// How its text begins, for finding it in a configuration.
    pub hint: String,
    pub role: Role,
    pub scopes: Option<Vec<Scope>>,
    pub numbers: Option<Vec<Uuid>>,
    pub created_ms: i64,
    pub created_by: String,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

impl TryFrom<StoredKey> for ApiKey {
    type Error = storage::Error;

    /// Fails on a role or scope that this program does not know: it may be a narrower one.
    fn try_from(stored: StoredKey) -> Result<Self, storage::Error> {
        let malformed = || storage::Error::Malformed { what: "an API key's role or scopes" };
        let scopes = stored.scopes.map(|names| names.iter().map(|name| Scope::named(name)).collect());
        let scopes: Option<Option<Vec<Scope>>> =
            scopes.map_or(Some(None), |scopes: Option<_>| scopes.map(Some));
        Ok(Self {
            id: stored.id,
            workspace: stored.workspace,
            name: stored.name,
            hint: hint(stored.id),
            role: Role::named(&stored.role).ok_or_else(malformed)?,
            scopes: scopes.ok_or_else(malformed)?,
            numbers: stored.numbers,
            created_ms: stored.created_ms,
            created_by: stored.created_by,
            expires_ms: stored.expires_ms,
            last_used_ms: stored.last_used_ms,
            revoked_ms: stored.revoked_ms,
        })
    }
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: String,
    pub role: Role,
    pub scopes: Option<Vec<Scope>>,
    pub numbers: Option<Vec<Uuid>>,
    pub expires_ms: Option<i64>,
}

/// A key that was just made. Its text is not seen again.
#[derive(Clone, Debug)]
pub struct Created {
    pub key: ApiKey,
    pub text: Secret,
}

/// The keys of all workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    storage: Storage,
    clock: Clock,
    random: Random,
    audit: Audit,
}

impl ApiKeys {
    /// The keys that are kept in `storage`.
    pub fn new(storage: &Storage, clock: &Clock, random: &Random) -> Self {
        let audit = Audit::new(storage, clock, random);
        Self { storage: storage.clone(), clock: clock.clone(), random: random.clone(), audit }
    }

    /// Makes a key in the visitor's workspace. It can do nothing that the visitor cannot.
    pub async fn create(&self, by: &Visitor, new: NewApiKey) -> Result<Created, Error> {
        authorize(by, Deed::CreateApiKey)?;
        may_give(by, &new)?;
        self.check(by.workspace, &new).await?;
        let id = self.random.id(self.clock.now())?;
        let text = generate(&self.random, id)?;
        let stored = self.stored(by, id, &text, new);
        self.storage.insert_api_key(&stored).await?;
        let key = ApiKey::try_from(stored)?;
        // After the deed: a key whose entry is missing was never shown to anybody.
        self.note(by, Deed::CreateApiKey, &key).await?;
        Ok(Created { key, text })
    }

    /// The keys of a workspace, the oldest first; those that are revoked or expired too.
    pub async fn list(&self, workspace: Uuid) -> Result<Vec<ApiKey>, storage::Error> {
        self.storage.api_keys_of(workspace).await?.into_iter().map(ApiKey::try_from).collect()
    }

    /// Ends a key of the visitor's workspace, at once on every instance. One that has ended stays as it is.
    pub async fn revoke(&self, by: &Visitor, id: Uuid) -> Result<ApiKey, Error> {
        authorize(by, Deed::RevokeApiKey)?;
        let find = async || -> Result<ApiKey, Error> {
            let stored = self.storage.find_api_key(id).await?;
            let stored = stored.filter(|stored| stored.workspace == by.workspace).ok_or(Error::NotFound)?;
            Ok(ApiKey::try_from(stored)?)
        };
        let key = find().await?;
        if key.role == Role::Owner {
            authorize(by, Deed::ManageOwnerKeys)?;
        }
        if key.revoked_ms.is_some() {
            return Ok(key);
        }
        self.storage.revoke_api_key(by.workspace, id, self.clock.now_ms()).await?;
        let key = find().await?;
        self.note(by, Deed::RevokeApiKey, &key).await?;
        Ok(key)
    }

    /// Sees to it that a key whose text was made before is there: for `pesan dev`.
    pub async fn ensure(&self, by: &Visitor, text: &Secret, new: NewApiKey) -> Result<(), Error> {
        let read = read(text.expose());
        let id = read.ok_or(Error::Invalid { field: "key", problem: "is not the text of a key" })?.id;
        match self.storage.insert_api_key(&self.stored(by, id, text, new)).await {
            Ok(()) | Err(storage::Error::Duplicate) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn stored(&self, by: &Visitor, id: Uuid, text: &Secret, new: NewApiKey) -> StoredKey {
        let scopes = new.scopes.map(|scopes| scopes.iter().map(|scope| scope.name().to_owned()).collect());
        StoredKey {
            id,
            workspace: by.workspace,
            name: new.name.trim().to_owned(),
            hash: hash_of(text.expose()).to_vec(),
            role: new.role.name().to_owned(),
            scopes,
            numbers: new.numbers,
            created_ms: self.clock.now_ms(),
            created_by: by.who.to_string(),
            expires_ms: new.expires_ms,
            last_used_ms: None,
            revoked_ms: None,
        }
    }

    async fn check(&self, workspace: Uuid, new: &NewApiKey) -> Result<(), Error> {
        let wrong = |field, problem| Err(Error::Invalid { field, problem });
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            return wrong("name", "expects 1 to 100 characters");
        }
        if new.expires_ms.is_some_and(|at| at <= self.clock.now_ms()) {
            return wrong("expiresAt", "is not in the future");
        }
        if new.scopes.as_ref().is_some_and(Vec::is_empty) {
            return wrong(
                "scopes",
                "is empty: such a key could do nothing; leave it out for all that the role may",
            );
        }
        let Some(numbers) = &new.numbers else { return Ok(()) };
        if numbers.is_empty() || numbers.len() > NUMBERS_MAX {
            return wrong("numbers", "expects 1 to 1,000 numbers; leave it out for all of the workspace");
        }
        let all = self.storage.all_numbers().await?;
        let is_ours = |id: &Uuid| all.iter().any(|number| number.id == *id && number.workspace == workspace);
        if numbers.iter().all(is_ours) {
            Ok(())
        } else {
            wrong("numbers", "names a number that is not in this workspace")
        }
    }

    async fn note(&self, by: &Visitor, deed: Deed, key: &ApiKey) -> Result<(), Error> {
        let list = |names: Vec<String>| names.join(" ");
        let scopes = key.scopes.as_ref().map(|scopes| list(scopes.iter().map(ToString::to_string).collect()));
        let numbers =
            key.numbers.as_ref().map(|numbers| list(numbers.iter().map(ToString::to_string).collect()));
        let changes: &[_] = if deed == Deed::CreateApiKey {
            &[
                ("name", None, Some(key.name.as_str())),
                ("role", None, Some(key.role.name())),
                ("scopes", None, scopes.as_deref()),
                ("numbers", None, numbers.as_deref()),
            ]
        } else {
            &[("state", Some("valid"), Some("revoked"))]
        };
        let (workspace, target) = (by.workspace, format!("api-key:{}", key.id));
        let entry = NewEntry { workspace, who: &by.who, deed: deed.name(), target: &target, changes };
        Ok(self.audit.note(entry).await?)
    }
}

impl Visitor {
    /// Whoever runs commands on the machine: may do anything.
    pub fn operator(workspace: Uuid) -> Self {
        Self { workspace, role: Role::Owner, who: Who::Operator, scopes: None, numbers: None }
    }
}

/// Nobody gives away more than they have.
fn may_give(by: &Visitor, new: &NewApiKey) -> Result<(), Denied> {
    if new.role == Role::Owner {
        authorize(by, Deed::ManageOwnerKeys)?;
    }
    if new.role > by.role {
        return Err(Denied::Role { needs: new.role });
    }
    let Some(own) = &by.scopes else { return Ok(()) };
    let wanted = new.scopes.as_deref().unwrap_or(&Scope::ALL);
    match wanted.iter().find(|scope| !own.contains(scope)) {
        Some(scope) => Err(Denied::Scope { needs: *scope }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> Uuid {
        Uuid::parse_str("0192f3a4-0000-7000-8000-0123456789ab").unwrap()
    }

    #[test]
    fn a_key_is_read_back_and_no_other_text_is_a_key() {
        let text = generate(&Random::system(), id()).unwrap();
        let text = text.expose();
        assert_eq!(text.len(), PREFIX.len() + ID_LETTERS + 1 + REST_LETTERS);
        assert_eq!(read(text).unwrap().id, id());
        assert!(text.starts_with(&hint(id())));
        for (at, letter) in text.char_indices() {
            let other = if letter == 'q' { "r" } else { "q" };
            let (before, after) = text.split_at(at);
            let changed = format!("{before}{other}{}", after.split_at(1).1);
            assert!(read(&changed).is_none(), "{changed}");
            assert!(read(before).is_none());
        }
        assert!(read(&text.to_uppercase()).is_none());
        assert!(read(&format!("{text} ")).is_none());
        assert!(read(&format!("{text}a")).is_none());
    }

    #[test]
    fn two_keys_of_the_same_id_differ_and_none_prints() {
        let (a, b) = (generate(&Random::system(), id()).unwrap(), generate(&Random::system(), id()).unwrap());
        assert_ne!(a.expose(), b.expose());
        assert_ne!(read(a.expose()).unwrap().hash, read(b.expose()).unwrap().hash);
        assert_eq!(format!("{a:?}"), "***");
    }

    #[test]
    fn nobody_gives_away_more_than_they_have() {
        let by = |role, scopes: Option<&[Scope]>| Visitor {
            role,
            scopes: scopes.map(<[_]>::to_vec),
            ..Visitor::operator(Uuid::nil())
        };
        let new = |role, scopes: Option<&[Scope]>| NewApiKey {
            name: "crm".to_owned(),
            role,
            scopes: scopes.map(<[_]>::to_vec),
            numbers: None,
            expires_ms: None,
        };
        let keys = Scope::KeysWrite;
        assert_eq!(may_give(&by(Role::Owner, None), &new(Role::Owner, None)), Ok(()));
        assert_eq!(may_give(&by(Role::Admin, None), &new(Role::Admin, None)), Ok(()));
        assert_eq!(
            may_give(&by(Role::Admin, None), &new(Role::Owner, Some(&[Scope::NumbersRead]))),
            Err(Denied::Role { needs: Role::Owner })
        );
        let scoped = by(Role::Admin, Some(&[keys, Scope::NumbersRead]));
        assert_eq!(may_give(&scoped, &new(Role::Agent, Some(&[Scope::NumbersRead]))), Ok(()));
        assert!(may_give(&scoped, &new(Role::Agent, None)).is_err(), "no scopes are all scopes");
        assert_eq!(
            may_give(&scoped, &new(Role::Agent, Some(&[keys, Scope::MessagesSend]))),
            Err(Denied::Scope { needs: Scope::MessagesSend })
        );
    }
}
