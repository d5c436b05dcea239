//! Wycheproof's vectors -> our verdicts, compared with theirs. Never passes over a difference that
//! `tests/wycheproof-exceptions.json` does not explain, nor an explanation that has none; nor a host
//! that says something else than we do.
#![cfg(test)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Value, json};
use wycheproof::{EcdsaPublic, EddsaPublic, EllipticCurve, RsaPublic, TestResult};

use super::{SignatureCheck, Verdict};
use crate::config::Config;
use crate::fetch::Patience;
use crate::keys::{Key, Keys, Lookup, Wanted};
use crate::parse;
use crate::time::UnixTime;

type Failure = Box<dyn std::error::Error>;

/// What is said of one test.
struct Case {
    id: usize,
    comment: String,
    theirs: TestResult,
    ours: Ours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ours {
    Accept,
    Deny,
}

/// Tests of which we say something else than Wycheproof, or which it leaves open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    suite: String,
    tests: Vec<usize>,
    ours: Ours,
    reason: String,
}

/// Every name that an exception may give.
const SUITES: &[&str] = &[
    "ecdsa_secp256r1_sha256_p1363",
    "ecdsa_secp384r1_sha384_p1363",
    "ed25519",
    "rsa_signature_2048_sha256",
    "rsa_signature_3072_sha256",
    "rsa_signature_4096_sha256",
    "rsa_signature_2048_sha384",
    "rsa_signature_3072_sha384",
    "rsa_signature_4096_sha384",
    "rsa_signature_2048_sha512",
    "rsa_signature_3072_sha512",
    "rsa_signature_4096_sha512",
    "rsa_pss_2048_sha256_mgf1_32",
    "rsa_pss_3072_sha256_mgf1_32",
    "rsa_pss_4096_sha256_mgf1_32",
    "rsa_pss_2048_sha256_mgf1_0",
    "rsa_pss_2048_sha256_mgf1sha1_20",
    "json_web_signature",
    "json_web_signature: base64",
    "json_web_key",
    "json_web_crypto",
];

/// Runs a set of the crate `wycheproof`, with the JWK that `$jwk` makes of each group's key.
macro_rules! signatures {
    ($kind:ident, $suite:expr, $algorithm:ident, $jwk:ident) => {{
        let set = wycheproof::$kind::TestSet::load($suite.parse()?)?;
        let (mut cases, mut hosts) = (vec![], Hosts::default());
        for group in set.test_groups {
            let keys = json!({ "keys": [$jwk(&group.key)] });
            let candidates = candidates(&keys, Some(KEY_ID), Algorithm::$algorithm)?;
            cases.extend(group.tests.into_iter().map(|test| Case {
                id: test.tc_id,
                comment: test.comment,
                theirs: test.result,
                ours: ours(&candidates, Algorithm::$algorithm, (&test.msg, &test.sig), &mut hosts),
            }));
        }
        hosts.agree($suite)?;
        compare($suite, &cases)
    }};
}

#[test]
fn es256() -> Result<(), Failure> {
    signatures!(ecdsa, "ecdsa_secp256r1_sha256_p1363", ES256, ec_jwk)
}

#[test]
fn es384() -> Result<(), Failure> {
    signatures!(ecdsa, "ecdsa_secp384r1_sha384_p1363", ES384, ec_jwk)
}

#[test]
fn eddsa() -> Result<(), Failure> {
    signatures!(eddsa, "ed25519", EdDSA, ed_jwk)
}

#[test]
fn rs256() -> Result<(), Failure> {
    for suite in
        ["rsa_signature_2048_sha256", "rsa_signature_3072_sha256", "rsa_signature_4096_sha256"]
    {
        signatures!(rsa_pkcs1_verify, suite, RS256, rsa_jwk)?;
    }
    Ok(())
}

#[test]
fn rs384() -> Result<(), Failure> {
    for suite in
        ["rsa_signature_2048_sha384", "rsa_signature_3072_sha384", "rsa_signature_4096_sha384"]
    {
        signatures!(rsa_pkcs1_verify, suite, RS384, rsa_jwk)?;
    }
    Ok(())
}

#[test]
fn rs512() -> Result<(), Failure> {
    for suite in
        ["rsa_signature_2048_sha512", "rsa_signature_3072_sha512", "rsa_signature_4096_sha512"]
    {
        signatures!(rsa_pkcs1_verify, suite, RS512, rsa_jwk)?;
    }
    Ok(())
}

#[test]
fn ps256() -> Result<(), Failure> {
    for suite in [
        "rsa_pss_2048_sha256_mgf1_32",
        "rsa_pss_3072_sha256_mgf1_32",
        "rsa_pss_4096_sha256_mgf1_32",
        // RFC 7518 section 3.5 fixes what these vary: the salt's length and the digest of MGF1.
        "rsa_pss_2048_sha256_mgf1_0",
        "rsa_pss_2048_sha256_mgf1sha1_20",
    ] {
        signatures!(rsa_pss_verify, suite, PS256, rsa_jwk)?;
    }
    Ok(())
}

