//! GraphQL over HTTP as its specification has it, what a request may ask for at most, and what a caller sees when it
//! goes wrong. What the fields mean is tested with what they are about.

use pesan::auth::Role;
use pesan::secret::Secret;
use reqwest::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::app::TestApp;

const MODERN: &str = "application/graphql-response+json";
const PLAIN: &str = "application/json";
const VIEWER: &str = "{ viewer { role } }";

struct Said {
    status: u16,
    content_type: String,
    body: Value,
}

async fn said(request: reqwest::RequestBuilder) -> Said {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let content_type = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    Said { status, content_type, body: answer.json().await.unwrap() }
}

fn post(app: &TestApp, key: &Secret, accept: &str, body: &str) -> reqwest::RequestBuilder {
    app.client
        .post(format!("{}/graphql", app.url))
        .header(AUTHORIZATION, format!("Bearer {}", key.expose()))
        .header(CONTENT_TYPE, PLAIN)
        .header(ACCEPT, accept)
        .body(body.to_owned())
}

fn get(app: &TestApp, key: &Secret, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let address = reqwest::Url::parse_with_params(&format!("{}/graphql", app.url), parameters).unwrap();
    app.client.get(address).header(AUTHORIZATION, format!("Bearer {}", key.expose()))
}

#[tokio::test]
async fn the_status_tells_whether_anything_was_run_to_those_who_ask_so() {
    let app = TestApp::start();
    let key = app.key(Role::Viewer).await;
    let query = |text: &str| json!({ "query": text }).to_string();
    let variable = json!({
        "query": "query ($id: ID!) { viewer { role } __type(name: $id) { name } }",
        "variables": { "id": [1] },
    });
    for (what, body, modern, plain) in [
        ("a query", query(VIEWER), 200, 200),
        ("no document", query("{"), 400, 200),
        ("no such field", query("{ nothing }"), 400, 200),
        ("a variable of the wrong type", variable.to_string(), 400, 200),
        ("no JSON", "{".to_owned(), 400, 400),
        ("no query", "{}".to_owned(), 400, 400),
        ("a batch", format!("[{}]", query(VIEWER)), 400, 400),
        ("variables that are none", json!({ "query": VIEWER, "variables": "x" }).to_string(), 400, 400),
    ] {
        let answer = said(post(&app, &key, MODERN, &body)).await;
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (modern, "application/graphql-response+json; charset=utf-8"),
            "{what}"
        );
        assert_eq!(answer.body.get("data").is_some(), modern == 200, "{what}: {}", answer.body);
        let answer = said(post(&app, &key, PLAIN, &body)).await;
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (plain, "application/json; charset=utf-8"),
            "{what}"
        );
        if what != "a query" {
            let extensions = &answer.body["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "INVALID_REQUEST", "{what}: {}", answer.body);
            assert!(extensions["requestId"].as_str().unwrap().len() > 10, "{what}");
        }
    }
}

#[tokio::test]
async fn what_a_browser_sends_to_other_sites_unasked_is_not_taken() {
    let app = TestApp::start();
    let key = app.key(Role::Owner).await;
    let body = json!({ "query": VIEWER }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ] {
        let request = post(&app, &key, PLAIN, &body).header(CONTENT_TYPE, content_type);
        // The builder adds headers: the first of two is the one that counts, so this needs a request of its own.
        let mut request = request.build().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        assert_eq!(app.client.execute(request).await.unwrap().status(), 415, "{content_type}");
    }
    let answer = said(get(&app, &key, &[("query", VIEWER)])).await;
    assert_eq!((answer.status, &answer.body["data"]["viewer"]["role"]), (200, &json!("OWNER")));
    let mutation = "mutation { revokeApiKey(id: \"x\") { userErrors { code } } }";
    let answer = get(&app, &key, &[("query", mutation)]).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()[ALLOW].to_str().unwrap()), (405, "POST"));
    let answer = app.client.put(format!("{}/graphql", app.url)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()[ALLOW].to_str().unwrap()), (405, "GET, POST"));
    let answer = get(&app, &key, &[("query", VIEWER)]).header(ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(answer.status(), 406);
}

#[tokio::test]
async fn whoever_shows_no_good_key_learns_nothing_else() {
    let app = TestApp::start();
    let body = json!({ "query": "{ viewer { role } nothing }" }).to_string();
    let mut answers = Vec::new();
    for key in [
        "",
        "nonsense",
        "psn_live_aaaaaaaaaaaaaaaaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let answer =
            post(&app, &Secret::new(key), PLAIN, &body).header("x-request-id", "same").send().await.unwrap();
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers[0].1.contains("UNAUTHENTICATED"));
    answers.dedup();
    assert_eq!(answers.len(), 1, "all refusals are the same: {answers:?}");
}

