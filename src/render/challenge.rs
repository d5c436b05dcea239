//! Row -> `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3). Never quotes a request.

use super::{Voice, metadata};
use crate::config::DpopMode;
use crate::error::{Challenge, Code, Row};

/// RFC 7617 section 2 wants a realm, whether or not there is one.
const REALM: &str = "oauth";

/// One challenge for each scheme that is taken: a header field each, since commas also part the
/// parameters of one.
pub fn all(row: &Row, voice: &Voice<'_>) -> Vec<String> {
    match (row.challenge, voice.dpop) {
        (Challenge::None, _) => vec![],
        (Challenge::Basic, _) => vec![basic(voice)],
        (Challenge::Bare | Challenge::Coded, DpopMode::Off) => vec![bearer(row, voice)],
        (Challenge::Bare | Challenge::Coded, DpopMode::Optional) => {
            vec![bearer(row, voice), dpop(row, voice)]
        }
        (Challenge::Bare | Challenge::Coded, DpopMode::Required) => vec![dpop(row, voice)],
    }
}

/// A client's own credentials (RFC 6749 section 5.2).
fn basic(voice: &Voice<'_>) -> String {
    format!("Basic realm=\"{}\"", quotable(voice.realm.unwrap_or(REALM)))
}

/// RFC 6750 section 3, which knows no faults of proofs.
fn bearer(row: &Row, voice: &Voice<'_>) -> String {
    let code = match row.code {
        Code::InvalidDpopProof | Code::UseDpopNonce => Code::InvalidToken,
        other => other,
    };
    written("Bearer", code, &[], row, voice)
}

/// RFC 9449 section 7.1.
fn dpop(row: &Row, voice: &Voice<'_>) -> String {
    let algorithms = Some(voice.algorithms.join(" ")).filter(|names| !names.is_empty());
    let own: Vec<_> = algorithms.map(|names| ("algs", names)).into_iter().collect();
    written("DPoP", row.code, &own, row, voice)
}

fn written(
    scheme: &str,
    code: Code,
    own: &[(&'static str, String)],
    row: &Row,
    voice: &Voice<'_>,
) -> String {
    let mut parameters = Vec::new();
    if let Some(realm) = voice.realm {
        parameters.push(("realm", realm.to_owned()));
    }
    parameters.extend_from_slice(own);
    if row.challenge == Challenge::Coded {
        parameters.push(("error", code.oauth().to_owned()));
    }
    // A malformed request is not a matter of scope.
    if code != Code::InvalidRequest && !voice.scopes.is_empty() {
        parameters.push(("scope", voice.scopes.join(" ")));
    }
    if let Some(resource) = voice.resource {
        // RFC 9728 section 5.1.
        parameters.push(("resource_metadata", metadata::url(resource)));
    }
    if parameters.is_empty() {
        return scheme.to_owned();
    }
    let written = parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quotable(value)));
    format!("{scheme} {}", written.collect::<Vec<_>>().join(", "))
}

/// The inside of a quoted-string (RFC 9110 section 5.6.4): printable ASCII, or a proxy or runtime
/// might drop the whole header.
fn quotable(value: &str) -> String {
    let mut inside = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '"' | '\\' => inside.extend(['\\', character]),
            ' '..='~' => inside.push(character),
            _ => inside.push('?'),
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::quotable;

    #[test]
    fn no_value_can_split_or_lose_the_header() {
        assert_eq!(quotable("a\"b\\c\r\nd\u{e9}\u{7f}"), "a\\\"b\\\\c??d??");
    }
}
