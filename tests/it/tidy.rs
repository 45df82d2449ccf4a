//! The structure of the source, held as data: who may import whom, where a foreign crate may appear, and what
//! every file has. A breach names the file, the line and the rule.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in reading order, a layer a line. A module imports only from the layers above its own; modules of
/// one layer do not import each other. Modules that are still to come have their place already.
const LAYERS: &[&[&str]] = &[
    // base
    &["clock"],
    &["ids"],
    &["secret"],
    &["limits"],
    &["error"],
    &["json"],
    // domain
    &["domain"],
    // mechanism
    &["config"],
    &["crypto"],
    // border
    &["telemetry"],
    &["runtime"],
    &["storage"],
    &["meta"],
    &["blob"],
    // features
    &["events"],
    &["people"],
    &["keys"],
    &["auth", "media"],
    &["numbers"],
    &["templates"],
    &["inbox", "ingest", "outbound", "relay", "analytics", "privacy", "search"],
    &["contacts"],
    &["automation"],
    // surfaces
    &["graphql"],
    &["console"],
    &["http"],
    // top
    &["app"],
    &["dev"],
    &["cli"],
    &["main"],
];

/// Where a foreign crate may appear: paths below `src/`.
const FENCES: &[(&str, &[&str])] = &[
    ("mongodb", &["storage/", "blob/", "dev/mongod/"]),
    ("actix_web", &["http/", "console/", "app.rs", "dev/"]),
    ("actix_ws", &["http/graphql"]),
    ("async_graphql", &["graphql/", "http/graphql"]),
    ("reqwest", &["meta/client", "relay/", "media/", "auth/jwks", "numbers/probe", "telemetry/", "dev/"]),
    ("jsonwebtoken", &["auth/token.rs", "auth/jwks.rs"]),
    (
        "rustls",
        &[
            "auth/jwks.rs",
            "meta/client",
            "http/tls",
            "numbers/probe",
            "telemetry/otel.rs",
            "dev/",
            "app.rs",
            "cli/healthcheck.rs",
        ],
    ),
    ("actix_tls", &["http/tls"]),
    ("x509_cert", &["http/tls"]),
    ("aes_gcm", &["crypto/"]),
    ("hmac", &["meta/signature.rs", "meta/client", "crypto/", "relay/", "dev/simulator/"]),
    ("clap", &["cli/", "main.rs"]),
    ("dotenvy", &["config/source.rs"]),
    ("getrandom", &["ids.rs"]),
    ("ipnet", &["config/access.rs", "config/edge.rs", "http/admission.rs", "http/caller.rs", "http/guard/"]),
    ("jsonschema", &["dev/simulator/"]),
    ("opentelemetry", &["telemetry/otel.rs"]),
    ("phonenumber", &["domain/phone.rs"]),
    ("unicode_normalization", &["domain/search"]),
    ("rustix", &["dev/mongod/"]),
    ("secrecy", &["secret.rs"]),
    ("tempfile", &["dev/"]),
    ("tracing_subscriber", &["telemetry/", "config/telemetry.rs"]),
    ("zeroize", &["auth/key.rs", "config/keys.rs", "crypto/", "http/graphql", "http/guard/"]),
];

/// The only modules that the simulator knows: a mistake in the rest must not repeat in it.
const SIMULATOR_KNOWS: &[&str] = &["clock", "ids", "secret", "runtime", "telemetry", "dev"];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "manager", "service", "types", "misc"];

const FILE_LINES_MAX: usize = 600;

/// Files over the limit, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// One file as the rules see it.
struct Source {
    /// Below `src/`, with `/` between the parts.
    path: String,
    text: String,
}

impl Source {
    /// The top-level module that the file belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Lines of code, numbered from one, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
            .filter(|(_, line)| !line.trim().is_empty())
    }
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The names that follow `prefix` in a line: `crate::storage::x` gives `storage`.
fn names_after<'line>(line: &'line str, prefix: &'line str) -> impl Iterator<Item = &'line str> {
    line.match_indices(prefix)
        .filter(|(at, _)| {
            !line[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
        })
        .map(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or_default()
        })
}

