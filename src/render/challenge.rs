//! Row -> `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3). Never quotes a request.

use super::metadata;
use crate::config::{Config, DpopMode};
use crate::error::{Challenge, Code, Row};

/// One challenge for each scheme that the resource takes: a header field each, since commas also
/// part the parameters of one.
pub fn all(row: &Row, config: &Config) -> Vec<String> {
    match config.dpop.mode {
        DpopMode::Off => vec![bearer(row, config)],
        DpopMode::Optional => vec![bearer(row, config), dpop(row, config)],
        DpopMode::Required => vec![dpop(row, config)],
    }
}

/// RFC 6750 section 3, which knows no faults of proofs.
fn bearer(row: &Row, config: &Config) -> String {
    let code = match row.code {
        Code::InvalidDpopProof | Code::UseDpopNonce => Code::InvalidToken,
        other => other,
    };
    written("Bearer", code, &[], row, config)
}

/// RFC 9449 section 7.1.
fn dpop(row: &Row, config: &Config) -> String {
    let algorithms = metadata::names(&config.dpop.algorithms).join(" ");
    written("DPoP", row.code, &[("algs", algorithms)], row, config)
}

fn written(
    scheme: &str,
    code: Code,
    own: &[(&'static str, String)],
    row: &Row,
    config: &Config,
) -> String {
    let mut parameters = Vec::new();
    if let Some(realm) = &config.challenge.realm {
        parameters.push(("realm", realm.clone()));
    }
    parameters.extend_from_slice(own);
    if row.challenge == Challenge::Coded {
        parameters.push(("error", code.oauth().to_owned()));
    }
    // A malformed request is not a matter of scope.
    if code != Code::InvalidRequest && !config.scopes.is_empty() {
        parameters.push(("scope", config.scopes.join(" ")));
    }
    // RFC 9728 section 5.1.
    parameters.push(("resource_metadata", metadata::url(&config.resource)));
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
