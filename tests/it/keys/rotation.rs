//! Moving to new keys: by the worker, by hand, by two at once, and under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use pesan::clock::Clock;
use pesan::ids::Random;
use pesan::keys::{Error, Keys};
use pesan::secret::Secret;
use pesan::storage::sealed::SEALED_FIELDS;
use pesan::telemetry::Metrics;
use tokio::sync::RwLock;
use uuid::Uuid;

use super::{TOKEN, Vault, binary, config, master_keys_of, stored, token_place};
use crate::support::app::TestApp;
use crate::support::eventually;

#[tokio::test]
async fn the_worker_moves_data_keys_to_the_first_master_key() {
    let app = TestApp::start_with(&[("PESAN_MASTER_KEYS", &master_keys_of(&[2, 1]))], false);
    let old = config(&app.database, &master_keys_of(&[1])).keys;
    let metrics = Metrics::new();
    let old = Keys::load(&old, &app.storage, (&Clock::system(), &Random::system()), &metrics).unwrap();
    let mut sealed = Vec::new();
    for _ in 0..3 {
        let workspace = Uuid::now_v7();
        let place = token_place(workspace, "number");
        sealed.push((workspace, old.seal(&place, &Secret::new(TOKEN)).await.unwrap()));
    }
    app.run_worker("key-rotation").await.unwrap();
    assert_eq!(app.count("pesan_keys_data_keys{master_key=\"key-2\"}").await, 3);
    assert!(
        app.get("/metrics")
            .await
            .text()
            .await
            .unwrap()
            .contains("pesan_keys_data_keys{master_key=\"key-1\"} 0")
    );
    let once = app.all("data_keys").await;
    app.run_worker("key-rotation").await.unwrap();
    assert_eq!(app.all("data_keys").await, once, "a second round changes nothing");
    let new = config(&app.database, &master_keys_of(&[2])).keys;
    let new = Keys::load(&new, &app.storage, (&Clock::system(), &Random::system()), &metrics).unwrap();
    for (workspace, sealed) in sealed {
        let opened = new.open(&token_place(workspace, "number"), &sealed).await.unwrap();
        assert_eq!(opened.expose(), TOKEN, "the old key can be taken away");
    }
}

#[tokio::test]
async fn two_that_move_everything_at_once_do_no_harm() {
    let vault = Vault::new().await;
    let old = vault.keys(&[1]);
    let numbers: Vec<(Uuid, Uuid)> = (0..250).map(|n| (Uuid::from_u128(n % 5 + 1), Uuid::now_v7())).collect();
    for (workspace, number) in &numbers {
        let id = number.to_string();
        let sealed = old.seal(&token_place(*workspace, &id), &Secret::new(TOKEN)).await.unwrap();
        vault.add_number(*workspace, *number, &[("accessToken", &sealed)]).await;
    }
    let (one, two) = (vault.keys(&[2, 1]), vault.keys(&[2, 1]));
    assert_eq!(one.add_data_keys().await.unwrap(), 5);
    let (a, b) = tokio::join!(one.renew(), two.renew());
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a.rewrapped + b.rewrapped, 5, "each data key once: {a:?} {b:?}");
    assert_eq!(a.resealed + b.resealed, 250, "each value once: {a:?} {b:?}");
    assert!(a.unopened.is_empty() && b.unopened.is_empty());
    let new = vault.keys(&[2]);
    let status = new.status().await.unwrap();
    assert_eq!((status.data_keys_left(), status.values_left(), status.unopened()), (0, 0, 0), "{status:?}");
    assert_eq!(status.fields[0].newest, 250);
    for (workspace, number) in &numbers {
        let sealed = vault.token_of(*number).await;
        let place_id = number.to_string();
        let place = token_place(*workspace, &place_id);
        assert_eq!(sealed.data_key_version(&place), Ok(2));
        assert_eq!(new.open(&place, &sealed).await.unwrap().expose(), TOKEN);
    }
    assert_eq!(new.renew().await.unwrap(), pesan::keys::Tally::default(), "nothing is left to do");
    vault.end().await;
}

