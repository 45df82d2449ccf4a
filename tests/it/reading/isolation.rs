//! Who reads what: two workspaces never see each other's, whatever is asked; a key for some numbers sees theirs alone;
//! roles and scopes hold within a list too.

use std::collections::BTreeMap;

use pesan::auth::{Role, Scope};
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::paging::to_number;
use super::{CLOCK_S, Reader, nodes};
use crate::support::app::TestApp;
use crate::support::webhook;
use crate::support::webhook::{ACCOUNT_ID, Customer, PHONE_NUMBER_ID, echo, inbound, status, text, value};

/// Queries that tell of the workspace as a whole and take no id; what they say is looked at all the same.
const WITHOUT_IDS: &[&str] =
    &["apiKeys", "auditLog", "contacts", "labels", "sendingSettings", "viewer", "workspace"];

/// What needs more than webhooks have brought: `isolation` holds it to the same.
pub const OF_OTHERS: &[&str] = &[
    "blockedUsers",
    "businessProfile",
    "canSend",
    "checkPhone",
    "contactMerges",
    "contactProfile",
    "conversationalAutomation",
    "eventsCursor",
    "lastConnectionTest",
    "number",
    "numbers",
    "outgoingMessage",
    "previewTemplate",
    "qrCodes",
    "searchContacts",
    "searchMessages",
    "searchNotes",
    "username",
    "usernameSuggestions",
];

/// What a workspace of the test has, by the arguments that ask for it.
struct World {
    ids: BTreeMap<(&'static str, &'static str), Value>,
    /// Words that nobody else may read.
    marks: Vec<String>,
}

/// One workspace's webhooks: `mark` is in all that they say.
pub async fn fill(app: &TestApp, phone_number_id: &str, account_id: &str, mark: &str) {
    let tail = &phone_number_id[phone_number_id.len().saturating_sub(7)..];
    let (wa_id, user_id) = (format!("628{}{tail}", phone_number_id.len()), format!("ID.{mark}"));
    let customer = Customer { wa_id: &wa_id, user_id: &user_id, name: mark };
    let call = json!({ "id": format!("wacid.{mark}"), "from": wa_id, "from_user_id": user_id, "event": "connect",
        "direction": "USER_INITIATED", "timestamp": CLOCK_S.to_string() });
    let mut answer = text(mark);
    answer["context"] = json!({ "from": "15550783881", "id": format!("wamid.{mark}.1") });
    let changes = [
        echo(customer, &format!("wamid.{mark}.1"), CLOCK_S, text(mark)),
        status(customer, &format!("wamid.{mark}.1"), "delivered", CLOCK_S + 1),
        inbound(customer, &format!("wamid.{mark}.2"), CLOCK_S + 2, answer),
        json!({ "field": "calls", "value": value(json!({ "calls": [call] })) }),
        json!({ "field": "messages", "value": value(json!({ "errors": [{ "code": 131_000, "title": mark }] })) }),
        json!({ "field": "account_review_update", "value": { "decision": mark } }),
        json!({ "field": "message_template_status_update", "value": { "event": mark,
            "message_template_id": mark, "message_template_name": mark, "message_template_language": mark,
            "message_template_category": mark } }),
    ];
    let changes: Vec<Value> = changes
        .into_iter()
        .map(|change| {
            let is_of_number = change["value"]["metadata"].is_object();
            if is_of_number { to_number(change, phone_number_id) } else { change }
        })
        .collect();
    let body = webhook::body(&changes).replace(ACCOUNT_ID, account_id);
    app.take(&[body]).await;
    app.settle().await;
}

