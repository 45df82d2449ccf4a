//! No secret is anywhere where it can be read: not in the database, not in a log line at the lowest level, not in an
//! answer. The same search finds one that was planted, in each of its forms.

use data_encoding::{BASE64, HEXLOWER};
use mongodb::bson::doc;
use pesan::dev::simulator::world::{NUMBER_ID, WABA_ID};
use pesan::dev::simulator::{self, Running};
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::program::{Service, run};
use crate::support::scan::{Known, Scan};
use crate::support::{client, mongo, webhook};

const TOKEN: &str = "EAAGm0PX4ZCps/BA+known=access.token~of-the-test";
const OTHER_TOKEN: &str = "EAAGwrong+token/that=Meta.does~not-know";
const APP_SECRET: &str = "7c1f9a3b5d2e4f60718293a4b5c6d7e8";
const PROCLAIMED: &str = "a-word+that/only=numbers.know";
const MASTER_KEY: [u8; 32] = *b"the-master-key-that-nobody-reads";
const JWT_SECRET: &str = "jwt+secret/of=the.crm~that-nobody-reads";

fn simulate(supervisor: &Supervisor) -> Running {
    let options = simulator::Options {
        app_secret: Secret::new(APP_SECRET),
        access_token: Secret::new(TOKEN),
        verify_token: Secret::new(webhook::VERIFY_TOKEN),
        ..simulator::Options::default()
    };
    simulator::start(options, supervisor).unwrap()
}