/// Whether the line names the crate: `mongodb::…`, or `use mongodb;`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = &line[..at];
        let after = &line[at + name.len()..];
        !before.ends_with(|letter: char| letter.is_alphanumeric() || "_:.\"".contains(letter))
            && (after.starts_with("::") || (before.trim_end().ends_with("use") && after.starts_with(';')))
    })
}

fn breaches(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut breach = |line: usize, what: String| found.push(format!("src/{}:{line}: {what}", source.path));
    let module = source.module();
    let Some(layer) = layer_of(module).or((module == "lib").then_some(usize::MAX)) else {
        breach(1, format!("the module `{module}` has no place in the order of modules"));
        return found;
    };
    if !source.text.starts_with("//! ") {
        breach(1, "a file begins with `//!`: what it owns, and what it does not".to_owned());
    }
    let lines = source.text.lines().count();
    let is_excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
    if lines > FILE_LINES_MAX && !is_excused {
        breach(lines, format!("{lines} lines; over {FILE_LINES_MAX} wants a reason in LONG_FILES"));
    }
    if source.path.split('/').any(|part| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"))) {
        breach(1, "the name says nothing".to_owned());
    }
    for (number, line) in source.code() {
        for imported in names_after(line, "crate::") {
            match layer_of(imported) {
                _ if imported == module => {}
                _ if source.path == "main.rs" || module == "lib" => {}
                None => breach(
                    number,
                    format!("`crate::{imported}`: name one module, which has its place in the order"),
                ),
                Some(other) if other >= layer => {
                    breach(number, format!("`{module}` imports `{imported}`, which does not stand above it"));
                }
                Some(_)
                    if source.path.starts_with("dev/simulator") && !SIMULATOR_KNOWS.contains(&imported) =>
                {
                    breach(number, format!("the simulator imports `{imported}`"));
                }
                Some(_) => {}
            }
        }
        for (name, places) in FENCES {
            if names_crate(line, name) && !places.iter().any(|place| source.path.starts_with(place)) {
                breach(number, format!("`{name}` has no business here"));
            }
        }
        for word in ["TODO", "FIXME", "XXX"] {
            if source.text.lines().nth(number - 1).unwrap().contains(word) {
                breach(number, format!("{word}: do it, or write it where work is planned"));
            }
        }
    }
    found
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let below = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    files_below(&root)
        .iter()
        .map(|path| Source { path: below(path), text: fs::read_to_string(path).unwrap() })
        .collect()
}

#[test]
fn the_source_keeps_its_order() {
    let found: Vec<String> = sources().iter().flat_map(breaches).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Files that no module declares: they are not compiled, and rot.
fn orphans(sources: &[Source]) -> Vec<String> {
    let declares = |parent: &str, name: &str| {
        sources.iter().filter(|source| source.path == parent).any(|source| {
            source.code().any(|(_, line)| {
                let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
                line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) == Some(name)
            })
        })
    };
    sources
        .iter()
        .filter(|source| !["lib.rs", "main.rs"].contains(&source.path.as_str()))
        .filter(|source| {
            let path = source.path.strip_suffix("/mod.rs").or(source.path.strip_suffix(".rs")).unwrap();
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parents = if folder.is_empty() {
                vec!["lib.rs".to_owned()]
            } else {
                vec![format!("{folder}/mod.rs"), format!("{folder}.rs")]
            };
            !parents.iter().any(|parent| declares(parent, name))
        })
        .map(|source| source.path.clone())
        .collect()
}

#[test]
fn every_file_belongs_to_a_module() {
    assert_eq!(orphans(&sources()), Vec::<String>::new());
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let planted = [
        file("lib.rs", "pub mod http;\n"),
        file("http/mod.rs", "mod health;\npub mod error;\n// mod commented;\n"),
        file("http/health.rs", ""),
        file("http/error.rs", ""),
        file("http/commented.rs", ""),
        file("stray.rs", ""),
    ];
    assert_eq!(orphans(&planted), ["http/commented.rs", "stray.rs"]);
}

