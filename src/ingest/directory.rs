//! Whose event is it: by Meta's phone number id, or by account for what concerns the account.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::clock::Stopwatch;
use crate::meta::decode::Item;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::aside::MetaId;
use crate::storage::numbers::Number;

/// The numbers are read again when they are this old, and sooner when somebody unknown turns up.
const FRESH_FOR: Duration = Duration::from_secs(5);
const STRANGER_FRESH_FOR: Duration = Duration::from_secs(1);

/// All numbers at one moment.
#[derive(Debug, Default)]
pub struct Numbers {
    by_phone_number_id: HashMap<String, Arc<Number>>,
    by_account: HashMap<String, Vec<Arc<Number>>>,
}

/// Whose an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Number(Arc<Number>),
    /// All numbers of an account, one a workspace.
    Account(Vec<Arc<Number>>),
    /// Nobody has added it.
    Nobody,
}

/// For whom an item says that it is.
pub fn meta_id_of(item: &Item<'_>) -> Option<MetaId> {
    let number = item.phone_number_id.as_deref().map(|id| MetaId::Number(id.to_owned()));
    number.or_else(|| item.account_id.as_deref().map(|id| MetaId::Account(id.to_owned())))
}

impl Numbers {
    /// All of these.
    pub(super) fn new(numbers: Vec<Number>) -> Self {
        let mut all = Self::default();
        for number in numbers.into_iter().map(Arc::new) {
            if let Some(account) = &number.account_id {
                all.by_account.entry(account.clone()).or_default().push(Arc::clone(&number));
            }
            all.by_phone_number_id.insert(number.phone_number_id.clone(), number);
        }
        all
    }

    /// Finds the owner of an item that was received at `received_ms`.
    pub fn owner_of(&self, item: &Item<'_>, received_ms: i64) -> Owner {
        if let Some(id) = item.phone_number_id.as_deref() {
            return match self.by_phone_number_id.get(id) {
                Some(number) if received_ms >= number.accepts_from_ms => Owner::Number(Arc::clone(number)),
                _ => Owner::Nobody,
            };
        }
        let Some(account) = item.account_id.as_deref() else { return Owner::Nobody };
        let numbers = self.by_account.get(account).map(Vec::as_slice).unwrap_or_default();
        let accepting = numbers.iter().filter(|number| received_ms >= number.accepts_from_ms);
        let display = item.display_phone_number.as_deref().map(digits);
        if let Some(number) = accepting
            .clone()
            .find(|number| display.is_some() && number.display_phone_number.as_deref().map(digits) == display)
        {
            return Owner::Number(Arc::clone(number));
        }
        let mut one_a_workspace: Vec<Arc<Number>> = Vec::new();
        for number in accepting {
            if one_a_workspace.iter().all(|other| other.workspace != number.workspace) {
                one_a_workspace.push(Arc::clone(number));
            }
        }
        if one_a_workspace.is_empty() { Owner::Nobody } else { Owner::Account(one_a_workspace) }
    }

    /// Whether a phone number id or account id has an owner.
    pub fn knows(&self, id: &str) -> bool {
        self.by_phone_number_id.contains_key(id) || self.by_account.contains_key(id)
    }

    /// The number of that id, if another telephone number is kept for it than Meta shows now.
    pub fn lacking_display(&self, id: &str, display: &str) -> Option<&Arc<Number>> {
        let number = self.by_phone_number_id.get(id)?;
        (number.display_phone_number.as_deref() != Some(display)).then_some(number)
    }

    /// Those that somebody has, by the time from which they accept.
    pub fn accepting(&self) -> Vec<(i64, Vec<MetaId>)> {
        let mut by_time: BTreeMap<i64, Vec<MetaId>> = BTreeMap::new();
        for (id, number) in &self.by_phone_number_id {
            by_time.entry(number.accepts_from_ms).or_default().push(MetaId::Number(id.clone()));
        }
        for (id, numbers) in &self.by_account {
            let from_ms = numbers.iter().map(|number| number.accepts_from_ms).min().unwrap_or(0);
            by_time.entry(from_ms).or_default().push(MetaId::Account(id.clone()));
        }
        by_time.into_iter().collect()
    }

