//! Every mutation of the schema, and every query and subscription that `reading::isolation` leaves to this, with ids of
//! one's own, of another workspace, and of nobody: what is another's is as good as nobody's, and stays as it was.
//! Generated from the schema, so that what is added is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use pesan::auth::{NewApiKey, Role};
use pesan::dev::simulator::world::SECOND_NUMBER_ID;
use pesan::graphql::Cursor;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::live::client::Socket;
use crate::numbers::{Desk, new_number};
use crate::reading::CLOCK_S;
use crate::reading::isolation::{OF_OTHERS, bare, fill, written};
use crate::reading::paging::to_number;
use crate::support::webhook;
use crate::support::webhook::{ACCOUNT_ID, Customer, PHONE_NUMBER_ID, inbound};
use crate::support::{PATIENCE, eventually};

/// What is not told by then is not told.
const HEARD_FOR: Duration = Duration::from_millis(500);

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
        ("previewTemplate", "template.name" | "template.language") => json!("x"),
        ("checkPhone", "phone") => json!("+62 812 3456 7890"),
        ("events" | "conversationChanged" | "messageChanged" | "numberChanged", "after") => {
            json!(Cursor::BEGINNING.to_string())
        }
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
                if id.parse::<Uuid>().is_ok() { Uuid::from_u128(5).to_string() } else { "9x".to_owned() };
            (*kind, other)
        };
        Self(self.0.iter().map(swap).collect())
    }

    /// The same, with what others have of one kind.
    fn with(&self, kind: &'static str, others: &Self) -> Self {
        let mut mixed = self.0.clone();
        mixed.insert(kind, others.0[kind].clone());
        Self(mixed)
    }

    /// The kinds that are asked for, if there are several: then each may be another's.
    fn mixable(&self, variables: &Map<String, Value>) -> Vec<&'static str> {
        let asked = json!(variables).to_string();
        let kinds = self.0.iter().filter(|(_, id)| asked.contains(&format!("\"{id}\"")));
        let kinds: Vec<_> = kinds.map(|(kind, _)| *kind).collect();
        if kinds.len() > 1 { kinds } else { Vec::new() }
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
            "query" => "Mark",
            other => panic!("{mutation} asks for {other}, of which this test knows nothing"),
        };
        self.0.get(kind).unwrap_or_else(|| panic!("{mutation}: the worlds have no {kind}")).clone()
    }
}

/// The schema's own description of its inputs.
struct Schema(Value);

/// What an operation does.
#[derive(Clone, Copy)]
enum Root {
    Query,
    Mutation,
    Subscription,
}

impl Root {
    const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

impl Schema {
    async fn of(desk: &Desk) -> Self {
        let query = "{ __schema { queryType { ...R } mutationType { ...R } subscriptionType { ...R } types { name kind isOneOf fields { name args { name } type { ...T } } enumValues { name }
                               inputFields { name defaultValue type { ...T } } } } }
                     fragment R on __Type { fields { name args { name defaultValue type { ...T } } type { ...T } } }
                     fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { name kind } } } } }";
        Self(desk.app.graphql(&desk.key, query, json!({})).await["data"]["__schema"].take())
    }

    fn fields(&self, root: Root) -> &Vec<Value> {
        self.0[format!("{}Type", root.name())]["fields"].as_array().unwrap()
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
            "SCALAR" if name == "ID" || argument == "query" => Some(ids.of(mutation, argument).into()),
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
        if of["name"] == "Event" {
            let ids = "{ messageId conversationId numberId }";
            return Some(format!(
                "{{ __typename ... on MessageAddedEvent {ids} ... on MessageStatusEvent {ids} }}"
            ));
        }
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

/// How a field is asked for: the document and its variables. `only`: of the arguments that may be left out, these.
fn written_out(
    schema: &Schema,
    root: Root,
    field: &Value,
    ids: &Ids,
    only: Option<&[&str]>,
) -> (String, Map<String, Value>) {
    let name = field["name"].as_str().unwrap();
    let (mut heads, mut passed, mut variables) = (Vec::new(), Vec::new(), Map::new());
    for argument in field["args"].as_array().unwrap() {
        let argument_name = argument["name"].as_str().unwrap();
        let is_wanted = only.is_none_or(|only| only.contains(&argument_name));
        if !is_wanted && argument["type"]["kind"] != "NON_NULL" {
            continue;
        }
        let Some(value) = schema.value(name, argument_name, &argument["type"], ids) else { continue };
        heads.push(format!("${argument_name}: {}", written(&argument["type"])));
        passed.push(format!("{argument_name}: ${argument_name}"));
        variables.insert(argument_name.to_owned(), value);
    }
    let list = |all: &[String]| if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) };
    let selection = schema.selection(&field["type"], 3).unwrap();
    let document = format!("{}{} {{ {name}{} {selection} }}", root.name(), list(&heads), list(&passed));
    (document, variables)
}

