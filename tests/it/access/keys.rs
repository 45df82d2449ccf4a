//! API keys: let in, kept out, limited, revoked, and stored so that the database opens nothing.

use std::time::Duration;

use pesan::auth::key::Error;
use pesan::auth::{Deed, Denied, NewApiKey, Refused, Role, Scope, Visitor, Who, authorize, authorize_number};
use pesan::ids::Random;
use pesan::storage::workspaces::first_workspace;
use serde_json::Value;
use uuid::Uuid;

use super::instance;
use crate::support::app::TestApp;
use crate::support::program::run;
use crate::support::{mongo, within};

fn new(role: Role) -> NewApiKey {
    NewApiKey { name: "crm".to_owned(), role, scopes: None, numbers: None, expires_ms: None }
}

#[tokio::test]
async fn a_key_lets_in_with_its_role_its_scopes_and_its_numbers() {
    let app = TestApp::start_with_number();
    for role in Role::ALL {
        let visitor = app.access.recognise(app.key(role).await.expose()).await.unwrap();
        assert_eq!((visitor.role, visitor.workspace), (role, first_workspace()));
        assert_eq!((visitor.scopes, visitor.numbers), (None, None));
    }
    let number = app.storage.all_numbers().await.unwrap().remove(0).id;
    let limited = NewApiKey {
        scopes: Some(vec![Scope::MessagesSend, Scope::NumbersRead]),
        numbers: Some(vec![number]),
        ..new(Role::Admin)
    };
    let created = app.key_for(first_workspace(), limited).await;
    let visitor = app.access.recognise(created.text.expose()).await.unwrap();
    assert_eq!(visitor.who, Who::ApiKey(created.key.id));
    assert_eq!(authorize_number(&visitor, Deed::SendMessages, number), Ok(()));
    assert_eq!(authorize_number(&visitor, Deed::SendMessages, Uuid::nil()), Err(Denied::Number));
    assert_eq!(authorize(&visitor, Deed::SeeMessages), Err(Denied::Scope { needs: Scope::MessagesRead }));
}

#[tokio::test]
async fn wrong_expired_revoked_and_foreign_keys_are_refused_alike() {
    let app = TestApp::start();
    let good = app.key(Role::Owner).await;
    let revoked = app.key_for(first_workspace(), new(Role::Admin)).await;
    app.keys().revoke(&Visitor::operator(first_workspace()), revoked.key.id).await.unwrap();
    let soon = app.clock.clock().now_ms() + 60_000;
    let expiring =
        app.key_for(first_workspace(), NewApiKey { expires_ms: Some(soon), ..new(Role::Admin) }).await;
    assert!(app.access.recognise(expiring.text.expose()).await.is_ok());
    app.clock.advance(Duration::from_mins(1));
    let good_id = app.access.recognise(good.expose()).await.unwrap();
    let Who::ApiKey(good_id) = good_id.who else { panic!("a key") };
    let random = Random::system();
    let same_id = pesan::auth::key::generate(&random, good_id).unwrap();
    let of_nobody = pesan::auth::key::generate(&random, Uuid::now_v7()).unwrap();
    let elsewhere = TestApp::start();
    let foreign = elsewhere.key(Role::Owner).await;
    let mistyped = good.expose().replace("psn_live_", "psn_live_a");
    let long = "a".repeat(100_000);
    let cases = [
        ("revoked_key", revoked.text.expose()),
        ("expired_key", expiring.text.expose()),
        ("wrong_key", same_id.expose()),
        ("no_such_key", of_nobody.expose()),
        ("no_such_key", foreign.expose()),
        ("malformed", &mistyped),
        ("malformed", &long),
        ("no_tokens_taken", "eyJhbGciOiJub25lIn0.e30."),
        ("no_tokens_taken", ""),
    ];
    for (reason, bearer) in cases {
        let line = format!("pesan_access_refusals_total{{reason=\"{reason}\"}}");
        let before = app.count(&line).await;
        assert_eq!(app.access.recognise(bearer).await, Err(Refused::Unknown), "{reason}");
        assert_eq!(app.count(&line).await, before + 1, "{reason}");
    }
    assert!(app.access.recognise(good.expose()).await.is_ok());
}