    /// Whether a verify token is that of one of the numbers. Takes the same time whichever it is.
    pub fn know_verify_token(&self, token: &str) -> bool {
        let hash = Sha256::digest(token.as_bytes());
        let hashes =
            self.by_phone_number_id.values().filter_map(|number| number.verify_token_hash.as_deref());
        hashes.fold(false, |known, expected| known | bool::from(expected.ct_eq(hash.as_slice())))
    }

    /// All numbers.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Number>> {
        self.by_phone_number_id.values()
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// The numbers as this process knows them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    known: Mutex<Option<(Arc<Numbers>, Stopwatch)>>,
}

impl Directory {
    /// A directory that knows nothing yet.
    pub fn new(storage: &Storage) -> Self {
        Self(Arc::new(Inner { storage: storage.clone(), known: Mutex::new(None) }))
    }

    /// The numbers, not older than a few seconds.
    pub async fn numbers(&self) -> Result<Arc<Numbers>, Error> {
        self.not_older_than(FRESH_FOR).await
    }

    /// The numbers, after somebody turned up who is not among them.
    pub async fn numbers_for_stranger(&self) -> Result<Arc<Numbers>, Error> {
        self.not_older_than(STRANGER_FRESH_FOR).await
    }

    /// The numbers, read now.
    pub async fn numbers_now(&self) -> Result<Arc<Numbers>, Error> {
        self.not_older_than(Duration::ZERO).await
    }

    async fn not_older_than(&self, age: Duration) -> Result<Arc<Numbers>, Error> {
        if let Some((numbers, read)) = &*self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
            && read.elapsed() < age
        {
            return Ok(Arc::clone(numbers));
        }
        let read = Stopwatch::start();
        let numbers = Arc::new(Numbers::new(self.0.storage.all_numbers().await?));
        *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&numbers), read));
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::event::{Event, Why};

    fn number(id: u128, workspace: u128, display: &str, from_ms: i64) -> Number {
        Number {
            id: Uuid::from_u128(id),
            workspace: Uuid::from_u128(workspace),
            phone_number_id: id.to_string(),
            account_id: Some("waba".to_owned()),
            display_phone_number: Some(display.to_owned()),
            verify_token_hash: None,
            accepts_from_ms: from_ms,
        }
    }

    fn item(phone_number_id: Option<&'static str>, display: Option<&'static str>) -> Item<'static> {
        Item {
            index: 0,
            account_id: Some("waba".into()),
            entry_time_s: None,
            field: "messages".into(),
            phone_number_id: phone_number_id.map(Into::into),
            display_phone_number: display.map(Into::into),
            is_standby: false,
            is_test: false,
            raw: None,
            event: Event::Unrecognised { why: Why::Field },
        }
    }

    #[test]
    fn events_find_their_number_their_account_or_nobody() {
        let numbers = Numbers::new(vec![
            number(1, 1, "+1 555", 0),
            number(2, 1, "+1 556", 0),
            number(3, 2, "+1 557", 50),
        ]);
        let owner = |item: &Item<'_>, at| match numbers.owner_of(item, at) {
            Owner::Number(number) => format!("number {}", number.phone_number_id),
            Owner::Account(numbers) => format!("{} workspaces", numbers.len()),
            Owner::Nobody => format!("nobody has {}", meta_id_of(item).unwrap()),
        };
        assert_eq!(owner(&item(Some("1"), None), 100), "number 1");
        assert_eq!(owner(&item(Some("9"), None), 100), "nobody has number 9");
        assert_eq!(owner(&item(None, Some("1556")), 100), "number 2");
        assert_eq!(owner(&item(None, None), 100), "2 workspaces");
    }

    #[test]
    fn what_was_received_before_a_number_had_this_owner_is_not_theirs() {
        let numbers = Numbers::new(vec![number(3, 2, "+1 557", 50)]);
        for (item, key) in [(item(Some("3"), None), "number:3"), (item(None, None), "account:waba")] {
            assert_eq!(numbers.owner_of(&item, 49), Owner::Nobody);
            assert_eq!(meta_id_of(&item).unwrap().key(), key);
        }
    }
}
