//! JSON as strangers send it, in a token's payload and in a key set: both read it alike, and as
//! the JSON parsing suite says.

mod signer;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};
use signer::{Failure, HEADER, Issuer, NOW, claims, gate, request};
use waxseal::{Answers, Decision, Error, Fetched, Gate, Request, Step, UnixTime};

/// Texts that are denied otherwise than their class says, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("y_object_duplicated_key", TWICE, "RFC 7493 section 2.3: readers differ in which one counts"),
    ("y_object_duplicated_key_and_value", TWICE, "as y_object_duplicated_key"),
    ("n_structure_100000_opening_arrays", TOO_LONG, "over the limits of tokens and documents"),
    ("n_structure_open_array_object", TOO_LONG, "over the limits of tokens and documents"),
];

const TWICE: &str = "a member stands there twice";
const TOO_LONG: &str = "too long to be read";
const NO_OBJECT: &str = "not a JSON object";

/// The faults of a text that is no JSON.
const NO_JSON: &[&str] = &["not JSON", "not UTF-8", "not one JSON value", "nested too deep"];

/// What the suite leaves out for its size: what is repeated, how often, and what follows.
const RECIPES: &[(&str, &str, usize, &str)] = &[
    ("n_structure_100000_opening_arrays", "[", 100_000, ""),
    ("n_structure_open_array_object", "[{\"\":", 50_000, "\n"),
];
/// How many bytes of those fit into a token.
const FITTING: usize = 10_000;

#[derive(Deserialize)]
struct Entry {
    name: String,
    class: Class,
    b64: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    MustAccept,
    MustReject,
    ImplementationDefined,
}

struct Text {
    name: String,
    class: Class,
    bytes: Vec<u8>,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Member,
    Whole,
}

/// Whether a text was taken for JSON, and if not, the fault.
type Reading = Result<(), String>;