#[tokio::test]
async fn a_revoked_key_is_out_within_a_second_on_every_instance() {
    let app = TestApp::start();
    let instances = [instance(&app, &[]), instance(&app, &[])];
    let created = app.key_for(first_workspace(), new(Role::Agent)).await;
    for access in &instances {
        assert!(access.recognise(created.text.expose()).await.is_ok());
    }
    let operator = Visitor::operator(first_workspace());
    let revoked = app.keys().revoke(&operator, created.key.id).await.unwrap();
    within(Duration::from_secs(1), "both instances refuse it", || async {
        for access in &instances {
            if access.recognise(created.text.expose()).await != Err(Refused::Unknown) {
                return None;
            }
        }
        Some(())
    })
    .await;
    app.clock.advance(Duration::from_mins(1));
    let again = app.keys().revoke(&operator, created.key.id).await.unwrap();
    assert_eq!(again.revoked_ms, revoked.revoked_ms, "it ended when it ended");
}

#[tokio::test]
async fn the_last_use_is_noted_at_most_once_a_minute() {
    let app = TestApp::start();
    let created = app.key_for(first_workspace(), new(Role::Viewer)).await;
    let used = async || {
        app.access.recognise(created.text.expose()).await.unwrap();
        app.keys().list(first_workspace()).await.unwrap().remove(0).last_used_ms.unwrap()
    };
    let first = used().await;
    assert_eq!(first, app.clock.clock().now_ms());
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(used().await, first);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(used().await, first + 60_000);
}

#[tokio::test]
async fn nobody_makes_or_ends_keys_beyond_their_own() {
    let app = TestApp::start_with_number();
    let keys = app.keys();
    let owner = app.key_for(first_workspace(), new(Role::Owner)).await;
    let admin = app.access.recognise(app.key(Role::Admin).await.expose()).await.unwrap();
    let denied = |outcome: Result<(), Error>| match outcome {
        Err(Error::Denied(denied)) => denied,
        other => panic!("{other:?}"),
    };
    let role = Denied::Role { needs: Role::Owner };
    assert_eq!(denied(keys.create(&admin, new(Role::Owner)).await.map(drop)), role);
    assert_eq!(denied(keys.revoke(&admin, owner.key.id).await.map(drop)), role);
    let agent = app.access.recognise(app.key(Role::Agent).await.expose()).await.unwrap();
    let needs = Denied::Role { needs: Role::Admin };
    assert_eq!(denied(keys.create(&agent, new(Role::Viewer)).await.map(drop)), needs);
    let number = app.storage.all_numbers().await.unwrap().remove(0).id;
    let limited = Visitor { numbers: Some(vec![number]), ..admin.clone() };
    assert_eq!(denied(keys.create(&limited, new(Role::Viewer)).await.map(drop)), Denied::Workspace);

    let other = Uuid::now_v7();
    let foreign = app.key_for(other, new(Role::Admin)).await;
    assert!(matches!(keys.revoke(&admin, foreign.key.id).await, Err(Error::NotFound)));
    assert!(matches!(keys.revoke(&admin, Uuid::nil()).await, Err(Error::NotFound)));
    assert!(app.access.recognise(foreign.text.expose()).await.is_ok());
    let invalid =
        |field| move |error: &Error| matches!(error, Error::Invalid { field: found, .. } if *found == field);
    let of_other = NewApiKey { numbers: Some(vec![number]), ..new(Role::Viewer) };
    let error = keys.create(&Visitor::operator(other), of_other).await.unwrap_err();
    assert!(invalid("numbers")(&error), "{error}");
    for (field, wrong) in [
        ("name", NewApiKey { name: "  ".to_owned(), ..new(Role::Viewer) }),
        ("name", NewApiKey { name: "a\nb".to_owned(), ..new(Role::Viewer) }),
        ("scopes", NewApiKey { scopes: Some(Vec::new()), ..new(Role::Viewer) }),
        ("numbers", NewApiKey { numbers: Some(Vec::new()), ..new(Role::Viewer) }),
        ("expiresAt", NewApiKey { expires_ms: Some(app.clock.clock().now_ms()), ..new(Role::Viewer) }),
    ] {
        let error = keys.create(&admin, wrong).await.unwrap_err();
        assert!(invalid(field)(&error), "{field}: {error}");
    }
}

#[tokio::test]
async fn the_text_of_a_key_is_nowhere() {
    let app = TestApp::start();
    let created = app.key_for(first_workspace(), new(Role::Owner)).await;
    app.access.recognise(created.text.expose()).await.unwrap();
    let secret = created.text.expose().rsplit('_').next().unwrap();
    let mut seen = format!("{created:?} {:?} {:?}", app.access, app.keys());
    for collection in ["api_keys", "audit", "workspaces"] {
        seen += &Value::from(app.all(collection).await).to_string();
    }
    let raw = data_encoding::HEXLOWER.encode(secret.as_bytes());
    assert!(seen.contains("crm") && !seen.contains(secret) && !seen.contains(&raw), "{seen}");
}

