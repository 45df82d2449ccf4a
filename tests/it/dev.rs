//! `pesan dev` and its private MongoDB: starts with nothing there, and leaves nothing behind, however it ends.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use pesan::auth::{Access, Role};
use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::storage::Storage;
use pesan::storage::workspaces::first_workspace;
use pesan::telemetry::Metrics;
use tempfile::TempDir;

use crate::support::program::{Program, command, json_file, processes_with};
use crate::support::webhook::PATH;
use crate::support::{client, eventually, within};

/// After a kill, this is how long the guard has.
const GONE_WITHIN: Duration = Duration::from_secs(5);

fn dev(folder: &Path, settings: &[(&str, &str)]) -> Program {
    let settings = [&[("PESAN_BIND", "127.0.0.1:0")], settings].concat();
    let mut command = command(&["dev"], &settings);
    command.current_dir(folder);
    Program::start(command, folder)
}

/// The key of dev.json is an owner's.
async fn lets_in(dev_json: &serde_json::Value) {
    let settings = [("MONGODB_URI", dev_json["mongodbUri"].as_str().unwrap())];
    let config = Config::read(&Source::of(settings.map(|(name, value)| (name.to_owned(), value.to_owned()))));
    let config = config.unwrap();
    let storage = Storage::connect(&config.mongo).await.unwrap();
    let access = Access::new(&storage, &Clock::system(), &config.access, &Metrics::new()).unwrap();
    let visitor = access.recognise(dev_json["apiKey"].as_str().unwrap()).await.unwrap();
    assert_eq!((visitor.role, visitor.workspace), (Role::Owner, first_workspace()));
    storage.close().await;
}

async fn nothing_runs_in(folder: &Path) {
    let text = folder.to_str().unwrap();
    within(GONE_WITHIN, "no process of this folder runs", || async {
        processes_with(text).is_empty().then_some(())
    })
    .await;
}

/// The guard is given an absolute folder, so that its processes can be found.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("pesan-dev-test-").tempdir().unwrap()
}

#[tokio::test]
async fn it_becomes_ready_stops_on_ctrl_c_and_starts_again_with_the_same_data() {
    let folder = folder();
    let dev_json = folder.path().join(".data/dev.json");
    let mut first = dev(folder.path(), &[]);
    let before = json_file(&dev_json).await;
    let url = before["url"].as_str().unwrap();
    assert_eq!(client().get(format!("{url}/health/ready")).send().await.unwrap().status(), 200);
    assert!(
        client().get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap().contains("pesan_")
    );
    assert_eq!(before["webhookUrl"], format!("{url}{PATH}"));
    lets_in(&before).await;
    let database = mongodb::Client::with_uri_str(before["mongodbUri"].as_str().unwrap()).await.unwrap();
    let kept = database.database("pesan").collection::<mongodb::bson::Document>("kept");
    kept.insert_one(mongodb::bson::doc! { "_id": 1 }).await.unwrap();
    drop((kept, database));
    first.signal("INT").await;
    assert!(first.wait().await.success());
    nothing_runs_in(folder.path()).await;
    assert!(!dev_json.exists(), "what is not there any more is not advertised");

    let mut second = dev(folder.path(), &[]);
    let after = json_file(&dev_json).await;
    assert_eq!(after["appSecret"], before["appSecret"]);
    assert_eq!(after["apiKey"], before["apiKey"]);
    let output = std::fs::read_to_string(folder.path().join("stdout")).unwrap();
    assert!(output.contains("pesan is ready") && !output.contains("download"), "{output}");
    let database = mongodb::Client::with_uri_str(after["mongodbUri"].as_str().unwrap()).await.unwrap();
    let kept = database.database("pesan").collection::<mongodb::bson::Document>("kept");
    assert_eq!(kept.count_documents(mongodb::bson::doc! {}).await.unwrap(), 1);
    second.signal("INT").await;
    assert!(second.wait().await.success());
    nothing_runs_in(folder.path()).await;
}

#[tokio::test]
async fn killed_while_running_it_leaves_no_mongod_and_can_start_again() {
    let folder = folder();
    for _ in 0..2 {
        let mut dev = dev(folder.path(), &[]);
        json_file(&folder.path().join(".data/dev.json")).await;
        dev.signal("KILL").await;
        dev.wait().await;
        nothing_runs_in(folder.path()).await;
        std::fs::remove_file(folder.path().join(".data/dev.json")).unwrap();
    }
}

