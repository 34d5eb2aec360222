//! The shape of the code and of the schema: sizes, rooms, descriptions, contracts.

use futures::StreamExt;
use std::path::{Path, PathBuf};

/// Lines in a file.
const FILE: usize = 400;
/// Lines in a function.
const FUNCTION: usize = 70;
/// Lines in a resolver's body.
const RESOLVER: usize = 12;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut rooms: Vec<PathBuf> =
        ["api", "entity", "migration", "tests", "worker"].map(|room| root().join(room)).to_vec();
    while let Some(room) = rooms.pop() {
        for entry in std::fs::read_dir(room).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
                rooms.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 80);
    found
}

/// The functions of a formatted file: their names, first lines and lengths.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let starts =
            ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn ", "pub(crate) async fn "];
        if !starts.iter().any(|start| trimmed.starts_with(start)) || line.ends_with(';') {
            continue;
        }
        let end = format!("{}}}", " ".repeat(line.len() - trimmed.len()));
        let length = lines[at..].iter().position(|line| *line == end).map_or(1, |length| length + 1);
        found.push((trimmed.to_owned(), length));
    }
    found
}

#[test]
fn files_and_functions_are_short_and_files_say_what_they_are() {
    for (path, text) in sources() {
        let name = path.display();
        assert!(text.lines().count() <= FILE, "{name} has {} lines", text.lines().count());
        assert!(text.starts_with("//!"), "{name} does not say what it is");
        for (function, length) in functions(&text) {
            assert!(length <= FUNCTION, "{name}: {function} has {length} lines");
        }
    }
}

#[test]
fn resolvers_parse_call_and_return() {
    let api = root().join("api/src");
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with(&api)) {
        for block in text.split("#[Object]").skip(1) {
            let end = block.find("\n}\n").unwrap_or(block.len());
            for (function, length) in functions(&block[..end]) {
                let body = length.saturating_sub(6);
                assert!(body <= RESOLVER, "{}: {function} has a body of {body} lines", path.display());
            }
        }
    }
}

#[test]
fn no_room_is_a_drawer() {
    for (path, _) in sources() {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for drawer in ["utils", "util", "helpers", "helper", "common", "manager", "service", "misc"] {
            assert_ne!(stem, drawer, "{}", path.display());
        }
    }
}

#[test]
fn only_the_main_of_the_api_knows_the_worker() {
    let (api, entity) = (root().join("api/src"), root().join("entity"));
    for (path, text) in sources() {
        let name = path.display();
        if path.starts_with(&api) && !path.ends_with("main.rs") {
            assert!(!text.contains("worker::"), "{name} knows the worker");
            assert!(
                !text.contains("sea_orm::") && !text.contains("apalis::"),
                "{name} reaches past the bank"
            );
        }
        if path.starts_with(&entity) {
            for stranger in ["async_graphql", "poem", "apalis", "redis::", "migration::"] {
                assert!(!text.contains(stranger), "{name} knows {stranger}");
            }
        }
    }
}

/// `deny.toml` says the same of the whole tree of dependencies; this needs no other tool.
#[test]
fn every_library_has_one_home() {
    for (library, homes) in [
        ("apalis", &["worker"][..]),
        ("apalis-cron", &["worker"]),
        ("apalis-redis", &["worker"]),
        ("argon2", &["entity"]),
        ("async-graphql", &["api", "tests"]),
        ("jsonwebtoken", &["api"]),
        ("passkey-authenticator", &["tests"]),
        ("phonenumber", &["entity"]),
        ("poem", &["api"]),
        ("redis", &["api", "worker"]),
        ("sea-orm", &["entity", "tests"]),
        ("sea-orm-migration", &["migration"]),
        ("sepa", &["entity"]),
        ("webauthn-rs", &["entity"]),
    ] {
        for room in ["api", "entity", "migration", "tests", "worker"] {
            let manifest = std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
            let named = manifest.lines().any(|line| line.starts_with(&format!("{library}.workspace")));
            assert_eq!(named, homes.contains(&room), "{library} in {room}");
        }
    }
}

#[test]
fn every_test_of_the_checklist_is_there() {
    let checklist = std::fs::read_to_string(root().join("tests/ASVS.md")).unwrap();
    let named = checklist.split('`').filter(|name| name.contains("::") && !name.contains(' '));
    let sources = sources();
    let mut count = 0;
    for name in named {
        let (file, function) = (name.split("::").next().unwrap(), name.rsplit("::").next().unwrap());
        let holds = |text: &str| text.contains(&format!("fn {function}("));
        let found = sources
            .iter()
            .any(|(path, text)| path.file_stem().is_some_and(|stem| stem == file) && holds(text));
        assert!(found, "{name} is in the checklist and nowhere else");
        count += 1;
    }
    assert!(count >= 50, "{count}");
}

#[test]
fn the_schemas_are_their_contracts() {
    for (file, sdl) in [("schema", api::schema::sdl()), ("operator", api::operator::sdl())] {
        let path = root().join(format!("api/{file}.graphql"));
        let contract = std::fs::read_to_string(&path).unwrap();
        let how = format!("cargo run -- schema{}", if file == "operator" { " --operator" } else { "" });
        assert!(contract == sdl, "api/{file}.graphql is not what the code says; `{how}` prints it");
    }
}

#[test]
fn everything_in_the_schemas_is_described() {
    for sdl in [api::schema::sdl(), api::operator::sdl()] {
        let mut described = false;
        let mut quoted = false;
        for line in sdl.lines().map(str::trim) {
            if line.starts_with("\"\"\"") {
                let closes = line.len() > 3 && line.ends_with("\"\"\"");
                quoted = !quoted && !closes;
                described = true;
                continue;
            }
            let plain = quoted || line.is_empty() || line == "}" || line == ")" || line.starts_with(')');
            let schema = ["schema", "query:", "mutation:", "subscription:"];
            let schema = schema.iter().any(|start| line.starts_with(start));
            let root = line.starts_with("type Query")
                || line.starts_with("type Mutation")
                || line.starts_with("type Subscription")
                || line.starts_with("type OperatorQuery")
                || line.starts_with("type OperatorMutation")
                || line.starts_with("type OperatorSubscription");
            if plain || schema || root || line.starts_with("directive") {
                continue;
            }
            assert!(described, "not described: {line}");
            described = false;
        }
    }
}

#[tokio::test]
async fn every_example_of_the_ide_is_valid() {
    let examples = std::fs::read_to_string(root().join("api/ide/examples.graphql")).unwrap();
    let schema = api::schema::builder().finish();
    let introspected = async_graphql::parser::parse_query(&examples).unwrap();
    assert!(introspected.operations.iter().count() >= 10);
    for (name, _) in introspected.operations.iter() {
        let name = name.unwrap().as_str();
        let request = async_graphql::Request::new(&examples).operation_name(name);
        // Without a bank every resolver refuses; what validation has to say has no path.
        let response = schema.execute_stream(request).next().await.unwrap();
        let invalid: Vec<_> = response.errors.iter().filter(|error| error.path.is_empty()).collect();
        assert!(invalid.is_empty(), "{name}: {invalid:?}");
    }
}
