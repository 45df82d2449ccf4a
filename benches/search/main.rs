//! What search costs, beside a text index of MongoDB's own over the same texts: the first page of a rare and of a common
//! word, of two words and of a beginning, a page far down, the conversations that a search means, and what an insert
//! costs. Prints tables, with ours as a share of the text index's, and judges nothing; a page that is not full fails it.
//! The text index cannot be paged by time: its rows sort all that it finds, and so does its page far down.
//!
//! `PESAN_BENCH_QUICK=1` runs everything with small numbers, to see that it still works. `PESAN_BENCH_MESSAGES` says
//! how many messages the large collection has (1000000), `PESAN_BENCH_DEPTH` how far down the deep page is (100000).

#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_debug_implementations,
    reason = "a benchmark may stop where it stands, and reads the real clock; its figures fit a float"
)]

#[path = "../graphql/timing.rs"]
mod timing;

use std::time::Instant;

use mongodb::bson::{Document, doc};
use mongodb::{Collection as Handle, Database, IndexModel};
use pesan::clock::Clock;
use pesan::config::dev::DevConfig;
use pesan::config::{Config, Source};
use pesan::dev::mongod::{Options, PrivateMongod};
use pesan::domain::search::{CONVERSATION, NUMBER, id_token, query, tokens};
use pesan::storage::Storage;
use pesan::storage::search::{Item, Kind, SearchPlace, Wanted};
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

use crate::timing::{Row, print, timed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");
const MEMORY_MB: u32 = 4 * 1_024;
const PAGE: usize = 50;
const SMALL: usize = 10_000;
/// How many are inserted at once.
const BATCH: usize = 1_000;
/// How many words there are; the n-th is the rarer the higher n is.
const WORDS: usize = 20_000;
const WORDS_A_MESSAGE: usize = 9;
const MESSAGES_A_CONVERSATION: usize = 20;
const NUMBERS: usize = 5;

/// The n-th word.
fn word(n: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "nyak", "pe", "san", "da", "ri", "ku", "lang", "mu", "ti", "so", "ran", "ge", "la", "wo",
        "ning",
    ];
    let (mut text, mut rest) = (String::new(), n + 16);
    while rest > 0 {
        text.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
    }
    text
}

/// The text of the n-th message: common words often, rare ones seldom.
fn text(n: usize) -> String {
    let mut seed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let words = (0..WORDS_A_MESSAGE).map(|_| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        // Zipf: as often as one over its rank.
        let rank = (WORDS as f64).powf(share) - 1.0;
        word(rank.to_string().split('.').next().unwrap().parse().unwrap_or(0))
    });
    words.collect::<Vec<_>>().join(" ")
}

fn item(n: usize) -> Item {
    let text = text(n);
    let mut tokens = tokens([text.as_str()]);
    // As real ones have them: a conversation of some messages, and one of a few numbers.
    let id = |of: usize| Uuid::from_u128(of as u128).simple().to_string();
    tokens.insert(id_token(CONVERSATION, &id(n / MESSAGES_A_CONVERSATION)));
    tokens.insert(id_token(NUMBER, &id(n % NUMBERS)));
    Item {
        workspace: first_workspace(),
        kind: Kind::Message,
        id: n.to_string(),
        at_s: n as i64,
        tokens: tokens.into_iter().collect(),
        seq: 1,
    }
}

fn wanted(text: &str) -> Wanted {
    let query = query(text).unwrap();
    let (tokens, beginning) = (query.tokens, query.beginning);
    Wanted { workspace: first_workspace(), kind: Kind::Message, tokens, beginning, one_of: Vec::new() }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        rustls::crypto::ring::default_provider().install_default().ok();
        let is_quick = std::env::var("PESAN_BENCH_QUICK").is_ok_and(|value| value != "0");
        let number = |name: &str, otherwise: usize| {
            std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
        };
        let messages = number("PESAN_BENCH_MESSAGES", if is_quick { 12_000 } else { 1_000_000 });
        let depth = number("PESAN_BENCH_DEPTH", if is_quick { 2_000 } else { 100_000 });
        let rounds = if is_quick { 20 } else { 300 };
        let config = DevConfig::from_source(&Source::environment()).unwrap();
        let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
        let mongod = PrivateMongod::start(&options, &mut |text| println!("{text}")).await.unwrap();
        let mut rows = Vec::new();
        for messages in [SMALL.min(messages), messages] {
            rows.extend(measure(mongod.uri(), messages, depth.min(messages / 10), rounds).await);
        }
        print(&rows);
        mongod.stop().await;
    });
}