#[test]
fn json_web_signature() -> Result<(), Failure> {
    tokens("json_web_signature")
}

#[test]
fn json_web_key() -> Result<(), Failure> {
    tokens("json_web_key")
}

#[test]
fn json_web_crypto() -> Result<(), Failure> {
    tokens("json_web_crypto")
}

/// The tests of base64url are signed with HS256 and denied for that: here only their form counts.
#[test]
fn base64url() -> Result<(), Failure> {
    let Some(set) = shared("json_web_signature")? else {
        return Ok(());
    };
    let groups = set.groups.into_iter().filter(|group| group.comment == "base64");
    let case = |test: TokenTest| {
        let ours = Ours::of(parse::compact(&test.token()).is_ok());
        Case { id: test.id, comment: test.comment, theirs: test.result, ours }
    };
    let cases: Vec<_> = groups.flat_map(|group| group.tests).map(case).collect();
    compare("json_web_signature: base64", &cases)
}

#[test]
fn every_exception_names_a_suite_and_a_reason() -> Result<(), Failure> {
    for exception in exceptions()? {
        let Exception { suite, tests, reason, .. } = exception;
        assert!(SUITES.contains(&suite.as_str()), "no such suite: {suite}");
        assert!(!reason.is_empty() && !tests.is_empty(), "{suite}: says nothing");
    }
    Ok(())
}

/// Runs a set of `shared/vectors`.
fn tokens(suite: &str) -> Result<(), Failure> {
    let Some(set) = shared(suite)? else {
        return Ok(());
    };
    let (mut cases, mut hosts) = (vec![], Hosts::default());
    for group in set.groups {
        let keys = group.key_set();
        for test in group.tests {
            let ours = accepts(&test.token(), &keys, &mut hosts).map(Ours::of)?;
            cases.push(Case { id: test.id, comment: test.comment, theirs: test.result, ours });
        }
    }
    hosts.agree(suite)?;
    compare(suite, &cases)
}

/// Whether a token passes, as far as neither its type nor its payload matters.
fn accepts(token: &str, keys: &Value, hosts: &mut Hosts) -> Result<bool, Failure> {
    let Ok(token) = parse::compact(token) else {
        return Ok(false);
    };
    let Ok(algorithm) = Algorithm::from_str(&token.header.algorithm) else {
        return Ok(false);
    };
    let candidates = candidates(keys, token.header.key_id.as_deref(), algorithm)?;
    let signed = (token.signed.message(), token.signed.signature.as_slice());
    Ok(ours(&candidates, algorithm, signed, hosts) == Ours::Accept)
}

/// The keys that an issuer with this key set may have signed with.
fn candidates(
    keys: &Value,
    id: Option<&str>,
    algorithm: Algorithm,
) -> Result<Vec<Arc<Key>>, Failure> {
    let algorithms = ["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "EdDSA"];
    let issuer = json!({ "issuer": "https://as.example.com", "algorithms": algorithms,
                         "keys": { "set": keys } });
    let config = json!({ "resource": "https://api.example.com/mcp", "issuers": [issuer] });
    let config = Config::read(config.to_string().as_bytes())?;
    if !config.issuers.iter().any(|issuer| issuer.algorithms.contains(&algorithm)) {
        return Ok(vec![]);
    }
    // A set without a usable key is no key set at all.
    let Ok(mut keys) = Keys::new(&config) else {
        return Ok(vec![]);
    };
    let wanted = Wanted { id, algorithm };
    match keys.find(0, &wanted, Patience::Waits, UnixTime::from_seconds(0)) {
        Lookup::Found(candidates) => Ok(candidates),
        Lookup::Unknown | Lookup::Ambiguous => Ok(vec![]),
        other => Err(format!("an inline set needs nothing, but: {other:?}").into()),
    }
}

fn ours(
    candidates: &[Arc<Key>],
    algorithm: Algorithm,
    (message, signature): (&[u8], &[u8]),
    hosts: &mut Hosts,
) -> Ours {
    let signed = |key: &Arc<Key>| {
        let check = SignatureCheck::of(algorithm, Arc::clone(key), message, signature.to_vec());
        hosts.note(&check);
        check.verify() == Verdict::Valid
    };
    Ours::of(candidates.iter().any(signed))
}

/// What hosts would be asked, with our verdicts: theirs must be the same.
#[derive(Default)]
struct Hosts(Vec<String>);

impl Hosts {
    fn note(&mut self, check: &SignatureCheck) {
        if let Some(host) = check.for_host() {
            let line = json!({
                "algorithm": host.algorithm(), "key": encode(host.key()), "jwk": host.jwk(),
                "message": encode(host.message()), "signature": encode(host.signature()),
                "der": encode(&host.der_signature()), "holds": check.verify() == Verdict::Valid,
            });
            self.0.push(line.to_string());
        }
    }

    /// Asks the hosts that run here.
    fn agree(self, suite: &str) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host/agree.mjs");
        let mut node = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        node.stdin.take().ok_or("no input")?.write_all(self.0.join("\n").as_bytes())?;
        let output = node.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{suite}: hosts differ from us:\n{said}");
        println!("{suite}: {said}");
        Ok(())
    }
}