#[tokio::test]
async fn what_does_not_open_stays_and_holds_nothing_else_up() {
    let vault = Vault::new().await;
    let keys = vault.keys(&[1]);
    let (workspace, lost) = (Uuid::now_v7(), Uuid::now_v7());
    let ids = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()].map(|id| (id, id.to_string()));
    let seal = async |workspace, id: &str| {
        keys.seal(&token_place(workspace, id), &Secret::new(TOKEN)).await.unwrap()
    };
    let first = seal(workspace, &ids[0].1).await;
    vault.add_number(workspace, ids[0].0, &[("accessToken", &first)]).await;
    // The second has what belongs to the first; the workspace of the third has a data key that nobody opens.
    vault.add_number(workspace, ids[1].0, &[("accessToken", &first)]).await;
    let other = vault.keys(&[9]);
    let hopeless = other.seal(&token_place(lost, &ids[2].1), &Secret::new(TOKEN)).await.unwrap();
    vault.add_number(lost, ids[2].0, &[("accessToken", &hopeless)]).await;

    let keys = vault.keys(&[2, 1]);
    assert_eq!(keys.add_data_keys().await.unwrap(), 2, "a new one also where the old one does not open");
    let tally = keys.renew().await.unwrap();
    assert_eq!((tally.rewrapped, tally.resealed), (1, 1), "{tally:?}");
    let unopened: Vec<_> = tally.unopened.into_iter().collect();
    assert_eq!(
        unopened,
        [("missing_master_key", 2), ("moved", 1)],
        "the data key and its value; the moved one"
    );
    assert_eq!(vault.token_of(ids[1].0).await, first, "it stays for whoever mends it");
    let status = keys.status().await.unwrap();
    let missing = status.master_keys.iter().find(|key| key.id == "key-9").unwrap();
    assert_eq!((missing.is_set, missing.data_keys, missing.unopened), (false, 1, 1));
    let anew = keys.seal(&token_place(lost, &ids[2].1), &Secret::new("EAAG-new")).await.unwrap();
    assert_eq!(keys.open(&token_place(lost, &ids[2].1), &anew).await.unwrap().expose(), "EAAG-new");
    vault.end().await;
}

#[tokio::test]
async fn a_value_that_somebody_changes_meanwhile_keeps_what_they_wrote() {
    let vault = Vault::new().await;
    let keys = vault.keys(&[1]);
    let (workspace, number) = (Uuid::now_v7(), Uuid::now_v7());
    let id = number.to_string();
    let place = token_place(workspace, &id);
    let before = keys.seal(&place, &Secret::new(TOKEN)).await.unwrap();
    vault.add_number(workspace, number, &[("accessToken", &before)]).await;
    let page = vault.storage.list_sealed(&SEALED_FIELDS[0], None, 10).await.unwrap();
    let theirs = keys.seal(&place, &Secret::new("EAAG-theirs")).await.unwrap();
    let set = doc! { "$set": { "accessToken": stored(&theirs) } };
    vault.numbers().update_one(doc! { "_id": binary(number) }, set).await.unwrap();
    assert!(!vault.storage.replace_sealed(&page[0], &before).await.unwrap());
    assert_eq!(vault.token_of(number).await, theirs);
    vault.end().await;
}

/// How many numbers, each with a task that uses its token.
const NUMBERS: usize = 50;

struct Load {
    instances: RwLock<[Keys; 2]>,
    uses: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Opens the token, and every third time puts a new one in its place, until told to stop.
    async fn use_token(self: Arc<Self>, vault: Arc<Vault>, workspace: Uuid, number: Uuid) -> String {
        let id = number.to_string();
        let place = token_place(workspace, &id);
        let mut expected = format!("{TOKEN}-{number}-0");
        for n in 1.. {
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            let keys = self.instances.read().await[n % 2].clone();
            let opened = keys.open(&place, &vault.token_of(number).await).await.unwrap();
            assert_eq!(opened.expose(), expected);
            if n % 3 == 0 {
                expected = format!("{TOKEN}-{number}-{n}");
                let sealed = keys.seal(&place, &Secret::new(expected.as_str())).await.unwrap();
                let set = doc! { "$set": { "accessToken": stored(&sealed) } };
                vault.numbers().update_one(doc! { "_id": binary(number) }, set).await.unwrap();
            }
            self.uses.fetch_add(1, Ordering::SeqCst);
        }
        expected
    }

    /// Restarts both instances with other master keys, one after the other, while the load goes on.
    async fn restart(&self, vault: &Vault, master_keys: &[u8]) {
        for instance in 0..2 {
            self.instances.write().await[instance] = vault.keys(master_keys);
            let until = self.uses.load(Ordering::SeqCst) + 2 * NUMBERS as u64;
            eventually("the load goes on", || async {
                (self.uses.load(Ordering::SeqCst) >= until).then_some(())
            })
            .await;
        }
    }

