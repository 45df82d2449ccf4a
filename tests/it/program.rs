//! The program towards a person: one clear line for a mistake, and the right exit code.

use crate::support::mongo;
use crate::support::program::{Outcome, run, run_command};

const NOWHERE: &str = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1";

fn check(outcome: &Outcome, code: i32, expected: &str) {
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    assert!(outcome.stderr.contains(expected), "{outcome:?}");
    assert!(outcome.stderr.starts_with("pesan: "), "{outcome:?}");
    for word in ["panicked", "RUST_BACKTRACE", "Error {", "Some("] {
        assert!(!outcome.stderr.contains(word), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_a_line_and_exit_code_2() {
    for command in [&["serve"][..], &["db", "check"], &["config", "check"]] {
        let outcome = run(command, &[("MONGODB_URI", NOWHERE), ("PESAN_BIND", "here")]).await;
        check(&outcome, 2, "PESAN_BIND: expects an IP address and a port");
    }
    check(&run(&["serve"], &[]).await, 2, "MONGODB_URI: is not set");
    check(&run(&["serve"], &[("MONGODB_URI", "postgres://db")]).await, 2, "MONGODB_URI: expects");
    check(&run(&["serve"], &[("MONGODB_URI", "mongodb://")]).await, 2, "MONGODB_URI");
    check(&run(&["--env-file", "/nowhere/.env", "serve"], &[]).await, 2, "/nowhere/.env cannot be read");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_a_line_and_exit_code_3() {
    for command in [&["serve"][..], &["db", "migrate"], &["db", "analyze"]] {
        let settings = [("MONGODB_URI", NOWHERE), ("PESAN_MONGODB_TIMEOUT_MS", "300")];
        let outcome = run(command, &settings).await;
        assert_eq!(outcome.code, Some(3), "{outcome:?}");
        assert!(outcome.stderr.contains("pesan: MongoDB cannot be reached"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_shown() {
    let uri = mongo::uri().replace("mongodb://", "mongodb://somebody:the-password@");
    let outcome = run(&["serve"], &[("MONGODB_URI", &uri)]).await;
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("MongoDB refuses the user name or password"), "{outcome:?}");
    assert!(!outcome.stderr.contains("the-password"), "{outcome:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_line_and_exit_code_3() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let database = mongo::database_name();
    let settings = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &database), ("PESAN_BIND", &address)];
    assert_eq!(run(&["db", "setup"], &settings).await.code, Some(0));
    let outcome = run(&["serve"], &settings).await;
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("another program listens there"), "{outcome:?}");
    mongo::raw(&database).await.drop().await.unwrap();
}

#[tokio::test]
async fn serve_refuses_a_database_that_is_behind_and_names_the_command() {
    let database = mongo::database_name();
    let outcome = run(&["serve"], &[("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &database)]).await;
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("run `pesan db migrate`"), "{outcome:?}");
    let collections = mongo::raw(&database).await.list_collection_names().await.unwrap();
    assert!(collections.is_empty(), "it changes nothing by itself: {collections:?}");
}

#[tokio::test]
async fn config_check_reports_good_settings_without_their_secrets() {
    let settings =
        [("MONGODB_URI", "mongodb://u:hidden-password@db/"), ("WHATSAPP_APP_SECRET", "hidden-secret")];
    let outcome = run(&["config", "check"], &settings).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("The configuration is good."));
    assert!(!outcome.stdout.contains("hidden"), "{outcome:?}");
}

#[tokio::test]
async fn a_collector_without_the_feature_is_a_configuration_error() {
    if cfg!(feature = "otel") {
        return;
    }
    let settings = [("MONGODB_URI", NOWHERE), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")];
    check(&run(&["serve"], &settings).await, 2, "feature `otel`");
}

#[tokio::test]
async fn healthcheck_fails_when_nothing_answers() {
    let outcome = run(&["healthcheck", "--address", "127.0.0.1:1"], &[]).await;
    check(&outcome, 1, "no service answers at 127.0.0.1:1");
}

#[tokio::test]
async fn help_explains_the_commands_and_the_exit_codes() {
    let mut command = crate::support::program::command(&["--help"], &[]);
    command.env("COLUMNS", "100");
    let outcome = run_command(command).await;
    for expected in ["serve", "dev", "db", "config", "healthcheck", "Exit codes"] {
        assert!(outcome.stdout.contains(expected), "{expected}");
    }
    assert!(!outcome.stdout.contains("guard"), "the guard is not for people");
}
