//! Every mutation of the schema, with ids of one's own, of another workspace, and of nobody: what is another's is as good
//! as nobody's, and stays as it was. Generated from the schema, so that a mutation that is added is in it.

use std::collections::BTreeMap;

use pesan::auth::{NewApiKey, Role};
use pesan::dev::simulator::world::SECOND_NUMBER_ID;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::numbers::{Desk, new_number};
use crate::reading::isolation::{bare, fill, written};
use crate::support::eventually;
use crate::support::webhook::{ACCOUNT_ID, PHONE_NUMBER_ID};

/// They take no id of anything that is there; labels go by their names, each workspace's apart.
const WITHOUT_IDS: &[&str] =
    &["addNumber", "connectNumber", "createApiKey", "deleteLabel", "saveLabel", "updateSendingSettings"];

/// Values that a mutation needs beside ids, to get as far as looking for what they name.
fn given(mutation: &str, path: &str) -> Option<Value> {
    let value = match (mutation, path) {
        ("sendMessage", "input.content") => json!({ "text": { "body": "halo" } }),
        ("editContact", "input.displayName") => json!("Budi"),
        ("assignConversation", "input.userId") => json!("crm-7"),
        ("setCallback", "url") => json!("https://crm.example/api/webhooks/whatsapp"),
        ("setTwoStepPin" | "registerNumber", "pin") | ("verifyCode", "code") => json!("314159"),
        ("snoozeConversation", "until") => json!("2026-11-22T08:00:00Z"),
        // Both workspaces have numbers of this account.
        (_, path) if path.rsplit('.').next() == Some("accountId") => Value::Null,
        ("createTemplate", "input.content") => json!({ "body": { "text": "halo" } }),
        ("createTemplate", "input.name") => json!("promo"),
        ("createTemplate", "input.language") => json!("id"),
        ("deleteTemplate", "input.name") => Value::Null,
        ("uploadTemplateSample", "input.data") => json!("/9j/4AAQSkZJRg=="),
        ("uploadTemplateSample", "input.mimeType") => json!("image/jpeg"),
        ("uploadTemplateSample", "input.fileName") => json!("sample.jpg"),
        ("sendReaction", "input.emoji") => json!("👍"),
        (_, "language") => json!("EN"),
        _ => return None,
    };
    Some(value)
}