/// What somebody does in a settings page, well and badly. The answers, and the name of each deed.
async fn use_everything(url: &str, key: &str) -> Vec<(&'static str, String)> {
    let client = client();
    let mut answers = Vec::new();
    let number = "query { numbers { id hasAccessToken connectionState sendingBlocked { reason } } }";
    let deeds: Vec<(&'static str, &str, Value)> = vec![
        (
            "a number with a token that Meta does not know",
            "mutation ($input: AddNumberInput!) { addNumber(input: $input) { number { id } userErrors { field code message nextStep } } }",
            json!({ "input": { "phoneNumberId": NUMBER_ID, "accountId": WABA_ID, "accessToken": OTHER_TOKEN } }),
        ),
        (
            "a number",
            "mutation ($input: AddNumberInput!) { addNumber(input: $input) { number { id } userErrors { field code message nextStep } } }",
            json!({ "input": {
                "phoneNumberId": NUMBER_ID, "accountId": WABA_ID, "accessToken": TOKEN, "appSecret": APP_SECRET,
            } }),
        ),
        ("the numbers", number, json!({})),
        (
            "a value where none is expected",
            "mutation ($input: AddNumberInput!) { addNumber(input: $input) { number { id } } }",
            json!({ "input": { "accessToken": [TOKEN], "phoneNumberId": 1 } }),
        ),
        ("a field that is none", "{ numbers { accessToken } }", json!({})),
    ];
    for (what, query, variables) in deeds {
        let body = json!({ "query": query, "variables": variables });
        let request = client.post(format!("{url}/graphql")).bearer_auth(key).json(&body);
        answers.push((what, request.send().await.unwrap().text().await.unwrap()));
    }
    let numbers: Value = serde_json::from_str(&answers[2].1).unwrap();
    let id = numbers["data"]["numbers"][0]["id"].clone();
    assert!(id.is_string(), "{answers:#?}");
    for (what, query, variables) in [
        (
            "new secrets",
            "mutation ($id: ID!, $input: UpdateNumberInput!) { updateNumber(id: $id, input: $input) { number { id } userErrors { message } } }",
            json!({ "id": id, "input": { "accessToken": TOKEN, "appSecret": APP_SECRET, "verifyToken": PROCLAIMED } }),
        ),
        (
            "a token that Meta does not know",
            "mutation ($id: ID!, $input: UpdateNumberInput!) { updateNumber(id: $id, input: $input) { number { id } userErrors { message } } }",
            json!({ "id": id, "input": { "accessToken": OTHER_TOKEN } }),
        ),
        (
            "the connection test",
            "mutation ($id: ID!) { testConnection(numberId: $id) { ok steps { name state cause nextStep } userErrors { message } } }",
            json!({ "id": id }),
        ),
        ("a token instead of an id", "query ($id: ID!) { number(id: $id) { id } }", json!({ "id": TOKEN })),
    ] {
        let body = json!({ "query": query, "variables": variables });
        let request = client.post(format!("{url}/graphql")).bearer_auth(key).json(&body);
        answers.push((what, request.send().await.unwrap().text().await.unwrap()));
    }
    answers
}

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test]
async fn no_secret_is_in_the_database_a_log_line_or_an_answer() {
    let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
    let simulator = simulate(&supervisor);
    let master = format!("m1:{}", BASE64.encode(&MASTER_KEY));
    let base = simulator.url();
    let settings = [
        ("GRAPH_API_BASE_URL", base.as_str()),
        ("WHATSAPP_APP_SECRET", APP_SECRET),
        ("WHATSAPP_VERIFY_TOKEN", webhook::VERIFY_TOKEN),
        ("PESAN_MASTER_KEYS", master.as_str()),
        ("JWT_SECRET", JWT_SECRET),
        ("JWT_ISSUER", "crm"),
        ("JWT_AUDIENCE", "pesan"),
        ("PESAN_LOG", "trace"),
    ];
    let service = Service::start(&settings).await;
    simulator.set_callback(&format!("{}/api/webhooks/whatsapp", service.url));
    let usual = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", service.database.as_str())];
    let all = [&usual[..], &settings[..]].concat();
    let made = run(&["api-key", "create", "test", "--role", "owner"], &all).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let key = made.stdout.split_whitespace().find(|word| word.starts_with("psn_live_")).unwrap().to_owned();

    let answers = use_everything(&service.url, &key).await;
    // A customer writes, so that there are webhooks as well; one more comes with the secret as its signature.
    let written = client()
        .post(format!("{base}/_sim/people/pablo/write"))
        .json(&json!({ "text": "halo, masih ada? 😀" }))
        .send()
        .await
        .unwrap();
    assert!(written.status().is_success());
    let forged = client()
        .post(format!("{}/api/webhooks/whatsapp?hub.verify_token={}", service.url, webhook::VERIFY_TOKEN))
        .header("x-hub-signature-256", format!("sha256={}", HEXLOWER.encode(APP_SECRET.as_bytes())))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status(), 401);

    let known = |name, value: &str| Known { name, value: value.to_owned() };
    let scan = Scan::new(&[
        known("access token", TOKEN),
        known("refused access token", OTHER_TOKEN),
        known("app secret", APP_SECRET),
        known("a number's verify token", PROCLAIMED),
        known("verify token", webhook::VERIFY_TOKEN),
        known("master key", &BASE64.encode(&MASTER_KEY)),
        known("master key's bytes", std::str::from_utf8(&MASTER_KEY).unwrap()),
        known("JWT secret", JWT_SECRET),
        known("API key", &key),
    ]);
    for (what, answer) in &answers {
        // Whoever sends a value where none is expected gets it back from GraphQL itself, as the one who knows it.
        assert_eq!(scan.find(answer.as_bytes()), [], "in the answer to {what}: {answer}");
    }
    let log = service.log();
    assert!(log.contains("TRACE"), "the log is at its lowest level");
    let lines: Vec<_> = log.lines().filter(|line| !scan.find(line.as_bytes()).is_empty()).collect();
    assert!(lines.is_empty(), "in the log: {lines:#?}");
    assert_eq!(scan.find_in_database(&service.database).await, [], "in the database");

    // The same search finds what was planted, in every form.
    let plants: Vec<String> = vec![
        format!("x{TOKEN}x"),
        HEXLOWER.encode(TOKEN.as_bytes()),
        BASE64.encode(format!("ab{TOKEN}").as_bytes()),
        TOKEN
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D")
            .replace('.', "%2E")
            .replace('~', "%7E")
            .replace('-', "%2D"),
    ];
    let collection = mongo::raw(&service.database).await.collection("segments");
    for (n, plant) in plants.iter().enumerate() {
        let id = format!("planted {n}");
        collection.insert_one(doc! { "_id": &id, "body": plant }).await.unwrap();
        let found = scan.find_in_database(&service.database).await;
        assert!(
            !found.is_empty() && found.iter().all(|(_, (name, _))| *name == "access token"),
            "{plant}: {found:?}"
        );
        collection.delete_one(doc! { "_id": &id }).await.unwrap();
    }
    service.stop().await;
    supervisor.shut_down(std::time::Duration::from_secs(5)).await;
}