async fn measure(uri: &str, messages: usize, depth: usize, rounds: usize) -> Vec<Row> {
    let name = format!("search_{messages}");
    let database = mongodb::Client::with_uri_str(uri).await.unwrap().database(&name);
    let storage = storage(uri, &name).await;
    let texts = insert(&storage, &database, messages).await;

    let mut rows = first_pages(&storage, &texts, messages, rounds).await;
    rows.extend(page_far_down(&storage, &texts, (messages, depth), rounds).await);
    storage.close().await;
    database.drop().await.unwrap();
    rows
}

/// Our own storage in a database of this name.
async fn storage(uri: &str, name: &str) -> Storage {
    let values = [
        ("MONGODB_URI", uri),
        ("PESAN_DATABASE", name),
        ("WHATSAPP_APP_SECRET", "bench"),
        ("WHATSAPP_VERIFY_TOKEN", "bench"),
    ];
    let source = Source::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let storage = Storage::connect(&Config::read(&source).unwrap().mongo).await.unwrap();
    storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
    storage
}

async fn first_pages(
    storage: &Storage,
    texts: &Handle<Document>,
    messages: usize,
    rounds: usize,
) -> Vec<Row> {
    let (common, frequent, rare) = (word(0), word(40), word(3_000));
    let both = format!("{common} {frequent} ");
    let start: String = frequent.chars().take(4).collect();
    let mut rows = Vec::new();
    println!("{:<60} {:>8} {:>8} {:>8}", "p50, milliseconds", "ours", "text", "ratio");
    for (what, search) in [
        ("a common word", format!("{common} ")),
        ("a frequent word", format!("{frequent} ")),
        ("a rare word", format!("{rare} ")),
        ("a common and a frequent word", both),
        ("a beginning", start),
    ] {
        let wanted = wanted(&search);
        let ours = timed(format!("{messages}: {what}, first page"), rounds, async |_| {
            storage.search_items(&wanted, None, PAGE).await.unwrap();
        })
        .await;
        rows.push(ours);
        // A text index finds whole words alone.
        if search.ends_with(' ') {
            let filter = phrase(&search);
            let theirs = timed(format!("{messages}: {what}, text index"), rounds.min(20), async |_| {
                read(texts, &filter).await;
            })
            .await;
            if let Some(ours) = rows.last() {
                compare(&format!("{messages}: {what}, first page"), ours, &theirs);
            }
            rows.push(theirs);
        }
        let meant = timed(format!("{messages}: {what}, conversations"), rounds.min(50), async |_| {
            storage.search_conversations(&wanted, 1_000).await.unwrap();
        })
        .await;
        rows.push(meant);
    }
    rows
}

async fn page_far_down(
    storage: &Storage,
    texts: &Handle<Document>,
    (messages, depth): (usize, usize),
    rounds: usize,
) -> [Row; 2] {
    let search = format!("{} ", word(0));
    let wanted = wanted(&search);
    let far = place_far_down(storage, &wanted, depth).await;
    let ours = timed(format!("{messages}: a common word, {depth} down"), rounds, async |_| {
        let found = storage.search_items(&wanted, Some(&far), PAGE).await.unwrap();
        assert_eq!(found.items.len(), PAGE);
    })
    .await;
    let mut filter = phrase(&search);
    filter.insert("at", doc! { "$lt": far.at_s });
    let theirs =
        timed(format!("{messages}: a common word, {depth} down, text index"), rounds.min(20), async |_| {
            read(texts, &filter).await;
        })
        .await;
    compare(&format!("{messages}: a common word, {depth} down"), &ours, &theirs);
    [ours, theirs]
}