/// Holds our verdicts against theirs and the listed exceptions.
fn compare(suite: &str, cases: &[Case]) -> Result<(), Failure> {
    assert!(SUITES.contains(&suite), "{suite} is not in `SUITES`");
    assert!(!cases.is_empty(), "{suite} has no test");
    let listed = exceptions()?.into_iter().filter(|exception| exception.suite == suite);
    let mut expected = BTreeMap::new();
    for (ours, id) in
        listed.flat_map(|listed| listed.tests.into_iter().map(move |id| (listed.ours, id)))
    {
        assert!(expected.insert(id, ours).is_none(), "{suite} {id} is listed twice");
    }
    let exceptions = expected.len();
    let mut faults = vec![];
    for Case { id, comment, theirs, ours } in cases {
        let agrees = matches!(
            (theirs, ours),
            (TestResult::Valid, Ours::Accept) | (TestResult::Invalid, Ours::Deny)
        );
        match (agrees, expected.remove(id)) {
            (true, None) => {}
            (true, Some(_)) => faults.push(format!("{id} ({comment}): listed, but as they say")),
            (false, Some(listed)) if listed == *ours => {}
            (false, _) => faults.push(format!("{id} ({comment}): {theirs:?}, ours: {ours:?}")),
        }
    }
    faults.extend(expected.keys().map(|id| format!("{id}: listed, but no such test")));
    assert!(faults.is_empty(), "{suite}:\n{}", faults.join("\n"));
    println!("{suite}: {} tests, {exceptions} exceptions", cases.len());
    Ok(())
}

fn exceptions() -> Result<Vec<Exception>, Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wycheproof-exceptions.json");
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

impl Ours {
    fn of(accepts: bool) -> Self {
        if accepts { Self::Accept } else { Self::Deny }
    }
}

const KEY_ID: &str = "1";

/// RFC 7518 section 6.2.1: both coordinates at full length.
fn ec_jwk(key: &EcdsaPublic) -> Value {
    let curve = match key.curve {
        EllipticCurve::Secp256r1 => "P-256",
        EllipticCurve::Secp384r1 => "P-384",
        _ => "unknown",
    };
    let coordinates = key.key.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({ "kty": "EC", "kid": KEY_ID, "crv": curve, "x": encode(x), "y": encode(y) })
}

/// RFC 8037 section 2.
fn ed_jwk(key: &EddsaPublic) -> Value {
    json!({ "kty": "OKP", "kid": KEY_ID, "crv": "Ed25519", "x": encode(&key.pk) })
}

/// RFC 7518 section 6.3.1: numbers without leading zeros.
fn rsa_jwk(key: &RsaPublic) -> Value {
    let number = |bytes: &[u8]| {
        let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        encode(&digits)
    };
    json!({ "kty": "RSA", "kid": KEY_ID, "n": number(&key.n), "e": number(&key.e) })
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A set of tokens.
#[derive(Deserialize)]
struct TokenSet {
    #[serde(rename = "testGroups")]
    groups: Vec<TokenGroup>,
}

#[derive(Deserialize)]
struct TokenGroup {
    comment: String,
    public: Option<Value>,
    private: Value,
    tests: Vec<TokenTest>,
}

#[derive(Deserialize)]
struct TokenTest {
    #[serde(rename = "tcId")]
    id: usize,
    comment: String,
    result: TestResult,
    jws: Option<Value>,
    jwe: Option<Value>,
}

impl TokenGroup {
    fn key_set(&self) -> Value {
        let key = self.public.as_ref().unwrap_or(&self.private);
        if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) }
    }
}

impl TokenTest {
    /// The token; one in the JSON serialisation as its text.
    fn token(&self) -> String {
        let token = self.jws.as_ref().or(self.jwe.as_ref());
        token
            .map(|token| token.as_str().map_or_else(|| token.to_string(), str::to_owned))
            .unwrap_or_default()
    }
}

/// A set of the vectors that are no part of the project: `None`, and a line that says so, without.
fn shared(suite: &str) -> Result<Option<TokenSet>, Failure> {
    let name = format!("wycheproof-{suite}_test.json");
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let folders = std::env::var_os("WAXSEAL_SHARED_VECTORS").map(PathBuf::from);
    let mut paths = folders.into_iter().chain([beside]).map(|folder| folder.join(&name));
    let Some(path) = paths.find(|path| path.is_file()) else {
        // Past the test runner, which swallows what a passing test prints.
        writeln!(std::io::stderr(), "skipped, not in ../shared/vectors: {name}")?;
        return Ok(None);
    };
    Ok(Some(serde_json::from_slice(&std::fs::read(path)?)?))
}