#[test]
fn every_text_is_read_as_the_suite_says() -> Result<(), Failure> {
    let Some(texts) = texts()? else {
        return Ok(());
    };
    let (issuer, mut faults) = (Issuer::new()?, vec![]);
    for text in &texts {
        for place in [Place::Member, Place::Whole] {
            let payload = in_payload(&issuer, &text.bytes, place)?;
            let key_set = in_key_set(&issuer, &text.bytes, place)?;
            if payload != key_set {
                faults.push(format!(
                    "{} ({place:?}): {payload:?} in a payload, {key_set:?} in a key set",
                    text.name
                ));
            }
            if !text.allows(place, &payload) {
                faults.push(format!("{} ({place:?}): {payload:?}", text.name));
            }
        }
    }
    for (name, _, _) in EXCEPTIONS {
        if !texts.iter().any(|text| text.name == *name) {
            faults.push(format!("{name}: listed, but not in the suite"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{} texts, {} exceptions", texts.len(), EXCEPTIONS.len());
    Ok(())
}

impl Text {
    fn allows(&self, place: Place, reading: &Reading) -> bool {
        if let Some((_, fault, _)) = EXCEPTIONS.iter().find(|(name, _, _)| *name == self.name) {
            return reading.as_ref().is_err_and(|found| found == fault);
        }
        let is_object = self.bytes.trim_ascii_start().starts_with(b"{");
        match (self.class, place) {
            (Class::MustAccept, Place::Whole) if !is_object => {
                reading.as_ref().is_err_and(|found| found == NO_OBJECT)
            }
            (Class::MustAccept, _) => reading.is_ok(),
            (Class::MustReject, _) => {
                reading.as_ref().is_err_and(|found| NO_JSON.contains(&found.as_str()))
            }
            (Class::ImplementationDefined, _) => true,
        }
    }
}

/// Why a request does not pass.
fn fault(decision: Decision) -> Result<Decision, Error> {
    match decision {
        Decision::Deny(denial) => Err(denial.error),
        other => Ok(other),
    }
}

/// What a gate says of a token that its issuer signed over the text.
fn in_payload(issuer: &Issuer, text: &[u8], place: Place) -> Result<Reading, Failure> {
    let payload = match place {
        Place::Member => spliced(&claims(), text),
        Place::Whole => text.to_vec(),
    };
    let gate = gate(&json!({ "set": issuer.key_set() }))?;
    let request = request(&signed(&payload)?);
    match (place, fault(decide(&gate, &request, &[])?)) {
        (Place::Member, Ok(_)) | (Place::Whole, Err(Error::ClaimMissing { claim: "iss" })) => {
            Ok(Ok(()))
        }
        (_, Err(Error::TokenMalformed { fault })) => Ok(Err(fault.to_owned())),
        (_, Err(Error::TokenTooLong { .. })) => Ok(Err(TOO_LONG.to_owned())),
        (_, other) => Err(format!("a payload, but: {other:?}").into()),
    }
}

/// What a gate says of a good token, when the text comes as its issuer's key set.
fn in_key_set(issuer: &Issuer, text: &[u8], place: Place) -> Result<Reading, Failure> {
    let body = match place {
        Place::Member => spliced(&issuer.key_set(), text),
        Place::Whole => text.to_vec(),
    };
    let gate = gate(&json!({ "uri": "https://as.example.com/jwks.json" }))?;
    match (place, fault(decide(&gate, &request(&issuer.token()), &body)?)) {
        (Place::Member, Ok(_)) => Ok(Ok(())),
        (place, Err(Error::KeysUnavailable { fault, .. })) => {
            let fault = serde_json::to_value(fault)?;
            match (place, fault.as_str().unwrap_or_default()) {
                (Place::Whole, "no `keys` list") => Ok(Ok(())),
                (_, "over 64 KiB") => Ok(Err(TOO_LONG.to_owned())),
                (_, fault) => Ok(Err(fault.to_owned())),
            }
        }
        (_, other) => Err(format!("a key set, but: {other:?}").into()),
    }
}

/// Follows every step; every document that is asked for is `body`.
fn decide(gate: &Gate, request: &Request, body: &[u8]) -> Result<Decision, Failure> {
    let (mut answers, now) = (Answers::default(), UnixTime::from_seconds(NOW));
    for _ in 0..4 {
        match gate.check(request, &answers, now) {
            Step::Done(decision) => return Ok(decision),
            Step::Verify(check) => {
                let verdict = check.verify();
                answers.verified(check, verdict);
            }
            Step::Fetch(fetch) => {
                gate.fetched(
                    &fetch,
                    Fetched::Reply { status: 200, cache_control: None, body },
                    now,
                );
                answers.fetched();
            }
            other => return Err(format!("unexpected step {other:?}").into()),
        }
    }
    Err("no end".into())
}

/// The object with the bytes as its last member's value, whatever they are.
fn spliced(object: &Value, text: &[u8]) -> Vec<u8> {
    let mut bytes = object.to_string().into_bytes();
    bytes.pop();
    [bytes.as_slice(), b",\"x\":", text, b"}"].concat()
}

/// A token over a payload that may be anything, with the key of [`Issuer`].
fn signed(payload: &[u8]) -> Result<String, Failure> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let input = format!("{}.{}", encode(HEADER.as_bytes()), encode(payload));
    let signature: Signature = SigningKey::from_slice(&[7; 32])?.sign(input.as_bytes());
    Ok(format!("{input}.{}", encode(&signature.to_bytes())))
}

/// All texts of the suite, those that are too long also cut to a length that is read.
fn texts() -> Result<Option<Vec<Text>>, Failure> {
    let Some(bytes) = shared("json-test-suite.json")? else {
        return Ok(None);
    };
    let mut texts = vec![];
    for Entry { name, class, b64 } in serde_json::from_slice::<Vec<Entry>>(&bytes)? {
        if let Some(b64) = b64 {
            texts.push(Text { name, class, bytes: STANDARD.decode(b64)? });
            continue;
        }
        let recipe = RECIPES.iter().find(|(known, ..)| *known == name);
        let (_, unit, times, end) = recipe.ok_or_else(|| format!("no recipe for {name}"))?;
        let bytes = [unit.repeat(*times).as_bytes(), end.as_bytes()].concat();
        let cut = bytes.iter().copied().take(FITTING).collect();
        texts.push(Text { name: format!("{name}, cut"), class, bytes: cut });
        texts.push(Text { name, class, bytes });
    }
    Ok(Some(texts))
}

/// A file that is no part of the project: `None`, and a line that says so, without.
fn shared(name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let folders = std::env::var_os("WAXSEAL_SHARED_VECTORS").map(PathBuf::from);
    let mut paths = folders.into_iter().chain([beside]).map(|folder| folder.join(name));
    let Some(path) = paths.find(|path| path.is_file()) else {
        // Past the test runner, which swallows what a passing test prints.
        writeln!(std::io::stderr(), "skipped, not in ../shared/vectors: {name}")?;
        return Ok(None);
    };
    Ok(Some(std::fs::read(path)?))
}