#[tokio::test]
async fn killed_while_the_replica_set_starts_it_leaves_no_mongod() {
    let folder = folder();
    let mut dev = dev(folder.path(), &[]);
    let text = folder.path().to_str().unwrap();
    eventually("mongod is there", || async {
        processes_with(text).iter().any(|(_, line)| line.contains("--replSet")).then_some(())
    })
    .await;
    dev.signal("KILL").await;
    dev.wait().await;
    nothing_runs_in(folder.path()).await;
}

#[tokio::test]
async fn killed_during_the_download_it_leaves_no_process_and_no_folder() {
    let folder = folder();
    let cache = folder.path().join("cache");
    // A download that would take a minute, in the place of the real one.
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let python = bin.join("python3");
    std::fs::write(&python, "#!/bin/sh\necho begun > \"$TMPDIR/begun\"\nexec /bin/sleep 60\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings =
        [("PATH", bin.to_str().unwrap()), ("PESAN_CACHE_DIR", cache.to_str().unwrap()), ("PESAN_MONGOD", "")];
    let partial = || {
        let entries = std::fs::read_dir(&cache).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("partial-"))
    };
    for _ in 0..2 {
        let mut dev = dev(folder.path(), &settings);
        eventually("the download has begun", || async {
            partial().filter(|partial| partial.join("begun").exists())
        })
        .await;
        dev.signal("KILL").await;
        dev.wait().await;
        nothing_runs_in(folder.path()).await;
        assert_eq!(partial(), None);
    }
}

#[tokio::test]
async fn a_temporary_server_takes_its_folder_with_it_whatever_ends_its_guard() {
    let cache = pesan::config::dev::DevConfig::from_source(&Source::environment()).unwrap().cache_dir;
    // The shared server is up, so the cache is filled.
    crate::support::mongo::uri();
    for signal in [None, Some("TERM"), Some("INT"), Some("HUP")] {
        let temporary = folder();
        let mut command = command(&["guard", "--cache", cache.to_str().unwrap()], &[]);
        command.env("TMPDIR", temporary.path()).stdin(std::process::Stdio::piped());
        let mut guard = command.spawn().unwrap();
        let text = temporary.path().to_str().unwrap();
        eventually("mongod is there", || async { (!processes_with(text).is_empty()).then_some(()) }).await;
        if let Some(signal) = signal {
            let pid = guard.id().unwrap().to_string();
            assert!(
                std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success()
            );
        } else {
            drop(guard.stdin.take());
        }
        tokio::time::timeout(GONE_WITHIN, guard.wait()).await.expect("the guard ends in time").unwrap();
        nothing_runs_in(temporary.path()).await;
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "after {signal:?}");
    }
}

#[tokio::test]
async fn without_python_or_pip_the_ways_out_are_named() {
    let folder = folder();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let cache = folder.path().join("cache");
    let settings =
        [("PATH", bin.to_str().unwrap()), ("PESAN_CACHE_DIR", cache.to_str().unwrap()), ("PESAN_MONGOD", "")];
    let complaint = async || {
        let mut dev = dev(folder.path(), &settings);
        assert_eq!(dev.wait().await.code(), Some(3));
        std::fs::read_to_string(folder.path().join("stderr")).unwrap()
    };
    let text = complaint().await;
    for expected in ["no python3", "`mongod` (6.0 or newer) on PATH", "PESAN_MONGOD", "MONGODB_URI"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let python = bin.join("python3");
    std::fs::write(&python, "#!/bin/sh\necho '/usr/bin/python3: No module named pip' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = complaint().await;
    assert!(text.contains("apt-get install python3-pip"), "{text}");
    let mongod = bin.join("mongod");
    std::fs::write(
        &mongod,
        "#!/bin/sh\necho 'mongod: error while loading shared libraries: libcurl.so.4: cannot open' >&2\nexit 127\n",
    )
    .unwrap();
    std::fs::set_permissions(&mongod, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = [("PESAN_MONGOD", mongod.to_str().unwrap())];
    let mut dev = dev(folder.path(), &settings);
    assert_eq!(dev.wait().await.code(), Some(3));
    let text = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
    assert!(text.contains("libcurl.so.4") && text.contains("apt-get install libcurl4"), "{text}");
}