    /// Both instances move everything, as their workers would.
    async fn renew(&self) {
        let [one, two] = self.instances.read().await.clone();
        let (one, two) = tokio::join!(one.renew(), two.renew());
        for tally in [one.unwrap(), two.unwrap()] {
            assert!(tally.unopened.is_empty(), "{tally:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_twice_while_fifty_use_what_they_protect() {
    let vault = Arc::new(Vault::new().await);
    let keys = vault.keys(&[1]);
    let numbers: Vec<(Uuid, Uuid)> =
        (0..NUMBERS as u128).map(|n| (Uuid::from_u128(n % 5 + 1), Uuid::now_v7())).collect();
    for (workspace, number) in &numbers {
        let token = Secret::new(format!("{TOKEN}-{number}-0"));
        let sealed = keys.seal(&token_place(*workspace, &number.to_string()), &token).await.unwrap();
        vault.add_number(*workspace, *number, &[("accessToken", &sealed)]).await;
    }
    let load = Arc::new(Load {
        instances: RwLock::new([vault.keys(&[1]), vault.keys(&[1])]),
        uses: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let tasks: Vec<_> = numbers
        .iter()
        .map(|(workspace, number)| {
            tokio::spawn(Arc::clone(&load).use_token(Arc::clone(&vault), *workspace, *number))
        })
        .collect();
    for (old, new) in [(1, 2), (2, 3)] {
        load.restart(&vault, &[old, new]).await;
        load.restart(&vault, &[new, old]).await;
        vault.keys(&[new, old]).add_data_keys().await.unwrap();
        load.renew().await;
        let status = vault.keys(&[new]).status().await.unwrap();
        assert_eq!((status.data_keys_left(), status.unopened()), (0, 0), "{status:?}");
        load.restart(&vault, &[new]).await;
    }
    load.stop.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for task in tasks {
        expected.push(task.await.expect("no use of a token has failed"));
    }
    load.renew().await;

    let last = vault.keys(&[3]);
    let status = last.status().await.unwrap();
    assert_eq!((status.data_keys_left(), status.values_left(), status.unopened()), (0, 0, 0), "{status:?}");
    for ((workspace, number), token) in numbers.iter().zip(expected) {
        let (id, sealed) = (number.to_string(), vault.token_of(*number).await);
        let place = token_place(*workspace, &id);
        assert_eq!(sealed.data_key_version(&place), Ok(3));
        assert_eq!(last.open(&place, &sealed).await.unwrap().expose(), token);
        let retired = vault.keys(&[1, 2]).open(&place, &sealed).await.unwrap_err();
        assert!(matches!(&retired, Error::MissingMasterKey { id, .. } if id == "key-3"), "{retired:?}");
    }
    assert_eq!(find_plain(&vault).await, Vec::<String>::new());
    vault.raw.collection("notices").insert_one(doc! { "a": { "b": [format!("x{TOKEN}")] } }).await.unwrap();
    assert_eq!(find_plain(&vault).await, ["notices"], "the search finds a planted one");
    Arc::into_inner(vault).unwrap().end().await;
}

/// The collections in which a token or a master key can be read, plain, in base64 or in hexadecimal digits.
async fn find_plain(vault: &Vault) -> Vec<String> {
    let master_keys = (1..=3_u8).flat_map(|n| {
        let key = [n; 32];
        [key.to_vec(), data_encoding::BASE64.encode(&key).into_bytes()]
    });
    let token = [TOKEN.as_bytes().to_vec(), data_encoding::HEXLOWER.encode(TOKEN.as_bytes()).into_bytes()];
    let base64 = data_encoding::BASE64.encode(TOKEN.as_bytes()).trim_end_matches('=').as_bytes().to_vec();
    let needles: Vec<Vec<u8>> = token.into_iter().chain([base64]).chain(master_keys).collect();
    let mut found = Vec::new();
    for name in vault.raw.list_collection_names().await.unwrap() {
        let all = vault.raw.collection::<RawDocumentBuf>(&name).find(Document::new()).await.unwrap();
        let all: Vec<RawDocumentBuf> = all.try_collect().await.unwrap();
        let holds = |document: &RawDocumentBuf| {
            let bytes = document.as_bytes();
            needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == &needle[..]))
        };
        if all.iter().any(holds) {
            found.push(name);
        }
    }
    found
}
