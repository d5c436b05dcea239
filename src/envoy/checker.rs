//! A signature check -> its verdict, by Envoy's own cryptography where that has proved itself. Never
//! takes its word for an algorithm whose known answers it does not give.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::host;
use crate::{HostCheck, SignatureCheck, Verdict};

/// Envoy's function.
const FUNCTION: &str = "verify_signature";

/// Who checks which signatures.
pub struct Checker {
    /// Algorithms of which Envoy gives the known answers.
    proved: Vec<&'static str>,
}

impl Checker {
    /// Proves Envoy by the known answers of these algorithms.
    pub fn prove(algorithms: impl IntoIterator<Item = &'static str>) -> Self {
        let proved = algorithms.into_iter().filter(|algorithm| is_proved(algorithm)).collect();
        Self { proved }
    }

    /// The algorithms that Envoy checks.
    pub fn proved(&self) -> &[&'static str] {
        &self.proved
    }

    /// Answers a check.
    pub fn verify(&self, check: &SignatureCheck) -> Verdict {
        let algorithm = check.algorithm();
        let hash = hash(algorithm).filter(|_| self.proved.contains(&algorithm));
        match hash.zip(check.for_host()) {
            Some((hash, check)) => asked(hash, &check),
            None => check.verify(),
        }
    }
}

fn is_proved(algorithm: &str) -> bool {
    let Some(hash) = hash(algorithm) else {
        return false;
    };
    let known = SignatureCheck::known_answers(algorithm);
    let right = |(check, verdict): &(SignatureCheck, Verdict)| {
        let answer = |check: HostCheck<'_>| asked(hash, &check) == *verdict;
        check.for_host().is_some_and(answer)
    };
    let Some(whole) = known.first().and_then(|(check, _)| check.for_host()) else {
        return false;
    };
    // By a key that is none, nothing holds, whether Envoy calls that an error or not.
    let keyless = arguments(hash, &[0x30], &whole.der_signature(), whole.message());
    known.iter().all(right) && verdict(&keyless) != Verdict::Valid
}

/// What Envoy's function takes; it knows neither PSS nor Ed25519.
fn hash(algorithm: &str) -> Option<&'static str> {
    match algorithm {
        "RS256" | "ES256" => Some("sha256"),
        "RS384" | "ES384" => Some("sha384"),
        "RS512" => Some("sha512"),
        _ => None,
    }
}

fn asked(hash: &str, check: &HostCheck<'_>) -> Verdict {
    verdict(&arguments(hash, check.key(), &check.der_signature(), check.message()))
}

fn verdict(arguments: &[u8]) -> Verdict {
    let answer = host::call_function(FUNCTION, arguments).ok();
    match answer.and_then(|bytes| Answer::decode(bytes.as_slice()).ok()) {
        // For a signature that does not hold, it may name an error too.
        Some(Answer { result: false, .. }) => Verdict::Invalid,
        Some(Answer { result: true, error }) if error.is_empty() => Verdict::Valid,
        Some(_) | None => Verdict::Failed,
    }
}

/// `envoy.source.extensions.common.wasm.VerifySignatureArguments`, without a copy of each field.
fn arguments(hash: &str, key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let fields = [(1, hash.as_bytes()), (2, key), (3, signature), (4, text)];
    let size = fields.iter().map(|(_, bytes)| bytes.len().saturating_add(HEAD)).sum();
    let mut message = Vec::with_capacity(size);
    for (tag, bytes) in fields {
        encode_key(tag, WireType::LengthDelimited, &mut message);
        encode_varint(u64::try_from(bytes.len()).unwrap_or_default(), &mut message);
        message.extend_from_slice(bytes);
    }
    message
}

/// Bytes before a field at most: its tag, and its length.
const HEAD: usize = 6;

/// `envoy.source.extensions.common.wasm.VerifySignatureResult`.
#[derive(prost::Message)]
struct Answer {
    #[prost(bool, tag = "1")]
    result: bool,
    #[prost(string, tag = "2")]
    error: String,
}
