//! GraphQL over HTTP as its specification has it, what a request may ask for at most, and what a caller sees when it
//! goes wrong. What the fields mean is tested with what they are about.

use pesan::auth::Role;
use pesan::graphql::document::read_list;
use pesan::secret::Secret;
use reqwest::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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
        ("an empty list", "[]".to_owned(), 400, 400),
        ("a list with a text", format!("[{}, 1]", query(VIEWER)), 400, 400),
        ("a long list", format!("[{}]", vec![query(VIEWER); 11].join(",")), 400, 400),
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

fn hash_of(text: &str) -> Value {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

fn code(answer: &Said) -> &Value {
    &answer.body["errors"][0]["extensions"]["code"]
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_known_by_its_hash() {
    let app = TestApp::start();
    let key = app.key(Role::Viewer).await;
    let ask = async |body: Value| said(post(&app, &key, MODERN, &body.to_string())).await;
    let by_hash = json!({ "extensions": hash_of(VIEWER) });
    let unknown = ask(by_hash.clone()).await;
    assert_eq!((unknown.status, code(&unknown)), (400, &json!("PERSISTED_QUERY_NOT_FOUND")));
    assert_eq!(unknown.body["errors"][0]["message"], "PersistedQueryNotFound", "clients look for this text");
    let wrong = ask(json!({ "query": "{ viewer { apiKeyId } }", "extensions": hash_of(VIEWER) })).await;
    assert_eq!((wrong.status, code(&wrong)), (400, &json!("INVALID_REQUEST")));
    assert_eq!(ask(by_hash.clone()).await.status, 400, "a wrong text teaches nothing");
    assert_eq!(ask(json!({ "query": VIEWER, "extensions": hash_of(VIEWER) })).await.status, 200);
    assert_eq!(ask(by_hash).await.body["data"]["viewer"]["role"], "VIEWER");
    let extensions = hash_of(VIEWER).to_string();
    let by_address = said(get(&app, &key, &[("extensions", &extensions)]).header(ACCEPT, MODERN)).await;
    assert_eq!((by_address.status, &by_address.body["data"]["viewer"]["role"]), (200, &json!("VIEWER")));
    // A hash is of a document, not a way around what a way may do.
    let mutation =
        r#"mutation { revokeApiKey(id: "00000000-0000-0000-0000-000000000000") { userErrors { code } } }"#;
    ask(json!({ "query": mutation, "extensions": hash_of(mutation) })).await;
    let extensions = hash_of(mutation).to_string();
    let by_address = said(get(&app, &key, &[("extensions", &extensions)]).header(ACCEPT, MODERN)).await;
    assert_eq!(by_address.status, 405);
    for persisted in [json!({}), json!({ "version": 2, "sha256Hash": "00" }), json!(1)] {
        let answer = ask(json!({ "extensions": { "persistedQuery": persisted } })).await;
        assert_eq!((answer.status, code(&answer)), (400, &json!("INVALID_REQUEST")), "{persisted}");
    }
}

#[tokio::test]
async fn with_a_list_of_allowed_operations_nothing_else_is_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("viewer.graphql"), VIEWER).unwrap();
    let path = folder.path().to_str().unwrap();
    let app = TestApp::start_with(&[("GRAPHQL_ALLOWED_OPERATIONS", path)], false);
    let key = app.key(Role::Owner).await;
    let ask = async |body: Value| said(post(&app, &key, MODERN, &body.to_string())).await;
    assert_eq!(ask(json!({ "query": VIEWER })).await.status, 200);
    assert_eq!(ask(json!({ "extensions": hash_of(VIEWER) })).await.status, 200);
    let other = "{ viewer { role apiKeyId } }";
    for body in [
        json!({ "query": other }),
        json!({ "query": other, "extensions": hash_of(other) }),
        json!({ "extensions": hash_of(other) }),
        json!({ "query": "{ __schema { queryType { name } } }" }),
    ] {
        let answer = ask(body.clone()).await;
        assert_eq!((answer.status, code(&answer)), (400, &json!("OPERATION_NOT_ALLOWED")), "{body}");
        assert!(answer.body.get("data").is_none());
    }
    let stream = post(
        &app,
        &key,
        "text/event-stream",
        &json!({ "query": "subscription { events { cursor } }" }).to_string(),
    );
    let told = stream.send().await.unwrap().text().await.unwrap();
    assert!(told.contains("OPERATION_NOT_ALLOWED"), "{told}");
}