async fn world(reader: &Reader<'_>, account_id: &str, mark: &str) -> World {
    let query = "{ conversations { nodes { id numberId contactId lastMessage { id } } } }";
    let data = reader.data(query, json!({})).await;
    let one = nodes(&data["conversations"])
        .into_iter()
        .find(|one| one["lastMessage"]["id"].as_str().unwrap().contains(mark));
    let one = one.unwrap();
    let work = "mutation($id: ID!, $mark: String!) {
        addNote(input: { conversationId: $id, text: $mark }) { note { id } }
        labelConversation(input: { conversationId: $id, add: [$mark] }) { conversation { id } }
        assignConversation(input: { conversationId: $id, userId: $mark }) { conversation { id } }
        setConversationAttributes(conversationId: $id, attributes: [{ key: \"a\", value: $mark }]) { conversation { id } }
    }";
    reader.data(work, json!({ "id": one["id"], "mark": mark })).await;
    let list = "query($a: ID!) { templates(accountId: $a) { nodes { id } } }";
    let templates = reader.data(list, json!({ "a": account_id })).await;
    let ids = [
        (("template", "id"), templates["templates"]["nodes"][0]["id"].clone()),
        (("templates", "filter.accountId"), account_id.into()),
        (("templates", "filter.numberId"), one["numberId"].clone()),
        (("templates", "filter.statuses"), mark.into()),
        (("templates", "filter.category"), mark.into()),
        (("templates", "filter.language"), mark.into()),
        (("templates", "filter.name"), mark.into()),
        (("conversation", "id"), one["id"].clone()),
        (("messages", "conversationId"), one["id"].clone()),
        (("notes", "conversationId"), one["id"].clone()),
        (("conversations", "filter.label"), mark.into()),
        (("conversations", "filter.search"), mark.into()),
        (("message", "id"), one["lastMessage"]["id"].clone()),
        (("contact", "id"), one["contactId"].clone()),
        (("templates", "accountId"), account_id.into()),
        (("inboundTrace", "messageId"), format!("wamid.{mark}.2").into()),
        (("conversations", "filter.numberIds"), one["numberId"].clone()),
        (("conversations", "filter.contactId"), one["contactId"].clone()),
        (("contacts", "filter.numberIds"), one["numberId"].clone()),
        (("calls", "filter.numberIds"), one["numberId"].clone()),
        (("calls", "filter.contactId"), one["contactId"].clone()),
        (("notices", "filter.numberIds"), one["numberId"].clone()),
        (("notices", "filter.accountId"), account_id.into()),
    ];
    let marks = [&one["id"], &one["numberId"], &one["contactId"]];
    let mut marks: Vec<String> = marks.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    marks.extend([mark.to_owned(), mark.to_lowercase(), account_id.to_owned()]);
    World { ids: ids.into(), marks }
}

/// The schema's own description of its queries.
struct Schema(Value);

impl Schema {
    async fn of(reader: &Reader<'_>) -> Self {
        let part = "name args { name type { ...T } } type { ...T }";
        let query = format!(
            "{{ __schema {{ queryType {{ name }} types {{ name kind fields {{ {part} }} inputFields {{ name type {{ ...T }} }} }} }} }}
             fragment T on __Type {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ name kind }} }} }} }} }}"
        );
        Self(reader.data(&query, json!({})).await["__schema"].take())
    }

    fn named(&self, name: &str) -> &Value {
        self.0["types"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
    }

    fn queries(&self) -> &Vec<Value> {
        self.named(self.0["queryType"]["name"].as_str().unwrap())["fields"].as_array().unwrap()
    }

    /// Everything that can be read of a type, three objects deep.
    fn selection(&self, of: &Value, depth: usize) -> Option<String> {
        let of = bare(of);
        if !["OBJECT", "INTERFACE"].contains(&of["kind"].as_str().unwrap()) {
            return Some(String::new());
        }
        if depth == 0 {
            return None;
        }
        let fields = self.named(of["name"].as_str().unwrap())["fields"].as_array().unwrap();
        let fields: Vec<String> = fields
            .iter()
            .filter_map(|field| {
                let below = self.selection(&field["type"], depth - 1)?;
                Some(format!("{} {below}", field["name"].as_str().unwrap()))
            })
            .collect();
        (!fields.is_empty()).then(|| format!("{{ {} }}", fields.join(" ")))
    }
}

/// A type without what it is wrapped in.
pub fn bare(of: &Value) -> &Value {
    if of["ofType"].is_null() { of } else { bare(&of["ofType"]) }
}

/// A type as a document writes it.
pub fn written(of: &Value) -> String {
    match of["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => of["name"].as_str().unwrap().to_owned(),
    }
}

/// The ways to ask for something by an id: the argument's path, its type, and whether it is a list.
fn ways<'s>(schema: &'s Schema, query: &'s Value) -> Vec<(String, &'s Value)> {
    let is_id = |one: &Value| ["ID", "String"].contains(&bare(&one["type"])["name"].as_str().unwrap());
    let mut ways = Vec::new();
    for argument in query["args"].as_array().unwrap() {
        let name = argument["name"].as_str().unwrap();
        if bare(&argument["type"])["kind"] == "INPUT_OBJECT" {
            let input = schema.named(bare(&argument["type"])["name"].as_str().unwrap());
            let inner = input["inputFields"].as_array().unwrap().iter().filter(|one| is_id(one));
            ways.extend(inner.map(|one| (format!("{name}.{}", one["name"].as_str().unwrap()), argument)));
        } else if is_id(argument) && !["after", "before"].contains(&name) {
            ways.push((name.to_owned(), argument));
        }
    }
    ways
}