#[tokio::test]
async fn a_document_that_asks_for_too_much_is_refused_quickly() {
    let app = TestApp::start();
    let key = app.key(Role::Viewer).await;
    let deep = format!("{}role{}", "{ viewer ".repeat(1_000), " }".repeat(1_000));
    let aliases: Vec<String> = (0..10_000).map(|n| format!("a{n}: workspace {{ id }}")).collect();
    let aliases = aliases.join(" ");
    let circle = "{ ...a } fragment a on Query { viewer { role } ...b } fragment b on Query { ...a }";
    for (what, query, status) in [
        ("depth 1,000", deep, 400),
        ("10,000 aliases", format!("{{ {aliases} }}"), 400),
        ("a circle of fragments", circle.to_owned(), 400),
        ("5 MB", format!("{{ viewer {{ role }} }} #{}", "x".repeat(5 * 1024 * 1024)), 413),
        ("64 KB", format!("{{ viewer {{ role }} }} #{}", "x".repeat(64 * 1024)), 400),
    ] {
        let began = std::time::Instant::now();
        let answer = said(post(&app, &key, MODERN, &json!({ "query": query }).to_string())).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(answer.body["errors"][0]["message"].as_str().unwrap().len() > 10, "{what}");
        assert!(began.elapsed() < crate::support::PATIENCE / 6, "{what}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn keys_are_made_used_and_ended_and_the_log_tells_of_it() {
    let app = TestApp::start();
    let owner = app.key(Role::Owner).await;
    let create = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
        apiKey { id hint role scopes } secret userErrors { field code message nextStep } } }";
    let input = json!({ "input": { "name": "inbox", "role": "AGENT", "scopes": ["workspace:read"] } });
    let made = app.graphql(&owner, create, input).await["data"]["createApiKey"].clone();
    assert_eq!(made["userErrors"], json!([]));
    let secret = Secret::new(made["secret"].as_str().unwrap());
    assert!(secret.expose().starts_with(made["apiKey"]["hint"].as_str().unwrap()));
    let seen = app.graphql(&secret, "{ viewer { role scopes } workspace { name } }", json!({})).await;
    assert_eq!(seen["data"]["viewer"], json!({ "role": "AGENT", "scopes": ["workspace:read"] }));
    // Not what the scope is for, whatever the role may.
    let denied = app.graphql(&secret, "{ apiKeys { id } }", json!({})).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");

    for (input, field, code) in [
        (json!({ "name": " ", "role": "AGENT" }), "name", "INVALID"),
        (json!({ "name": "x", "role": "AGENT", "scopes": ["everything"] }), "scopes", "INVALID"),
        (
            json!({ "name": "x", "role": "AGENT", "expiresAt": "2020-01-01T00:00:00Z" }),
            "expiresAt",
            "INVALID",
        ),
        (json!({ "name": "x", "role": "AGENT", "numberIds": ["x"] }), "numberIds", "INVALID"),
    ] {
        let answer = app.graphql(&owner, create, json!({ "input": input })).await;
        let error = &answer["data"]["createApiKey"]["userErrors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{answer}");
    }

    let revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { revokedAt } userErrors { code } } }";
    let id = json!({ "id": made["apiKey"]["id"] });
    let ended = app.graphql(&owner, revoke, id).await;
    assert!(ended["data"]["revokeApiKey"]["apiKey"]["revokedAt"].is_string(), "{ended}");
    let after = post(&app, &secret, PLAIN, &json!({ "query": VIEWER }).to_string()).send().await.unwrap();
    assert_eq!(after.status(), 401);

    let log = "query ($after: String) { auditLog(first: 1, after: $after) {
        nodes { deed target } pageInfo { hasNextPage endCursor } } }";
    let mut deeds = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = app.graphql(&owner, log, json!({ "after": after })).await["data"]["auditLog"].clone();
        deeds.push(page["nodes"][0]["deed"].as_str().unwrap().to_owned());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(deeds, ["revoke-api-key", "create-api-key", "create-api-key"], "the owner's own key too");
    let forged = app.graphql(&owner, log, json!({ "after": "forged" })).await;
    assert_eq!(forged["errors"][0]["extensions"]["code"], "INVALID_REQUEST", "{forged}");
}
