//! Files that are printed from the code are as the code would print them now.

use crate::support::program::run;

async fn compare(arguments: &[&str], file: &str) {
    let printed = run(arguments, &[]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == printed.stdout,
        "{file} is out of date: run `cargo run -- {} > {file}`",
        arguments.join(" ")
    );
}

#[tokio::test]
async fn the_example_of_settings_is_current() {
    compare(&["config", "example"], ".env.local.example").await;
}

#[tokio::test]
async fn the_table_of_errors_is_current() {
    compare(&["errors"], "docs/ERRORS.md").await;
}

#[tokio::test]
async fn the_catalogue_of_metas_errors_is_current() {
    compare(&["errors", "--meta"], "docs/META-ERRORS.md").await;
    compare(&["errors", "--meta", "--language", "id"], "docs/META-ERRORS.id.md").await;
}

#[tokio::test]
async fn the_graphql_schema_is_current() {
    compare(&["schema"], "graphql/schema.graphql").await;
}