#[tokio::test]
async fn no_query_gives_anything_of_another_workspace() {
    let app = TestApp::start_with_number();
    let other = Uuid::now_v7();
    app.storage.ensure_workspace(other, "other").await.unwrap();
    app.storage.ensure_number(other, "700", Some("800")).await.unwrap();
    fill(&app, PHONE_NUMBER_ID, ACCOUNT_ID, "Xmilikku").await;
    fill(&app, "700", "800", "Xmilikmu").await;
    let mine = Reader::new(&app, Role::Owner).await;
    let theirs = Reader::with(&app, other, Role::Owner, None, None).await;
    let worlds = [world(&mine, ACCOUNT_ID, "Xmilikku").await, world(&theirs, "800", "Xmilikmu").await];
    app.run_worker("search-indexer").await.unwrap();
    let schema = Schema::of(&mine).await;
    let mut asked = 0;
    for (reader, own, foreign) in [(&mine, &worlds[0], &worlds[1]), (&theirs, &worlds[1], &worlds[0])] {
        for query in schema.queries() {
            let name = query["name"].as_str().unwrap();
            if OF_OTHERS.contains(&name) {
                continue;
            }
            let selection = schema.selection(&query["type"], 5).unwrap();
            let ways = ways(&schema, query);
            assert!(!ways.is_empty() || WITHOUT_IDS.contains(&name), "{name} asks for nothing by an id");
            if ways.is_empty() {
                let answer = reader.answer(&format!("{{ {name} {selection} }}"), json!({})).await;
                assert!(answer["errors"].is_null(), "{name}: {answer:#}");
                let text = answer.to_string();
                assert!(!foreign.marks.iter().any(|mark| text.contains(mark.as_str())), "{name}: {answer:#}");
                continue;
            }
            for (way, argument) in ways {
                let outer = argument["name"].as_str().unwrap();
                let is_list = query["args"].as_array().unwrap().iter().any(|one| one["name"] == "first");
                let few = if is_list { ", first: 3" } else { "" };
                let kind = written(&argument["type"]);
                let document = format!("query($x: {kind}) {{ {name}({outer}: $x{few}) {selection} }}");
                let key = (name, way.as_str());
                let ask = async |world: &World| {
                    let id = world.ids.iter().find(|(one, _)| **one == key).map(|(_, id)| id.clone());
                    let id = id.unwrap_or_else(|| panic!("the worlds of this test have nothing for {key:?}"));
                    let x = match way.split_once('.') {
                        None => id,
                        // A single value stands for a list of one.
                        Some((_, inner)) => json!({ inner: id }),
                    };
                    reader.answer(&document, json!({ "x": x })).await
                };
                let found = ask(own).await;
                assert!(found["errors"].is_null(), "{key:?}: {found:#}");
                let text = found["data"].to_string();
                assert!(
                    own.marks.iter().any(|mark| text.contains(mark.as_str())),
                    "{key:?} finds its own: {found:#}"
                );
                let nothing = ask(foreign).await;
                let text = nothing["data"].to_string();
                assert!(
                    !foreign.marks.iter().any(|mark| text.contains(mark.as_str())),
                    "{key:?}: {nothing:#}"
                );
                assert!(!own.marks.iter().any(|mark| text.contains(mark.as_str())), "{key:?}: {nothing:#}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 24, "{asked}");
}

#[tokio::test]
async fn a_key_for_some_numbers_reads_what_is_theirs_and_nothing_else() {
    let app = TestApp::start_with_number();
    app.storage.ensure_number(first_workspace(), "700", Some("800")).await.unwrap();
    fill(&app, PHONE_NUMBER_ID, ACCOUNT_ID, "Xsatu").await;
    fill(&app, "700", "800", "Xdua").await;
    let all = Reader::new(&app, Role::Owner).await;
    let worlds = [world(&all, ACCOUNT_ID, "Xsatu").await, world(&all, "800", "Xdua").await];
    let number: Uuid =
        worlds[0].ids[&("conversations", "filter.numberIds")].as_str().unwrap().parse().unwrap();
    let limited = Reader::with(&app, first_workspace(), Role::Admin, None, Some(vec![number])).await;
    let everything =
        "{ conversations { nodes { id numberId contact { id name } } } contacts { nodes { id name } }
        calls { nodes { id numberId } } notices { nodes { id numberId accountId } } }";
    let (whole, part) = (all.data(everything, json!({})).await, limited.data(everything, json!({})).await);
    for list in ["conversations", "contacts", "calls"] {
        assert_eq!((nodes(&whole[list]).len(), nodes(&part[list]).len()), (2, 1), "{list}");
    }
    let text = part.to_string();
    assert!(
        text.contains("Xsatu") && !worlds[1].marks.iter().any(|mark| text.contains(mark.as_str())),
        "{part:#}"
    );
    let told = nodes(&part["notices"]);
    assert_eq!(told.len(), 1, "the others are about accounts: {told:#?}");
    assert_eq!(told[0]["numberId"], number.to_string());

    let query = "query($c: ID!, $m: ID!, $p: ID!, $a: ID!, $w: String!) { conversation(id: $c) { id } message(id: $m) { id }
        contact(id: $p) { id } messages(conversationId: $c) { nodes { id } } templates(accountId: $a) { nodes { id } }
        inboundTrace(messageId: $w) { text } conversations(filter: { contactId: $p }) { nodes { id } }
        calls(filter: { contactId: $p }) { nodes { id } } }";
    for (world, is_theirs) in [(&worlds[0], true), (&worlds[1], false)] {
        let of = |query, argument| world.ids[&(query, argument)].clone();
        let variables = json!({
            "c": of("conversation", "id"), "m": of("message", "id"), "p": of("contact", "id"),
            "a": of("templates", "accountId"), "w": of("inboundTrace", "messageId"),
        });
        let data = limited.data(query, variables).await;
        for one in ["conversation", "message", "contact"] {
            assert_eq!(data[one].is_object(), is_theirs, "{one}: {data:#}");
        }
        for list in ["messages", "templates", "conversations", "calls"] {
            assert_eq!(!nodes(&data[list]).is_empty(), is_theirs, "{list}: {data:#}");
        }
        assert_eq!(!data["inboundTrace"].as_array().unwrap().is_empty(), is_theirs);
    }
    let foreign = &worlds[1].ids[&("conversations", "filter.numberIds")];
    for list in ["conversations", "calls", "notices"] {
        let query =
            format!("query($n: [ID!]) {{ {list}(filter: {{ numberIds: $n }}) {{ nodes {{ id }} }} }}");
        assert_eq!(limited.code(&query, json!({ "n": [foreign] })).await, "FORBIDDEN", "{list}");
    }
}

#[tokio::test]
async fn roles_and_scopes_hold_also_for_what_a_list_leads_to() {
    let app = TestApp::start_with_number();
    fill(&app, PHONE_NUMBER_ID, ACCOUNT_ID, "Xsatu").await;
    let trace = "{ inboundTrace(messageId: \"wamid.Xsatu.2\") { text } }";
    for (role, may) in [(Role::Viewer, false), (Role::Agent, false), (Role::Admin, true), (Role::Owner, true)]
    {
        let reader = Reader::new(&app, role).await;
        let list = "{ conversations { nodes { id contact { id } } } contacts { nodes { id } } calls { nodes { id } } }";
        reader.data(list, json!({})).await;
        let answer = reader.answer(trace, json!({})).await;
        assert_eq!(answer["errors"].is_null(), may, "{role}: {answer:#}");
    }
    let scoped =
        async |scope| Reader::with(&app, first_workspace(), Role::Owner, Some(vec![scope]), None).await;
    let conversations = scoped(Scope::ConversationsRead).await;
    let answer = conversations.answer("{ conversations { nodes { id contact { name } } } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let found = nodes(&answer["data"]["conversations"]);
    assert!(found[0]["id"].is_string() && found[0]["contact"].is_null(), "{answer:#}");
    let id = found[0]["id"].clone();
    let list = "query($id: ID!) { messages(conversationId: $id) { nodes { id conversation { id } } } }";
    assert_eq!(conversations.code(list, json!({ "id": id })).await, "FORBIDDEN");
    let messages = scoped(Scope::MessagesRead).await;
    let answer = messages.answer(list, json!({ "id": id })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(nodes(&answer["data"]["messages"]).len(), 2);
}