/// What a workspace has, by kind.
struct Ids(BTreeMap<&'static str, String>);

impl Ids {
    /// Ids of the same kinds that are nobody's.
    fn nobodys(&self) -> Self {
        let swap = |(kind, id): (&&'static str, &String)| {
            let other =
                if id.parse::<Uuid>().is_ok() { Uuid::from_u128(5).to_string() } else { "0815".to_owned() };
            (*kind, other)
        };
        Self(self.0.iter().map(swap).collect())
    }

    /// The id that an argument asks for.
    fn of(&self, mutation: &str, argument: &str) -> String {
        let kind = match argument {
            "id" => ["ApiKey", "Number", "Message", "Template", "Note", "Contact", "Conversation", "Label"]
                .into_iter()
                .find(|kind| mutation.contains(kind))
                .unwrap_or("Number"),
            "numberId" | "numberIds" => "Number",
            "conversationId" => "Conversation",
            "contactId" | "intoId" | "fromId" | "into" | "from" => "Contact",
            "accountId" => "Account",
            "templateId" => "Template",
            "noteId" => "Note",
            "messageId" | "upToMessageId" => "MessageRead",
            other => panic!("{mutation} asks for {other}, of which this test knows nothing"),
        };
        self.0.get(kind).unwrap_or_else(|| panic!("{mutation}: the worlds have no {kind}")).clone()
    }
}

/// The schema's own description of its inputs.
struct Schema(Value);

impl Schema {
    async fn of(desk: &Desk) -> Self {
        let query = "{ __schema { mutationType { fields { name args { name defaultValue type { ...T } } type { ...T } } }
                       types { name kind isOneOf fields { name args { name } type { ...T } } enumValues { name }
                               inputFields { name defaultValue type { ...T } } } } }
                     fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { name kind } } } } }";
        Self(desk.app.graphql(&desk.key, query, json!({})).await["data"]["__schema"].take())
    }

    fn mutations(&self) -> &Vec<Value> {
        self.0["mutationType"]["fields"].as_array().unwrap()
    }

    fn named(&self, name: &str) -> &Value {
        self.0["types"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
    }

    /// A value of a type, with ids where they are asked for. None where it may be left out and asks for none.
    fn value(&self, mutation: &str, path: &str, of: &Value, ids: &Ids) -> Option<Value> {
        if let Some(value) = given(mutation, path) {
            return Some(value);
        }
        let is_needed = of["kind"] == "NON_NULL";
        let inner = if is_needed { &of["ofType"] } else { of };
        let name = inner["name"].as_str().unwrap_or_default();
        let argument = path.rsplit('.').next().unwrap();
        match inner["kind"].as_str().unwrap() {
            "LIST" => {
                let element = self.value(mutation, path, &inner["ofType"], ids)?;
                (is_needed || bare(inner)["name"] == "ID").then(|| json!([element]))
            }
            "INPUT_OBJECT" if !is_needed && !self.asks_for_an_id(name) => None,
            "INPUT_OBJECT" => {
                let kind = self.named(name);
                let mut object = Map::new();
                for field in kind["inputFields"].as_array().unwrap() {
                    let inner_name = field["name"].as_str().unwrap();
                    let below = format!("{path}.{inner_name}");
                    let value = if kind["isOneOf"] == true {
                        let needed = json!({ "kind": "NON_NULL", "ofType": field["type"] });
                        self.value(mutation, &below, &needed, ids)
                    } else {
                        self.value(mutation, &below, &field["type"], ids)
                    };
                    if let Some(value) = value {
                        object.insert(inner_name.to_owned(), value);
                        if kind["isOneOf"] == true {
                            break;
                        }
                    }
                }
                (is_needed || !object.is_empty()).then_some(Value::Object(object))
            }
            "ENUM" => is_needed.then(|| self.named(name)["enumValues"][0]["name"].clone()),
            "SCALAR" if name == "ID" => Some(ids.of(mutation, argument).into()),
            "SCALAR" => is_needed.then(|| match name {
                "Int" | "Float" => json!(1),
                "Boolean" => json!(true),
                "DateTime" => json!("2099-01-01T00:00:00Z"),
                _ if argument.contains("phone") => json!("+628111222333"),
                _ => json!("x"),
            }),
            other => panic!("{path}: {other}"),
        }
    }

    fn asks_for_an_id(&self, input: &str) -> bool {
        self.named(input)["inputFields"].as_array().unwrap().iter().any(|field| {
            let kind = bare(&field["type"]);
            kind["name"] == "ID"
                || kind["kind"] == "INPUT_OBJECT" && self.asks_for_an_id(kind["name"].as_str().unwrap())
        })
    }

    /// What can be read of a payload, two objects deep.
    fn selection(&self, of: &Value, depth: usize) -> Option<String> {
        let of = bare(of);
        if of["kind"] == "UNION" || of["kind"] == "INTERFACE" {
            return Some("{ __typename }".to_owned());
        }
        if of["kind"] != "OBJECT" {
            return Some(String::new());
        }
        if depth == 0 {
            return None;
        }
        let fields = self.named(of["name"].as_str().unwrap())["fields"].as_array().unwrap();
        let plain = fields.iter().filter(|field| field["args"] == json!([]));
        let fields: Vec<String> = plain
            .filter_map(|field| {
                let below = self.selection(&field["type"], depth - 1)?;
                Some(format!("{} {below}", field["name"].as_str().unwrap()))
            })
            .collect();
        (!fields.is_empty()).then(|| format!("{{ {} }}", fields.join(" ")))
    }
}

