//! Sealed values: they open in their place alone, every failure says what is wrong, and everything moves to new keys
//! while it is in use.

mod program;
mod rotation;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::ids::Random;
use pesan::keys::{Error, Keys, Place, Sealed};
use pesan::secret::Secret;
use pesan::storage::Storage;
use pesan::telemetry::Metrics;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::mongo::binary;
use crate::support::webhook::{post, text_message};

const TOKEN: &str = "EAAG-plain-token";

/// A database with sealed values, and as many instances on it as a test wants.
struct Vault {
    name: String,
    storage: Storage,
    raw: mongodb::Database,
}

impl Vault {
    async fn new() -> Self {
        let name = mongo::database_name();
        let storage = Storage::connect(&config(&name, "").mongo).await.unwrap();
        storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
        let raw = mongo::raw(&name).await;
        Self { name, storage, raw }
    }

    /// An instance with these master keys, by number.
    fn keys(&self, master_keys: &[u8]) -> Keys {
        self.keys_with(&master_keys_of(master_keys), &Metrics::new())
    }

    fn keys_with(&self, master_keys: &str, metrics: &Metrics) -> Keys {
        let config = config(&self.name, master_keys);
        Keys::load(&config.keys, &self.storage, (&Clock::system(), &Random::system()), metrics).unwrap()
    }

    /// A number of a workspace, with what is sealed in its fields.
    async fn add_number(&self, workspace: Uuid, id: Uuid, fields: &[(&str, &Sealed)]) {
        let mut number = doc! {
            "_id": binary(id), "workspace": binary(workspace), "phoneNumberId": id.to_string(),
        };
        for (field, sealed) in fields {
            number.insert(*field, stored(sealed));
        }
        self.numbers().insert_one(number).await.unwrap();
    }

    async fn token_of(&self, number: Uuid) -> Sealed {
        let found = self.numbers().find_one(doc! { "_id": binary(number) }).await.unwrap().unwrap();
        Sealed::from_bytes(found.get_binary_generic("accessToken").unwrap().clone())
    }

    fn numbers(&self) -> mongodb::Collection<Document> {
        self.raw.collection("numbers")
    }

    fn data_keys(&self) -> mongodb::Collection<Document> {
        self.raw.collection("data_keys")
    }

    async fn end(self) {
        self.storage.drop_database().await.unwrap();
        self.storage.close().await;
    }
}

fn config(database: &str, master_keys: &str) -> Config {
    let settings =
        [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", database), ("PESAN_MASTER_KEYS", master_keys)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Config::read(&Source::of(settings)).unwrap()
}

/// `[1, 2]` gives `key-1:…,key-2:…`.
fn master_keys_of(numbers: &[u8]) -> String {
    let key = |number: &u8| format!("key-{number}:{}", data_encoding::BASE64.encode(&[*number; 32]));
    numbers.iter().map(key).collect::<Vec<_>>().join(",")
}

fn stored(sealed: &Sealed) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: sealed.as_bytes().to_vec() }
}

fn token_place(workspace: Uuid, document: &str) -> Place<'_> {
    Place { workspace, collection: "numbers", document, field: "accessToken" }
}

#[tokio::test]
async fn what_is_sealed_opens_in_its_place_and_on_every_instance() {
    let vault = Vault::new().await;
    let (one, other) = (vault.keys(&[1]), vault.keys(&[1]));
    let place = token_place(Uuid::now_v7(), "number");
    let sealed = one.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    for keys in [&one, &other, &vault.keys(&[2, 1])] {
        assert_eq!(keys.open(&place, &sealed).await.unwrap().expose(), TOKEN);
    }
    let again = one.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    assert_ne!(again, sealed, "the same secret is never sealed to the same bytes");
    let empty = one.seal(&place, &Secret::new("")).await.unwrap();
    assert_eq!(other.open(&place, &empty).await.unwrap().expose(), "");
    vault.end().await;
}

#[tokio::test]
async fn what_does_not_open_says_why_and_nothing_else() {
    let vault = Vault::new().await;
    let metrics = Metrics::new();
    let keys = vault.keys_with(&master_keys_of(&[1]), &metrics);
    let (workspace, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let place = token_place(workspace, "number");
    let sealed = keys.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    keys.seal(&token_place(stranger, "number"), &Secret::new(TOKEN)).await.unwrap();

    for elsewhere in [
        Place { workspace: stranger, ..place },
        Place { workspace: Uuid::now_v7(), ..place },
        Place { collection: "relays", ..place },
        Place { document: "another", ..place },
        Place { field: "appSecret", ..place },
    ] {
        let error = keys.open(&elsewhere, &sealed).await.unwrap_err();
        assert!(matches!(error, Error::Moved), "{elsewhere:?}: {error:?}");
    }
    let mut reasons = std::collections::BTreeMap::new();
    for at in 0..sealed.as_bytes().len() {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[at] ^= 0x40;
        let error = keys.open(&place, &Sealed::from_bytes(bytes)).await.unwrap_err();
        assert!(error.is_lasting());
        assert!(!format!("{error} {error:?}").contains("EAAG"));
        *reasons.entry(error.reason()).or_insert(0) += 1;
    }
    let text_nonce_and_tag = TOKEN.len() + 12 + 16;
    let expected =
        [("changed", text_nonce_and_tag), ("moved", 8), ("unknown_data_key", 4), ("unknown_format", 1)];
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), expected);
    for cut in [0, 1, 4, 5, 20, sealed.as_bytes().len() - 1] {
        let bytes = sealed.as_bytes()[..cut].to_vec();
        assert!(matches!(keys.open(&place, &Sealed::from_bytes(bytes)).await, Err(Error::Changed)), "{cut}");
    }
    let shown = metrics.render().unwrap();
    assert!(shown.contains("pesan_keys_open_failures_total{reason=\"moved\"} 13"), "{shown}");
    assert!(!format!("{keys:?} {sealed:?}").contains("EAAG"));
    vault.end().await;
}