#[tokio::test]
async fn several_operations_in_one_request_are_run_in_turn_and_each_counts() {
    let app = TestApp::start_with(&[("API_RATE_LIMIT", "12")], false);
    let key = app.key(Role::Owner).await;
    let create = |name: &str| {
        let text =
            "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { name } } }";
        json!({ "query": text, "variables": { "input": { "name": name, "role": "VIEWER" } } })
    };
    let body = json!([create("one"), { "query": "{ nothing }" }, create("two")]).to_string();
    let answer = said(post(&app, &key, MODERN, &body)).await;
    assert_eq!(answer.status, 200);
    let answers = answer.body.as_array().unwrap();
    let name = |index: usize| &answers[index]["data"]["createApiKey"]["apiKey"]["name"];
    assert_eq!((answers.len(), name(0), name(2)), (3, &json!("one"), &json!("two")), "{}", answer.body);
    assert!(answers[1].get("data").is_none());
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "INVALID_REQUEST");

    let ten = json!(vec![json!({ "query": VIEWER }); 10]).to_string();
    let answer = said(post(&app, &key, MODERN, &ten)).await;
    assert_eq!((answer.status, code(&answer)), (429, &json!("RATE_LIMITED")), "3 and 10 are more than 12");
    let stream = said(post(&app, &key, "text/event-stream", &body)).await;
    assert_eq!(stream.status, 400);
}

#[tokio::test]
async fn a_browser_is_shown_graphiql_where_that_is_wanted() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let open = async |app: &TestApp, accept: &str| {
        app.client.get(format!("{}/graphql", app.url)).header(ACCEPT, accept).send().await.unwrap()
    };
    let without = TestApp::start();
    assert_eq!(open(&without, BROWSER).await.status(), 400);
    let app = TestApp::start_with(&[("GRAPHQL_GRAPHIQL", "true")], false);
    let page = open(&app, BROWSER).await;
    let kind = page.headers()[CONTENT_TYPE].to_str().unwrap();
    assert_eq!((page.status().as_u16(), kind), (200, "text/html; charset=utf-8"));
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"));
    let text = page.text().await.unwrap();
    let loaded: Vec<&str> = text.split("https://cdn.jsdelivr.net/").skip(1).collect();
    assert_eq!(loaded.len(), 4);
    for part in loaded {
        let head: String = part.chars().take(250).collect();
        assert!(head.contains("integrity=\"sha384-") && head.contains('@'), "pinned and checked: {head}");
    }
    assert_eq!(open(&app, MODERN).await.status(), 400, "a client that is no browser gets an answer as ever");
}

#[test]
fn a_list_is_a_folder_or_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    write("a.graphql", VIEWER);
    write("notes.txt", "no document");
    assert_eq!(read_list(folder.path()).unwrap(), [VIEWER]);
    let map = write("map.json", &serde_json::json!({ "abc": VIEWER }).to_string());
    assert_eq!(read_list(&map).unwrap(), [VIEWER]);
    let manifest = serde_json::json!({ "version": 1, "operations": [{ "id": "abc", "body": VIEWER }] });
    assert_eq!(read_list(&write("manifest.json", &manifest.to_string())).unwrap(), [VIEWER]);
    for bad in ["[]", "{}", "no", r#"{"a":1}"#, r#"{"operations":[{"id":"a"}]}"#, r#"{"a":"{"}"#] {
        assert!(read_list(&write("bad.json", bad)).is_err(), "{bad}");
    }
    assert!(read_list(&folder.path().join("absent.json")).is_err());
}