/// Calls a mutation. The answer, with the ids that were asked for taken out of it.
async fn call(desk: &Desk, key: &Secret, schema: &Schema, mutation: &Value, ids: &Ids) -> Value {
    let name = mutation["name"].as_str().unwrap();
    let (mut heads, mut passed, mut variables) = (Vec::new(), Vec::new(), Map::new());
    for argument in mutation["args"].as_array().unwrap() {
        let argument_name = argument["name"].as_str().unwrap();
        let Some(value) = schema.value(name, argument_name, &argument["type"], ids) else { continue };
        heads.push(format!("${argument_name}: {}", written(&argument["type"])));
        passed.push(format!("{argument_name}: ${argument_name}"));
        variables.insert(argument_name.to_owned(), value);
    }
    let selection = schema.selection(&mutation["type"], 3).unwrap();
    let text = format!("mutation({}) {{ {name}({}) {selection} }}", heads.join(", "), passed.join(", "));
    let mut answer = desk.app.graphql(key, &text, Value::Object(variables)).await.to_string();
    for id in ids.0.values() {
        answer = answer.replace(id.as_str(), "<id>");
    }
    let mut answer: Value = serde_json::from_str(&answer).unwrap();
    for error in answer.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        error["extensions"].as_object_mut().unwrap().remove("requestId");
    }
    answer
}

/// Everything that a workspace has, but for what tells of the asking itself.
async fn belongings(desk: &Desk, workspace: Uuid) -> Vec<(&'static str, Vec<Value>)> {
    let mark = workspace.simple().to_string();
    let mut found = Vec::new();
    for collection in pesan::storage::COLLECTIONS {
        if ["events", "audit", "api_keys"].contains(&collection.name) {
            continue;
        }
        let all = desk.app.all(collection.name).await;
        found.push((collection.name, all.into_iter().filter(|one| one["workspace"] == mark).collect()));
    }
    found
}