#[tokio::test]
async fn a_stored_limit_that_cannot_be_read_is_not_no_limit() {
    let app = TestApp::start();
    let created = app.key_for(first_workspace(), new(Role::Viewer)).await;
    let keys = mongo::raw(&app.database).await.collection::<mongodb::bson::Document>("api_keys");
    for change in [
        mongodb::bson::doc! { "$set": { "scopes": ["everything:all"] } },
        mongodb::bson::doc! { "$set": { "scopes": "numbers:read" } },
        mongodb::bson::doc! { "$set": { "role": "root" }, "$unset": { "scopes": 1 } },
        mongodb::bson::doc! { "$set": { "role": "viewer", "expiresAt": "never" } },
        mongodb::bson::doc! { "$set": { "numbers": ["1"] }, "$unset": { "expiresAt": 1 } },
    ] {
        keys.update_one(mongodb::bson::doc! {}, change.clone()).await.unwrap();
        assert_eq!(app.access.recognise(created.text.expose()).await, Err(Refused::Unavailable), "{change}");
    }
    keys.update_one(mongodb::bson::doc! {}, mongodb::bson::doc! { "$unset": { "numbers": 1 } })
        .await
        .unwrap();
    assert!(app.access.recognise(created.text.expose()).await.is_ok());
}

#[tokio::test]
async fn an_operator_makes_lists_and_revokes_keys_and_workspaces() {
    let app = TestApp::start();
    let settings = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", app.database.as_str())];
    let pesan = async |arguments: &[&str]| run(arguments, &settings).await;
    let made = pesan(&["workspace", "create", "Toko Maju", "--external-id", "toko-1"]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let workspace: Uuid = made.stdout.trim().parse().unwrap();
    let taken = pesan(&["workspace", "create", "Other", "--external-id", "toko-1"]).await;
    assert_eq!(taken.code, Some(1), "{taken:?}");
    assert!(pesan(&["workspace", "list"]).await.stdout.contains("Toko Maju"));

    let made = pesan(&[
        "api-key",
        "create",
        "crm",
        "--role",
        "agent",
        "--workspace",
        "toko-1",
        "--scope",
        "messages:send",
    ])
    .await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let text = made.stdout.trim();
    let visitor = app.access.recognise(text).await.unwrap();
    assert_eq!((visitor.workspace, visitor.role), (workspace, Role::Agent));
    assert_eq!(visitor.scopes, Some(vec![Scope::MessagesSend]));
    let listed = pesan(&["api-key", "list", "--workspace", "toko-1"]).await.stdout;
    let Who::ApiKey(id) = visitor.who else { panic!("a key") };
    assert!(
        listed.contains(&id.to_string()) && listed.contains("valid") && !listed.contains(text),
        "{listed}"
    );

    let id = id.to_string();
    let elsewhere = pesan(&["api-key", "revoke", &id]).await;
    assert!(elsewhere.code == Some(1) && elsewhere.stderr.contains("no such key"), "{elsewhere:?}");
    let revoked = pesan(&["api-key", "revoke", &id, "--workspace", "toko-1"]).await;
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    assert_eq!(app.access.recognise(text).await, Err(Refused::Unknown));
    assert!(pesan(&["api-key", "list", "--workspace", "toko-1"]).await.stdout.contains("revoked 20"));

    let wrong = pesan(&["api-key", "create", "x", "--role", "root"]).await;
    assert!(wrong.code == Some(2) && wrong.stderr.contains("viewer, agent, admin, owner"), "{wrong:?}");
    let nowhere = pesan(&["api-key", "list", "--workspace", "nowhere"]).await;
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("pesan workspace list"), "{nowhere:?}");
    let log = pesan(&["audit", "list", "--workspace", "toko-1"]).await.stdout;
    for expected in ["create-workspace", "create-api-key", "revoke-api-key", "operator", "\"messages:send\""]
    {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    let verdict = pesan(&["audit", "verify", "--workspace", "toko-1"]).await;
    assert!(verdict.code == Some(0) && verdict.stdout.contains("All 3 entries"), "{verdict:?}");
}
