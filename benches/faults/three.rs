//! A replica set of three members on this machine, whose primary steps down or is killed under load.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::fleet::Fleet;
use crate::support::load::{Load, Story};
use crate::support::ordeal::{Outcome, conclude, taken_more};
use crate::support::program::free_address;
use crate::support::within;

const ELECTED_WITHIN: Duration = Duration::from_mins(1);
const BETWEEN: usize = 400;

struct Member {
    address: String,
    folder: TempDir,
    process: Child,
}

/// Takes the primary away again and again: first by step-downs, then by kills.
pub async fn lose_primaries(program: &Path, step_downs: usize, kills: usize, senders: usize) -> Outcome {
    let mut members: Vec<Member> = (0..3).map(|_| Member::start(program, None)).collect();
    let addresses: Vec<String> = members.iter().map(|member| member.address.clone()).collect();
    initiate(&addresses).await;
    let uri = format!("mongodb://{}/?replicaSet=three", addresses.join(","));
    let mut fleet = Fleet::new(&uri, 2).await;
    fleet.start().await;
    let load = Load::new(Story::new(14, 40), &fleet.urls());
    let sending = load.begin(senders);
    for _ in 0..step_downs {
        taken_more(&load, BETWEEN).await;
        let primary = primary(&addresses).await;
        // The connection may break with the answer.
        admin(&primary)
            .await
            .run_command(doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 3 })
            .await
            .ok();
    }
    for _ in 0..kills {
        taken_more(&load, BETWEEN).await;
        let primary = primary(&addresses).await;
        let place = members.iter().position(|member| member.address == primary).unwrap();
        let mut killed = members.remove(place);
        killed.process.kill().await.unwrap();
        taken_more(&load, BETWEEN).await;
        members.insert(place, Member::start(program, Some((killed.address, killed.folder))));
    }
    taken_more(&load, BETWEEN).await;
    conclude(fleet, sending, step_downs + kills).await
}

impl Member {
    fn start(program: &Path, again: Option<(String, TempDir)>) -> Self {
        let (address, folder) = again.unwrap_or_else(|| (free_address(), tempfile::tempdir().unwrap()));
        let port = address.rsplit(':').next().unwrap();
        let (data, log): (PathBuf, PathBuf) = (folder.path().into(), folder.path().join("log"));
        let mut command = Command::new(program);
        command.arg("--dbpath").arg(data).arg("--logpath").arg(log);
        command.args(["--port", port, "--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "three"]);
        command.args(["--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.25"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        Self { process: command.spawn().unwrap(), address, folder }
    }
}

async fn initiate(addresses: &[String]) {
    let members: Vec<Document> =
        (0_i32..).zip(addresses).map(|(id, host)| doc! { "_id": id, "host": host }).collect();
    // Elections sooner than the usual ten seconds: what is looked at is what they do, not how long they take.
    let settings = doc! { "electionTimeoutMillis": 2_000 };
    let config = doc! { "_id": "three", "members": members, "settings": settings };
    within(ELECTED_WITHIN, "the set begins", || async {
        let admin = admin(&addresses[0]).await;
        admin.run_command(doc! { "replSetInitiate": config.clone() }).await.ok()
    })
    .await;
    primary(addresses).await;
}

async fn primary(addresses: &[String]) -> String {
    within(ELECTED_WITHIN, "there is a primary", || async {
        for address in addresses {
            let hello = admin(address).await.run_command(doc! { "hello": 1 }).await.unwrap_or_default();
            if hello.get_bool("isWritablePrimary").unwrap_or(false) {
                return Some(address.clone());
            }
        }
        None
    })
    .await
}

async fn admin(address: &str) -> mongodb::Database {
    let uri = format!("mongodb://{address}/?directConnection=true&serverSelectionTimeoutMS=1000");
    Client::with_uri_str(uri).await.unwrap().database("admin")
}
