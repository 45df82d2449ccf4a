//! Page by page: all of it, nothing twice, while new messages come; and never more work than a page may be.

use std::collections::BTreeSet;

use pesan::storage::search::{Item, Kind, Wanted};
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::{BUDI, SRI, Seeker, edges, says, take};
use crate::support::app::TestApp;

#[tokio::test]
async fn going_down_gives_each_once_while_new_ones_come() {
    const OLD: i64 = 45;
    let app = TestApp::start_with_number();
    // Several in one second: the order among them is kept too.
    let old: Vec<Value> =
        (0..OLD).map(|n| says(BUDI, &format!("w{n}"), n / 4, &format!("bunga nomor {n}"))).collect();
    take(&app, &old).await;
    let seeker = Seeker::new(&app).await;
    let (mut seen, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let variables = json!({ "query": "bung", "first": 7, "after": after });
        let page = seeker.page("searchMessages", variables).await;
        let ids: Vec<String> =
            edges(&page).iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
        assert!(ids.len() <= 7);
        seen.extend(ids);
        pages += 1;
        take(&app, &[says(SRI, &format!("new{pages}"), 1_000 + pages, "bunga baru")]).await;
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let expected: BTreeSet<String> =
        app.all("messages").await.iter().map(|one| one["_id"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<String> = expected.into_iter().filter(|id| !id.contains(":new")).collect();
    assert_eq!(seen.len(), expected.len(), "none twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(pages, 7);
    // What came meanwhile is at the beginning.
    let page = seeker.page("searchMessages", json!({ "query": "bunga", "first": 1 })).await;
    assert_eq!(edges(&page)[0]["content"]["text"], "bunga baru");
}

#[tokio::test]
async fn what_is_looked_at_for_one_page_has_a_bound_and_there_is_a_place_to_go_on_from() {
    let app = TestApp::start();
    let workspace = first_workspace();
    let item = |id: String, at_s: i64, tokens: &[&str]| Item {
        workspace,
        kind: Kind::Message,
        id,
        at_s,
        tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
        seq: 1,
    };
    // Two common words that meet in the oldest item alone.
    let common = (1..7_000).map(|n| item(format!("a{n:05}"), 1_000 + n / 3, &["=pelanggan"]));
    let other = (1..7_000).map(|n| item(format!("b{n:05}"), 1_000 + n / 3, &["=dua"]));
    let both = item("both".to_owned(), 999, &["=dua", "=pelanggan"]);
    let items: Vec<Item> = common.chain(other).chain([both]).collect();
    app.storage.put_search_items(&items).await.unwrap();
    let wanted = Wanted {
        workspace,
        kind: Kind::Message,
        tokens: vec!["=dua".to_owned(), "=pelanggan".to_owned()],
        beginning: None,
        one_of: Vec::new(),
    };
    let first = app.storage.search_items(&wanted, None, 10).await.unwrap();
    assert!(first.items.is_empty(), "five thousand are looked at, and no more");
    let rest = first.rest.expect("there may be more");
    let second = app.storage.search_items(&wanted, Some(&rest), 10).await.unwrap();
    assert_eq!(second.items.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["both"]);
    assert_eq!(second.rest, None);
    // A word that is rare leads at once.
    let rare = Wanted { tokens: vec!["=pelanggan".to_owned(), "=langka".to_owned()], ..wanted.clone() };
    app.storage.put_search_items(&[item("c".to_owned(), 5, &["=langka", "=pelanggan"])]).await.unwrap();
    let found = app.storage.search_items(&rare, None, 10).await.unwrap();
    assert_eq!((found.items.len(), found.rest), (1, None));
}

#[tokio::test]
async fn a_number_that_nearly_everything_belongs_to_does_not_lead_a_search() {
    let app = TestApp::start();
    let number = format!("#n{}", "a".repeat(32));
    let item = |id: String, at_s: i64, tokens: Vec<String>| Item {
        workspace: first_workspace(),
        kind: Kind::Message,
        id,
        at_s,
        tokens,
        seq: 1,
    };
    let all = (0..6_000).map(|n| item(format!("a{n}"), 1_000 + n, vec!["=lain".to_owned(), number.clone()]));
    let few = (0..300).map(|n| item(format!("b{n}"), n, vec!["=bunga".to_owned(), number.clone()]));
    app.storage.put_search_items(&all.chain(few).collect::<Vec<_>>()).await.unwrap();
    let wanted = Wanted {
        workspace: first_workspace(),
        kind: Kind::Message,
        tokens: vec!["=bunga".to_owned()],
        beginning: None,
        one_of: vec![vec![number]],
    };
    let found = app.storage.search_items(&wanted, None, 10).await.unwrap();
    assert_eq!(found.items.len(), 10);
}

#[tokio::test]
async fn an_older_batch_never_goes_over_a_newer_one() {
    let app = TestApp::start();
    let item = |seq, tokens: &[&str]| Item {
        workspace: first_workspace(),
        kind: Kind::Message,
        id: "1".to_owned(),
        at_s: 5,
        tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
        seq,
    };
    for (seq, tokens, kept) in
        [(3, vec!["=a"], "m=a"), (2, vec!["=b"], "m=a"), (3, vec!["=c"], "m=c"), (9, vec!["=d"], "m=d")]
    {
        app.storage.put_search_items(&[item(seq, &tokens)]).await.unwrap();
        assert_eq!(app.only("search_items").await["tokens"], json!([kept]), "{seq}");
    }
    app.storage.put_search_items(&[item(10, &[])]).await.unwrap();
    app.storage.put_search_items(&[item(8, &["=e"])]).await.unwrap();
    assert_eq!(app.only("search_items").await["tokens"], json!([]), "what is gone does not come back");
}
