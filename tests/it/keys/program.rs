//! `pesan keys`, and the service with and without master keys, towards a person.

use pesan::secret::Secret;
use uuid::Uuid;

use super::{TOKEN, Vault, master_keys_of, token_place};
use crate::support::mongo;
use crate::support::program::{Outcome, Service, run};
use crate::support::{client, eventually};

async fn on(vault: &Vault, command: &str, master_keys: &[u8]) -> Outcome {
    let master_keys = master_keys_of(master_keys);
    let settings =
        [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &vault.name), ("PESAN_MASTER_KEYS", &master_keys)];
    run(&["keys", command], &settings).await
}

#[track_caller]
fn shows(outcome: &Outcome, code: i32, lines: &[&str]) {
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    let squeezed: Vec<String> = outcome
        .stdout
        .lines()
        .chain(outcome.stderr.lines())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in lines {
        assert!(squeezed.iter().any(|found| found == line), "{line} not in {squeezed:#?}");
    }
    for secret in [1_u8, 2].map(|key| data_encoding::BASE64.encode(&[key; 32])) {
        assert!(!outcome.stdout.contains(&secret) && !outcome.stderr.contains(&secret));
    }
    assert!(!outcome.stdout.contains("EAAG"), "{outcome:?}");
}

#[tokio::test]
async fn generate_makes_a_key_that_the_settings_take() {
    let (one, two) = (run(&["keys", "generate"], &[]).await, run(&["keys", "generate"], &[]).await);
    assert_eq!((one.code, two.code), (Some(0), Some(0)), "{one:?}");
    assert_ne!(one.stdout, two.stdout);
    assert_eq!(one.stdout.lines().count(), 1, "nothing but the key: {}", one.stdout);
    let both = format!("{},{}", one.stdout.trim(), two.stdout.trim());
    let settings = [("MONGODB_URI", "mongodb://db/"), ("PESAN_MASTER_KEYS", &both)];
    let checked = run(&["config", "check"], &settings).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let named = run(&["keys", "generate", "--id", "2027"], &[]).await;
    assert!(named.stdout.starts_with("2027:"));
    let wrong = run(&["keys", "generate", "--id", "a b"], &[]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("--id expects"), "{wrong:?}");
}

#[tokio::test]
async fn status_and_rotate_say_what_is_left() {
    let vault = Vault::new().await;
    shows(&on(&vault, "status", &[]).await, 0, &["No master key is set, and there is no data key."]);
    shows(&on(&vault, "status", &[1]).await, 0, &["master key key-1 0 data keys seals"]);
    let keys = vault.keys(&[1]);
    for workspace in [1, 2].map(Uuid::from_u128) {
        let number = Uuid::now_v7();
        let id = number.to_string();
        let sealed = keys.seal(&token_place(workspace, &id), &Secret::new(TOKEN)).await.unwrap();
        vault.add_number(workspace, number, &[("accessToken", &sealed)]).await;
    }
    let before = [
        "master key key-2 0 data keys seals",
        "master key key-1 2 data keys opens",
        "numbers.accessToken 2 secrets 0 under an older data key",
        "numbers.pin 0 secrets 0 under an older data key",
        "2 data keys are not under `key-2` yet.",
    ];
    shows(&on(&vault, "status", &[2, 1]).await, 0, &before);
    let after = [
        "new data keys: 2",
        "data keys moved to the first master key: 2",
        "secrets moved to the newest data key of their workspace: 2",
        "master key key-2 4 data keys seals",
        "master key key-1 0 data keys opens; nothing is left on it, so it can be taken away",
        "Nothing is left on any master key but `key-2`.",
    ];
    shows(&on(&vault, "rotate", &[2, 1]).await, 0, &after);
    shows(&on(&vault, "status", &[2]).await, 0, &["Nothing is left on any master key but `key-2`."]);

    let missing = [
        "master key key-2 4 data keys IS MISSING: put it back into PESAN_MASTER_KEYS; 4 do not open without it",
        "2 do not open: missing_master_key",
    ];
    shows(&on(&vault, "status", &[1]).await, 1, &missing);
    let none = on(&vault, "rotate", &[]).await;
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.stderr.contains("pesan: no master key is set"), "{none:?}");
    vault.end().await;
}

#[tokio::test]
async fn serve_warns_of_missing_master_keys_and_takes_them_from_a_file() {
    let without = Service::start(&[]).await;
    assert!(
        without.log().contains("PESAN_MASTER_KEYS is not set: nothing can be sealed"),
        "{}",
        without.log()
    );
    without.stop().await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, format!("# ours\n{}\n", master_keys_of(&[2, 1]).replace(',', "\n"))).unwrap();
    let service = Service::start(&[("PESAN_MASTER_KEYS_FILE", file.to_str().unwrap())]).await;
    eventually("the worker has looked at what each key wraps", || async {
        let shown = client().get(format!("{}/metrics", service.url)).send().await.unwrap();
        let shown = shown.text().await.unwrap();
        ["key-1", "key-2"]
            .iter()
            .all(|id| shown.contains(&format!("pesan_keys_data_keys{{master_key=\"{id}\"}} 0")))
            .then_some(())
    })
    .await;
    let log = service.log();
    assert!(!log.contains("PESAN_MASTER_KEYS"), "{log}");
    service.stop().await;
    assert!(!log.contains(&data_encoding::BASE64.encode(&[2; 32])));
}