/// Calls a mutation or a query. The answer, with the ids that were asked for taken out of it.
async fn call(
    desk: &Desk,
    key: &Secret,
    (text, variables): (String, Map<String, Value>),
    ids: &Ids,
) -> Value {
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

/// Two workspaces with a number each and the same things in both: whose keys they are, and what each has.
async fn two_worlds() -> (Desk, [Secret; 2], [Uuid; 2], Vec<Ids>) {
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
    (desk, keys, [first_workspace(), other], worlds)
}

#[tokio::test]
async fn no_mutation_touches_anything_of_another_workspace() {
    let (desk, keys, workspaces, worlds) = two_worlds().await;
    let schema = Schema::of(&desk).await;
    let ask = async |mine: usize, ids: &Ids, mutation: &Value| {
        let asked = written_out(&schema, Root::Mutation, mutation, ids, None);
        call(&desk, &keys[mine], asked, ids).await
    };
    let [first, other] = workspaces;
    let before = [belongings(&desk, first).await, belongings(&desk, other).await];
    let (mut called, mut mixed, mut wrong) = (0, 0, Vec::new());
    for mutation in schema.fields(Root::Mutation) {
        let name = mutation["name"].as_str().unwrap();
        if WITHOUT_IDS.contains(&name) {
            continue;
        }
        for (mine, others) in [(0, 1), (1, 0)] {
            let asked = desk.meta.requests("").await.len();
            let foreign = ask(mine, &worlds[others], mutation).await;
            let nobodys = ask(mine, &worlds[others].nobodys(), mutation).await;
            // An id of another workspace is as good as one of nobody.
            if foreign != nobodys || !foreign.to_string().contains("NOT_FOUND") {
                wrong.push(format!("{name}: {foreign} and {nobodys}"));
            }
            let (_, variables) = written_out(&schema, Root::Mutation, mutation, &worlds[mine], None);
            for kind in worlds[mine].mixable(&variables) {
                let foreign = ask(mine, &worlds[mine].with(kind, &worlds[others]), mutation).await;
                let nobodys = ask(mine, &worlds[mine].with(kind, &worlds[others].nobodys()), mutation).await;
                // What is asked for with it may be told apart from it before it is looked for.
                let is_refused =
                    ["NOT_FOUND", "INVALID"].iter().any(|code| foreign.to_string().contains(code));
                if foreign != nobodys || !is_refused {
                    wrong.push(format!("{name} with another's {kind}: {foreign} and {nobodys}"));
                }
                mixed += 1;
            }
            assert_eq!(desk.meta.requests("").await.len(), asked, "{name}: nothing was asked of Meta");
            called += 1;
        }
    }
    assert!(called >= 60 && mixed >= 8, "{called}, {mixed}");
    let after = [belongings(&desk, first).await, belongings(&desk, other).await];
    assert_eq!(after, before, "nothing was changed");
    // And each finds what is their own: what deletes comes last.
    let mut mutations: Vec<&Value> = schema.fields(Root::Mutation).iter().collect();
    mutations.sort_by_key(|mutation| {
        let name = mutation["name"].as_str().unwrap();
        (name.starts_with("delete") || name.starts_with("deregister"), name == "deleteNumber")
    });
    for mutation in mutations {
        let name = mutation["name"].as_str().unwrap();
        if WITHOUT_IDS.contains(&name) {
            continue;
        }
        let own = ask(0, &worlds[0], mutation).await;
        if own.to_string().contains("NOT_FOUND") || !own["data"][name].is_object() {
            wrong.push(format!("{name} does not find its own: {own}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// These tell the same to everybody, or of the asking alone.
const OF_NOBODY: &[&str] = &["checkPhone", "eventsCursor"];

/// What a query can be asked by beside what it requires: each argument that takes an id, or none.
fn ways(field: &Value) -> Vec<Vec<&str>> {
    if field["name"] == "canSend" {
        return vec![vec!["conversationId"], vec!["contactId", "numberId"]];
    }
    let optional =
        field["args"].as_array().unwrap().iter().filter(|argument| argument["type"]["name"] == "ID");
    let mut ways: Vec<_> = optional.map(|argument| vec![argument["name"].as_str().unwrap()]).collect();
    if ways.is_empty() {
        ways.push(Vec::new());
    }
    ways
}

/// Something more of each workspace, which queries look for: a merge, a test of the connection, words that are found.
async fn enrich(desk: &Desk, keys: &[Secret; 2], worlds: &[Ids]) {
    for ((key, ids), number) in keys.iter().zip(worlds).zip([PHONE_NUMBER_ID, SECOND_NUMBER_ID]) {
        let friend = Customer { wa_id: "628999111222", user_id: "ID.friend", name: "Teman" };
        let wamid = format!("wamid.{number}.friend");
        let change = inbound(friend, &wamid, CLOCK_S, webhook::text("salam"));
        desk.app.take(&[webhook::body(&[to_number(change, number)])]).await;
        desk.app.settle().await;
        let people = "{ contacts { nodes { id } } }";
        let people = desk.app.graphql(key, people, json!({})).await;
        let people = people["data"]["contacts"]["nodes"].as_array().unwrap().clone();
        let from = people.iter().map(|one| &one["id"]).find(|id| **id != ids.0["Contact"]).unwrap();
        let change = "mutation($from: ID!, $into: ID!, $number: ID!) {
            mergeContacts(fromId: $from, intoId: $into) { userErrors { code } }
            testConnection(numberId: $number) { userErrors { code } } }";
        let variables = json!({ "from": from, "into": ids.0["Contact"], "number": ids.0["Number"] });
        let changed = desk.app.graphql(key, change, variables).await;
        assert_eq!(changed["data"]["mergeContacts"]["userErrors"], json!([]), "{changed}");
        assert_eq!(changed["data"]["testConnection"]["userErrors"], json!([]), "{changed}");
    }
    desk.app.run_worker("search-indexer").await.unwrap();
}

#[tokio::test]
async fn no_query_that_others_leave_out_tells_of_another_workspace() {
    let (desk, keys, _, worlds) = two_worlds().await;
    enrich(&desk, &keys, &worlds).await;
    let schema = Schema::of(&desk).await;
    let (mut asked, mut wrong) = (0, Vec::new());
    for field in schema.fields(Root::Query) {
        let name = field["name"].as_str().unwrap();
        if !OF_OTHERS.contains(&name) {
            continue;
        }
        let ways = ways(field);
        for (way, (mine, others)) in ways.iter().flat_map(|way| [(way, (0, 1)), (way, (1, 0))]) {
            let ask = async |ids: &Ids| {
                call(&desk, &keys[mine], written_out(&schema, Root::Query, field, ids, Some(way)), ids).await
            };
            let (own, foreign) = (ask(&worlds[mine]).await, ask(&worlds[others]).await);
            let nobodys = ask(&worlds[others].nobodys()).await;
            let (_, variables) = written_out(&schema, Root::Query, field, &worlds[mine], Some(way));
            for kind in worlds[mine].mixable(&variables) {
                let foreign = ask(&worlds[mine].with(kind, &worlds[others])).await;
                let nobodys = ask(&worlds[mine].with(kind, &worlds[others].nobodys())).await;
                if foreign != nobodys {
                    wrong.push(format!("{name} with another's {kind}: {foreign} and {nobodys}"));
                }
            }
            let is_told = worlds[others].0.values().any(|id| own.to_string().contains(id.as_str()));
            let takes_an_id = !field["args"].as_array().unwrap().is_empty() && !OF_NOBODY.contains(&name);
            let is_right =
                own["errors"].is_null() && !is_told && (!takes_an_id || foreign == nobodys && own != nobodys);
            if !is_right {
                wrong.push(format!("{name} by {way:?}: {own}, {foreign} and {nobodys}"));
            }
            asked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 2 * OF_OTHERS.len(), "{asked}");
}

#[tokio::test]
async fn no_subscription_tells_of_another_workspace() {
    let (desk, keys, _, worlds) = two_worlds().await;
    let schema = Schema::of(&desk).await;
    for field in schema.fields(Root::Subscription) {
        let name = field["name"].as_str().unwrap();
        for (mine, others) in [(0, 1), (1, 0)] {
            let mut heard = Vec::new();
            for (ids, first) in [(&worlds[mine], PATIENCE / 2), (&worlds[others], HEARD_FOR)] {
                let (document, variables) = written_out(&schema, Root::Subscription, field, ids, None);
                let mut socket = Socket::let_in(&desk.app.url, keys[mine].expose()).await;
                socket.subscribe("1", json!({ "query": document, "variables": variables })).await;
                heard.push(socket.told_until_silent(first, HEARD_FOR).await);
            }
            let [own, foreign] = heard.try_into().unwrap();
            assert!(!own.is_empty(), "{name} tells of its own");
            let theirs = worlds[others].0.values();
            let is_told = |told: &[Value]| {
                let told = json!(told).to_string();
                theirs.clone().any(|id| told.contains(id.as_str()))
            };
            assert!(!is_told(&own) && !is_told(&foreign), "{name}: {own:?} {foreign:?}");
            // `events` takes no id, so it is the same for both.
            let takes_an_id = field["args"].as_array().unwrap().len() > 1;
            assert_eq!(foreign.is_empty(), takes_an_id, "{name}: {foreign:?}");
        }
    }
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
        "mutation($id: ID!, $n: String!) { addNote(input: { conversationId: $id, text: $n }) { note { id } } }",
        json!({ "id": id, "n": mark }),
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
        ("Mark", mark.to_owned()),
    ]
    .into()
}