#[tokio::test]
async fn a_master_key_that_is_gone_or_another_one_is_named() {
    let vault = Vault::new().await;
    let place = token_place(Uuid::now_v7(), "number");
    let sealed = vault.keys(&[1]).seal(&place, &Secret::new(TOKEN)).await.unwrap();
    let gone = vault.keys(&[2]).open(&place, &sealed).await.unwrap_err();
    assert_eq!(
        gone.to_string(),
        "master key `key-1` is missing, which data key 1 of the workspace needs: put it back into PESAN_MASTER_KEYS"
    );
    let none = vault.keys(&[]);
    assert!(matches!(none.open(&place, &sealed).await, Err(Error::MissingMasterKey { version: 1, .. })));
    assert!(matches!(none.seal(&place, &Secret::new(TOKEN)).await, Err(Error::NoMasterKey)));
    let same_id = master_keys_of(&[2]).replace("key-2", "key-1");
    let wrong = vault.keys_with(&same_id, &Metrics::new()).open(&place, &sealed).await.unwrap_err();
    assert!(matches!(&wrong, Error::WrongMasterKey { id, version: 1 } if id == "key-1"), "{wrong:?}");

    // The stored data key of one workspace put in the place of another's.
    let other = token_place(Uuid::now_v7(), "number");
    let keys = vault.keys(&[1]);
    let others = keys.seal(&other, &Secret::new(TOKEN)).await.unwrap();
    let of = |workspace: Uuid| doc! { "workspace": binary(workspace) };
    let key = vault.data_keys().find_one(of(place.workspace)).await.unwrap().unwrap();
    let set = doc! { "$set": { "wrapped": key.get("wrapped").unwrap() } };
    vault.data_keys().update_one(of(other.workspace), set).await.unwrap();
    let swapped = vault.keys(&[1]).open(&other, &others).await.unwrap_err();
    assert!(matches!(swapped, Error::WrongMasterKey { .. }), "{swapped:?}");
    vault.end().await;
}

#[tokio::test]
async fn instances_that_make_the_first_data_key_at_once_end_with_one() {
    let vault = Vault::new().await;
    let instances: Vec<Keys> = (0..4).map(|_| vault.keys(&[1])).collect();
    for _ in 0..10 {
        let workspace = Uuid::now_v7();
        let mut tasks = Vec::new();
        for n in 0..8 {
            let keys = instances[n % 4].clone();
            tasks.push(tokio::spawn(async move {
                keys.seal(&token_place(workspace, "number"), &Secret::new(TOKEN)).await.unwrap()
            }));
        }
        for task in tasks {
            let sealed = task.await.unwrap();
            for keys in &instances {
                let opened = keys.open(&token_place(workspace, "number"), &sealed).await.unwrap();
                assert_eq!(opened.expose(), TOKEN);
            }
        }
        let of_workspace = doc! { "workspace": binary(workspace) };
        assert_eq!(vault.data_keys().count_documents(of_workspace).await.unwrap(), 1);
    }
    vault.end().await;
}

#[tokio::test]
async fn a_data_key_that_has_sealed_enough_is_followed_by_another() {
    let vault = Vault::new().await;
    let place = token_place(Uuid::now_v7(), "number");
    let keys = vault.keys(&[1]);
    let first = keys.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    for _ in 0..100 {
        keys.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    }
    let stored = vault.data_keys().find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(stored.get_i64("seals").unwrap(), 1 << 16, "counted in coarse steps");

    let set_seals = async |seals: i64| {
        vault.data_keys().update_one(doc! {}, doc! { "$set": { "seals": seals } }).await.unwrap();
    };
    set_seals((1 << 30) - (1 << 16)).await;
    let last = vault.keys(&[1]).seal(&place, &Secret::new(TOKEN)).await.unwrap();
    assert_eq!(last.data_key_version(&place), Ok(1), "the last step is used");
    let next = vault.keys(&[1]).seal(&place, &Secret::new(TOKEN)).await.unwrap();
    assert_eq!(next.data_key_version(&place), Ok(2));
    for sealed in [&first, &last, &next] {
        assert_eq!(keys.open(&place, sealed).await.unwrap().expose(), TOKEN, "also on who did not make it");
    }
    vault.end().await;
}

#[tokio::test]
async fn receiving_needs_no_master_key() {
    let app = TestApp::start();
    let answer = post(&app.client, &app.url, text_message("wamid.1", "halo")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    app.run_worker("key-rotation").await.unwrap();
}
