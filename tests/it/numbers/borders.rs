//! Who may, and who does not even see: roles, keys for other numbers, other workspaces.

use pesan::auth::Role;
use pesan::dev::simulator::world::SECOND_NUMBER_ID;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Desk, OPERATIONS, new_key, new_number};

/// Every operation, with variables of the right form, and whether a viewer may.
fn all(id: &str) -> Vec<(&'static str, Value, bool)> {
    let on = json!({ "numberId": id });
    let of = json!({ "id": id });
    let put = |base: &Value, name: &str, value: Value| {
        let mut variables = base.clone();
        variables[name] = value;
        variables
    };
    vec![
        ("number", of.clone(), true),
        ("businessProfile", on.clone(), true),
        ("qrCodes", on.clone(), true),
        ("blockedUsers", on.clone(), true),
        ("conversationalAutomation", on.clone(), true),
        ("username", on.clone(), true),
        ("usernameSuggestions", on.clone(), true),
        ("updateNumber", put(&of, "input", json!({ "displayName": "x" })), false),
        ("pauseNumber", of.clone(), false),
        ("resumeNumber", of.clone(), false),
        ("refreshNumber", of.clone(), false),
        ("syncNumber", put(&of, "sync", json!("CONTACTS")), false),
        ("registerNumber", of.clone(), false),
        ("deregisterNumber", of.clone(), false),
        ("requestVerificationCode", put(&of, "method", json!("SMS")), false),
        ("verifyCode", put(&of, "code", json!("123456")), false),
        ("setTwoStepPin", put(&of, "pin", json!("123456")), false),
        ("subscribeApp", of.clone(), false),
        ("setCallback", put(&of, "url", json!("https://crm.example/x")), false),
        ("clearCallback", of.clone(), false),
        ("updateBusinessProfile", put(&on, "input", json!({ "about": "x" })), false),
        ("createQrCode", put(&on, "message", json!("x")), false),
        ("updateQrCode", put(&put(&on, "message", json!("x")), "code", json!("A1")), false),
        ("deleteQrCode", put(&on, "code", json!("A1")), false),
        ("blockUsers", put(&on, "customers", json!(["1"])), false),
        ("unblockUsers", put(&on, "customers", json!(["1"])), false),
        ("setConversationalAutomation", put(&on, "input", json!({ "prompts": [], "commands": [] })), false),
        ("setUsername", put(&on, "username", json!("x")), false),
        ("deleteUsername", on, false),
        ("deleteNumber", of, false),
    ]
}

async fn raw(desk: &Desk, key: &Secret, name: &str, variables: Value) -> Value {
    let text = std::fs::read_to_string(format!("{OPERATIONS}/{name}.graphql")).unwrap();
    desk.app.graphql(key, &text, variables).await
}

fn is_forbidden(answer: &Value) -> bool {
    answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
}

#[tokio::test]
async fn a_viewer_reads_an_agent_too_and_a_key_for_another_number_nothing() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let viewer = desk.app.key(Role::Viewer).await;
    let agent = desk.app.key(Role::Agent).await;
    let limited = desk.limited(Role::Admin).await;
    let before = desk.app.all("numbers").await;
    let changes = async || {
        let requests = desk.meta.requests("").await;
        requests.iter().filter(|request| request["method"] != "GET").count()
    };
    let changed = changes().await;
    for (name, variables, may_view) in all(&id) {
        for key in [&viewer, &agent] {
            let answer = raw(&desk, key, name, variables.clone()).await;
            assert_eq!(is_forbidden(&answer), !may_view, "{name}: {answer}");
        }
        let answer = raw(&desk, &limited, name, variables).await;
        assert!(is_forbidden(&answer), "{name}: {answer}");
    }
    for key in [&viewer, &agent, &limited] {
        let answer = raw(&desk, key, "addNumber", json!({ "input": new_number() })).await;
        assert!(is_forbidden(&answer), "{answer}");
        let code = json!({ "input": { "code": "x" } });
        assert!(is_forbidden(&raw(&desk, key, "connectNumber", code).await));
    }
    let theirs = desk.run_as(&limited, "numbers", json!({})).await;
    let theirs: Vec<&Value> =
        theirs.as_array().unwrap().iter().map(|number| &number["phoneNumberId"]).collect();
    assert_eq!(theirs, [SECOND_NUMBER_ID], "a list has what they may touch");
    assert_eq!(desk.app.all("numbers").await, before, "nothing was changed");
    assert_eq!(changes().await, changed, "nothing was changed at Meta's side");

    let ours = new_key(Role::Admin, Some(vec![id.parse::<Uuid>().unwrap()]));
    let ours = desk.app.key_for(first_workspace(), ours).await.text;
    assert_eq!(desk.run_as(&ours, "pauseNumber", json!({ "id": id })).await["userErrors"], json!([]));
}

#[tokio::test]
async fn to_another_workspace_a_number_is_not_there_and_its_id_says_nothing() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let stranger = desk.stranger().await;
    let before = desk.app.all("numbers").await;
    let seen = desk.meta.requests("").await.len();
    let unknown = Uuid::from_u128(5).to_string();
    for ((name, theirs, _), (_, nobodys, _)) in all(&id).into_iter().zip(all(&unknown)) {
        let answer = raw(&desk, &stranger, name, theirs).await;
        let same = raw(&desk, &stranger, name, nobodys).await;
        assert_eq!(answer, same, "{name}: an id of another workspace is as good as one of nobody");
        let payload = &answer["data"][name];
        let is_absent = payload.is_null() || payload["userErrors"][0]["code"] == "NOT_FOUND";
        assert!(is_absent && answer.get("errors").is_none(), "{name}: {answer}");
    }
    for bad in ["", "not-an-id", "../1"] {
        let payload = desk.refused("pauseNumber", json!({ "id": bad })).await;
        assert_eq!(payload["code"], "NOT_FOUND");
    }
    assert_eq!(desk.run_as(&stranger, "numbers", json!({})).await, json!([]));
    assert_eq!(desk.app.all("numbers").await, before, "nothing was changed");
    assert_eq!(desk.meta.requests("").await.len(), seen, "nothing was asked of Meta");
}
