//! Row -> `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3). Never quotes a request.

use super::{Voice, metadata};
use crate::config::DpopMode;
use crate::error::{Challenge, Code, Error};

/// RFC 7617 section 2 wants a realm, whether or not there is one.
const REALM: &str = "oauth";

/// One challenge for each scheme that is taken: a header field each, since commas also part the
/// parameters of one.
pub fn all(error: &Error, voice: &Voice<'_>) -> Vec<String> {
    let row = error.reason().row();
    match (row.challenge, voice.dpop) {
        (Challenge::None, _) => vec![],
        (Challenge::Basic, _) => vec![basic(voice)],
        (Challenge::Bare | Challenge::Coded, DpopMode::Off) => vec![bearer(error, voice)],
        (Challenge::Bare | Challenge::Coded, DpopMode::Optional) => {
            vec![bearer(error, voice), dpop(error, voice)]
        }
        (Challenge::Bare | Challenge::Coded, DpopMode::Required) => vec![dpop(error, voice)],
    }
}

/// A client's own credentials (RFC 6749 section 5.2).
fn basic(voice: &Voice<'_>) -> String {
    format!("Basic realm=\"{}\"", quotable(voice.realm.unwrap_or(REALM)))
}

/// RFC 6750 section 3, which knows no faults of proofs.
fn bearer(error: &Error, voice: &Voice<'_>) -> String {
    let code = match error.reason().code() {
        Code::InvalidDpopProof | Code::UseDpopNonce => Code::InvalidToken,
        other => other,
    };
    written("Bearer", code, &[], error, voice)
}

/// RFC 9449 section 7.1.
fn dpop(error: &Error, voice: &Voice<'_>) -> String {
    let algorithms = Some(voice.algorithms.join(" ")).filter(|names| !names.is_empty());
    let own: Vec<_> = algorithms.map(|names| ("algs", names)).into_iter().collect();
    written("DPoP", error.reason().code(), &own, error, voice)
}

fn written(
    scheme: &str,
    code: Code,
    own: &[(&'static str, String)],
    error: &Error,
    voice: &Voice<'_>,
) -> String {
    let mut parameters = Vec::new();
    if let Some(realm) = voice.realm {
        parameters.push(("realm", realm.to_owned()));
    }
    parameters.extend_from_slice(own);
    if error.reason().row().challenge == Challenge::Coded {
        parameters.push(("error", code.challenge().to_owned()));
    }
    // A malformed request is not a matter of scope.
    let scopes = match error {
        Error::InsufficientScope { needed, .. } if !needed.is_empty() => needed.as_slice(),
        _ => &voice.scopes,
    };
    if code != Code::InvalidRequest && !scopes.is_empty() {
        parameters.push(("scope", scopes.join(" ")));
    }
    if let Error::InsufficientUserAuthentication { acr_values, max_age, .. } = error {
        // RFC 9470 section 3.
        if !acr_values.is_empty() {
            parameters.push(("acr_values", acr_values.join(" ")));
        }
        parameters.extend(max_age.map(|seconds| ("max_age", seconds.to_string())));
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