#[test]
fn the_order_in_lib_is_the_order_of_the_layers() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    let modules: Vec<&str> =
        lib.code().filter_map(|(_, line)| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let layers: Vec<usize> = modules.iter().map(|module| layer_of(module).unwrap()).collect();
    assert!(layers.is_sorted(), "{modules:?}");
}

#[test]
fn a_long_file_that_became_short_needs_no_excuse() {
    for (path, _) in LONG_FILES {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)).unwrap();
        assert!(text.lines().count() > FILE_LINES_MAX, "{path} is short now: take it out of LONG_FILES");
    }
}

#[test]
fn planted_breaches_are_seen() {
    let long = format!("//! Long.\n{}", "fn x() {}\n".repeat(FILE_LINES_MAX));
    let check = |path: &str, text: &str, expected: Option<&str>| {
        let found = breaches(&Source { path: path.to_owned(), text: text.to_owned() });
        match expected {
            None => assert!(found.is_empty(), "{path}: {found:?}"),
            Some(expected) => {
                assert!(
                    found.iter().any(|breach| breach.contains(expected)),
                    "{path}: {expected} not in {found:?}"
                );
            }
        }
    };
    check("http/x.rs", "//! X.\nuse crate::storage::Storage;\n", None);
    check("storage/x.rs", "//! X.\nuse crate::http::State;\n", Some("`storage` imports `http`"));
    check("storage/x.rs", "//! X.\nfn x() { crate::http::y() }\n", Some(":2:"));
    check("inbox/x.rs", "//! X.\nuse crate::ingest::Journal;\n", Some("`inbox` imports `ingest`"));
    check("storage/x.rs", "//! X.\nuse crate::{clock, ids};\n", Some("name one module"));
    check("strange/x.rs", "//! X.\n", Some("no place in the order"));
    check("http/x.rs", "//! X.\nuse mongodb::Client;\n", Some("`mongodb` has no business here"));
    check("http/x.rs", "//! X.\n// mongodb::Client is elsewhere\nlet my_mongodb::X = 1;\n", None);
    check("meta/x.rs", "//! X.\nuse reqwest::Client;\n", Some("`reqwest` has no business here"));
    check(
        "dev/simulator/x.rs",
        "//! X.\nuse crate::meta::signature;\n",
        Some("the simulator imports `meta`"),
    );
    check("dev/simulator/x.rs", "//! X.\nuse crate::clock::Clock;\n", None);
    check("http/x.rs", "fn x() {}\n", Some("begins with `//!`"));
    check("http/utils.rs", "//! X.\n", Some("the name says nothing"));
    check("http/x.rs", "//! X.\nfn x() {} // TODO: later\n", Some("TODO"));
    check("http/x.rs", &long, Some("lines; over"));
}

/// What `docs/proofs.md` names as `file::function`.
fn named_proofs(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_source = |file: &str| Path::new(file).extension().is_some_and(|extension| extension == "rs");
    quoted.filter_map(|name| name.split_once("::")).filter(|(file, _)| is_source(file)).collect()
}

#[test]
fn what_the_proofs_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/proofs.md")).unwrap();
    let named = named_proofs(&text);
    let is_there = |(file, function): &&(&str, &str)| {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        ["(", "<"].iter().any(|after| text.contains(&format!("fn {function}{after}")))
    };
    let missing: Vec<_> = named.iter().filter(|named| !is_there(named)).collect();
    assert!(missing.is_empty(), "docs/proofs.md names what is not there: {missing:#?}");
    let odd = text.lines().find(|line| line.matches('`').count() % 2 == 1);
    assert_eq!(odd, None, "a name that is not closed hides those after it");
    assert!(named.len() > 350, "{}", named.len());
}