#[tokio::test]
async fn no_mutation_touches_anything_of_another_workspace() {
    let desk = Desk::start().await;
    let owner = |workspace: Uuid| {
        desk.app.key_for(
            workspace,
            NewApiKey {
                name: "owner".to_owned(),
                role: Role::Owner,
                scopes: None,
                numbers: None,
                expires_ms: None,
            },
        )
    };
    let other = Uuid::from_u128(77);
    desk.app.storage.ensure_workspace(other, "other").await.unwrap();
    let keys = [owner(first_workspace()).await.text, owner(other).await.text];
    let mut worlds = Vec::new();
    for ((key, number), mark) in keys.iter().zip([PHONE_NUMBER_ID, SECOND_NUMBER_ID]).zip(["Xsatu", "Xdua"]) {
        let mut new = new_number();
        new["phoneNumberId"] = number.into();
        let added = desk.run_as(key, "addNumber", json!({ "input": new })).await;
        assert_eq!(added["userErrors"], json!([]), "{mark}");
        fill(&desk.app, number, ACCOUNT_ID, mark).await;
        // A number that was just added may not be known yet to those who route: then its webhooks wait for it.
        eventually("the webhooks have come through", || async {
            desk.app.run_worker("reroute").await.unwrap();
            desk.app.all("unrouted").await.is_empty().then_some(())
        })
        .await;
        desk.app.settle().await;
        worlds.push(Ids(ids_of(&desk, key, mark).await));
    }
    let schema = Schema::of(&desk).await;
    let before = [belongings(&desk, first_workspace()).await, belongings(&desk, other).await];
    let (mut called, mut wrong) = (0, Vec::new());
    for mutation in schema.mutations() {
        let name = mutation["name"].as_str().unwrap();
        if WITHOUT_IDS.contains(&name) {
            continue;
        }
        for (mine, others) in [(0, 1), (1, 0)] {
            let asked = desk.meta.requests("").await.len();
            let foreign = call(&desk, &keys[mine], &schema, mutation, &worlds[others]).await;
            let nobodys = call(&desk, &keys[mine], &schema, mutation, &worlds[others].nobodys()).await;
            // An id of another workspace is as good as one of nobody.
            if foreign != nobodys || !foreign.to_string().contains("NOT_FOUND") {
                wrong.push(format!("{name}: {foreign} and {nobodys}"));
            }
            assert_eq!(desk.meta.requests("").await.len(), asked, "{name}: nothing was asked of Meta");
            called += 1;
        }
    }
    assert!(called >= 60, "{called}");
    let after = [belongings(&desk, first_workspace()).await, belongings(&desk, other).await];
    assert_eq!(after, before, "nothing was changed");
    // And each finds what is their own: what deletes comes last.
    let mut mutations: Vec<&Value> = schema.mutations().iter().collect();
    mutations.sort_by_key(|mutation| {
        let name = mutation["name"].as_str().unwrap();
        (name.starts_with("delete") || name.starts_with("deregister"), name == "deleteNumber")
    });
    for mutation in mutations {
        let name = mutation["name"].as_str().unwrap();
        if WITHOUT_IDS.contains(&name) {
            continue;
        }
        let own = call(&desk, &keys[0], &schema, mutation, &worlds[0]).await;
        if own.to_string().contains("NOT_FOUND") || !own["data"][name].is_object() {
            wrong.push(format!("{name} does not find its own: {own}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The ids of a workspace that was filled: its conversation, its message, and so on.
async fn ids_of(desk: &Desk, key: &Secret, mark: &str) -> BTreeMap<&'static str, String> {
    let query = "{ conversations { nodes { id numberId contactId } } apiKeys { id } numbers { id accountId }
        contacts { nodes { id } } }";
    let run = async |text: &str, variables: Value| {
        let answer = desk.app.graphql(key, text, variables).await;
        assert_eq!(answer.get("errors"), None, "{text}: {answer}");
        answer["data"].clone()
    };
    let data = run(query, json!({})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let conversation = &data["conversations"]["nodes"][0];
    assert!(conversation.is_object(), "{mark}: {data}");
    let id = text(&conversation["id"]);
    let note = run(
        "mutation($id: ID!) { addNote(input: { conversationId: $id, text: \"x\" }) { note { id } } }",
        json!({ "id": id }),
    )
    .await;
    let sent = run(
        "mutation($id: ID!, $at: DateTime!) { sendMessage(input: { to: { conversationId: $id }, sendAt: $at,
            content: { text: { body: \"x\" } } }) { message { id } userErrors { code message } } }",
        json!({ "id": id, "at": "2026-11-21T20:00:00Z" }),
    )
    .await;
    assert_eq!(sent["sendMessage"]["userErrors"], json!([]), "{mark}");
    let messages = run(
        "query($id: ID!) { messages(conversationId: $id) { nodes { id direction } } }",
        json!({ "id": id }),
    )
    .await;
    let heard =
        messages["messages"]["nodes"].as_array().unwrap().iter().find(|one| one["direction"] == "INBOUND");
    let other_key = run(
        "mutation($n: String!) { createApiKey(input: { name: $n, role: VIEWER }) { apiKey { id } } }",
        json!({ "n": mark }),
    )
    .await;
    let templates = run("{ templates { nodes { id } } }", json!({})).await;
    [
        ("Conversation", id),
        ("Template", text(&templates["templates"]["nodes"][0]["id"])),
        ("Number", text(&conversation["numberId"])),
        ("Contact", text(&conversation["contactId"])),
        ("Account", text(&data["numbers"][0]["accountId"])),
        ("ApiKey", text(&other_key["createApiKey"]["apiKey"]["id"])),
        ("Note", text(&note["addNote"]["note"]["id"])),
        ("Message", text(&sent["sendMessage"]["message"]["id"])),
        ("MessageRead", text(&heard.unwrap()["id"])),
    ]
    .into()
}