/// Puts all texts into a plain collection, into one with a text index, and among our items; tells what each costs.
async fn insert(storage: &Storage, database: &Database, messages: usize) -> Handle<Document> {
    let plain = database.collection::<Document>("plain");
    let begin = Instant::now();
    fill(&plain, messages).await;
    let plain = cost("without any", messages, begin);

    let texts = database.collection::<Document>("texts");
    let keys = doc! { "workspace": 1, "text": "text" };
    let options = mongodb::options::IndexOptions::builder().default_language("none".to_owned()).build();
    texts.create_index(IndexModel::builder().keys(keys).options(options).build()).await.unwrap();
    let begin = Instant::now();
    fill(&texts, messages).await;
    let with_text = cost("with a text index", messages, begin);
    size(database, "texts").await;

    let begin = Instant::now();
    for from in (0..messages).step_by(BATCH) {
        let items: Vec<Item> = (from..(from + BATCH).min(messages)).map(item).collect();
        storage.put_search_items(&items).await.unwrap();
    }
    let ours = cost("ours, off the way of the insert", messages, begin);
    size(database, "search_items").await;
    println!(
        "    a text index makes an insert {:.2} times as dear; ours not at all, and costs {:.2} times what it adds",
        with_text / plain,
        ours / (with_text - plain)
    );
    texts
}

async fn fill(texts: &Handle<Document>, messages: usize) {
    for from in (0..messages).step_by(BATCH) {
        let documents = (from..(from + BATCH).min(messages)).map(|n| {
            doc! { "_id": n.to_string(), "workspace": "first", "at": n as i64, "text": text(n) }
        });
        texts.insert_many(documents).await.unwrap();
    }
}

/// All words of a search, as a text index has to be asked.
fn phrase(search: &str) -> Document {
    let words: Vec<String> = search.split_whitespace().map(|word| format!("\"{word}\"")).collect();
    doc! { "workspace": "first", "$text": { "$search": words.join(" ") } }
}

async fn read(texts: &Handle<Document>, filter: &Document) {
    let find = texts.find(filter.clone()).sort(doc! { "at": -1 }).limit(PAGE as i64);
    let mut cursor = find.await.unwrap();
    while cursor.advance().await.unwrap() {}
}

fn compare(what: &str, ours: &Row, theirs: &Row) {
    let (ours, theirs) = (ours.at(50), theirs.at(50));
    println!("{what:<60} {ours:>8.2} {theirs:>8.2} {:>8.3}", ours / theirs);
}

/// The place after so many that are found.
async fn place_far_down(storage: &Storage, wanted: &Wanted, depth: usize) -> SearchPlace {
    let (mut place, mut seen) = (None, 0);
    while seen < depth {
        let found = storage.search_items(wanted, place.as_ref(), depth.clamp(1, 5_000)).await.unwrap();
        seen += found.items.len();
        let Some((_, last)) = found.items.last() else { break };
        place = Some(last.clone());
    }
    // Far enough from the end for a page.
    place.expect("there is something")
}

fn cost(what: &str, messages: usize, begin: Instant) -> f64 {
    let us = begin.elapsed().as_secs_f64() * 1e6 / messages as f64;
    println!("{messages} messages, {what}: {us:.1} µs each to insert, in batches of {BATCH}");
    us
}

async fn size(database: &Database, collection: &str) {
    let stats = database.run_command(doc! { "collStats": collection, "scale": 1_024 }).await.unwrap();
    let number =
        |field: &str| stats.get_i32(field).map(i64::from).or_else(|_| stats.get_i64(field)).unwrap_or(0);
    println!("    {} KB of documents, {} KB of indexes", number("storageSize"), number("totalIndexSize"));
}
