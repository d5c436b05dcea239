//! Who may import whom, read from `src/` itself.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Module -> what it may name with `crate::`. `lib.rs` names the public modules and is free.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("uri", &[]),
    ("request", &[]),
    ("error", &["time"]),
    ("config", &["error", "time", "uri"]),
    // The life of a document that is fetched; `parse` reads its `Cache-Control`.
    ("fetch", &["parse", "error", "time"]),
    ("parse", &["error", "config", "call", "time", "request", "uri"]),
    ("keys", &["fetch", "parse", "error", "config", "time"]),
    ("nonce", &["config", "time"]),
    ("seal", &["config"]),
    ("store", &["config", "uri"]),
    ("replay", &["parse", "config", "store", "time"]),
    ("verify", &["fetch", "keys", "nonce", "parse", "error", "config", "time"]),
    // Of a credential it is shown the token alone, and only to ask for whom it is active.
    (
        "revocation",
        &["verify", "fetch", "keys", "parse", "error", "config", "store", "time", "uri"],
    ),
    ("call", &[]),
    // Never parse: it must not see bytes or a credential.
    ("decide", &["verify", "call", "config", "error", "time", "uri"]),
    // Never parse, never verify: a reply cannot leak a token.
    ("render", &["decide", "call", "config", "error"]),
    // Reads what an authorization server and a client say, and no credential.
    ("elicit", &["config", "decide", "error", "render", "seal", "time"]),
    // Never parse: a list is not the caller's to be read strictly.
    ("lists", &["call", "error", "render", "uri"]),
    // Never verify, never config: it reads what a client receives, and has no secret.
    ("read", &["parse", "error", "time"]),
    (
        "gate",
        &[
            "call",
            "config",
            "decide",
            "error",
            "fetch",
            "keys",
            "lists",
            "nonce",
            "parse",
            "render",
            "replay",
            "request",
            "revocation",
            "time",
            "uri",
            "verify",
        ],
    ),
    ("prover", &["time"]),
    // A face names only what is public, that is, what the crate's root exports.
    ("envoy", &[]),
    ("npm", &[]),
];

/// What only a face may write: the core has no clock, no network, no host.
const HOST_WORDS: &[&str] = &[
    "proxy_wasm",
    "wasm_bindgen",
    "js_sys",
    "std::time",
    "std::env",
    "std::fs",
    "std::net",
    "getrandom",
    "SystemTime",
    "Instant::now",
];

const FACES: &[&str] = &["envoy", "npm"];

#[test]
fn modules_import_only_what_they_may() -> Result<(), Box<dyn Error>> {
    let known: Vec<_> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let mut faults = vec![];
    for path in sources()? {
        let module = module_of(&path)?;
        if module == "lib" {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("src/{module} has no row in tests/borders.rs"));
            continue;
        };
        for named in named_modules(&code(&path)?) {
            let own = named == module;
            if known.contains(&named.as_str()) && !own && !allowed.contains(&named.as_str()) {
                faults.push(format!("{} imports {named}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[test]
fn only_a_face_speaks_to_a_host() -> Result<(), Box<dyn Error>> {
    for path in sources()? {
        if FACES.contains(&module_of(&path)?.as_str()) {
            continue;
        }
        let code = code(&path)?;
        // A client makes ids and keys.
        let random = module_of(&path)? == "prover";
        for word in HOST_WORDS.iter().filter(|word| !random || **word != "getrandom") {
            assert!(!code.contains(word), "{} says `{word}`", path.display());
        }
    }
    Ok(())
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let code = "use crate::time::UnixTime;\nuse crate::{parse::jws, Gate};\nfn f(x: crate::keys::Key) { crate::read(x) }\nuse super::super::render;";
    let expected = ["Gate", "keys", "parse", "time"].map(str::to_owned);
    assert_eq!(named_modules(code), BTreeSet::from(expected));
}

#[test]
fn the_reader_leaves_out_tests_and_nothing_else() {
    let code = "use a;\n#[cfg(test)]\nmod tests;\nuse b; // c\n\n#[cfg(test)]\n#[ignore]\nmod tests {\n    fn f() {\n        g()\n    }\n}\nuse d;\n#[cfg(test)]\npub use e::{\n    f,\n};\nstruct G {\n    #[cfg(test)]\n    h: I,\n    j: K,\n}";
    let expected = "use a;\nuse b;\nuse d;\nstruct G {\n    h: I,\n    j: K,\n}";
    assert_eq!(shipped(code), expected);
    assert_eq!(shipped("//! a\n\n#![cfg(test)]\nuse b;"), "");
    assert_eq!(shipped("use a;\n#![cfg(test)]\nuse b;"), "use a;\n#![cfg(test)]\nuse b;");
}

/// Every first name after `crate::`, also inside braces.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let name = name.trim();
            let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let (name, rest) =
                name.split_at(name.find(|letter| !is_word(letter)).unwrap_or(name.len()));
            // What is called is a function, which may have the name of its module.
            if !rest.starts_with('(') {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// What a file adds to a module: no comments, in which anything may be named, and no tests.
fn code(path: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    assert!(!text.contains("super::super::"), "{}: name it from the crate's root", path.display());
    Ok(shipped(&text))
}

/// The lines of a file that are not for tests only: what `#[cfg(test)]` gates is left out where it
/// is one line, or a block that ends as rustfmt ends it. Anything else stays, and is looked at.
fn shipped(text: &str) -> String {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end());
    let mut lines = code.filter(|line| !line.is_empty()).peekable();
    if lines.peek() == Some(&"#![cfg(test)]") {
        return String::new();
    }
    let mut kept = vec![];
    while let Some(line) = lines.next() {
        let (indent, item) = line.split_at(line.len() - line.trim_start().len());
        if item != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        while lines.next_if(|line| line.trim_start().starts_with("#[")).is_some() {}
        if lines.next_if(|line| line.ends_with(';')).is_none()
            && lines.next_if(|line| line.ends_with('{')).is_some()
        {
            let end = format!("{indent}}}");
            lines.find(|line| line.starts_with(&end));
        }
    }
    kept.join("\n")
}

fn module_of(path: &Path) -> Result<String, Box<dyn Error>> {
    let inside = path.strip_prefix(root())?;
    let first = inside.components().next().ok_or("no module")?;
    Ok(Path::new(&first).file_stem().ok_or("no name")?.to_string_lossy().into_owned())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = vec![];
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
