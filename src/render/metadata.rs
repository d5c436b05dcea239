//! Configuration -> the protected-resource metadata document, and where it stands (RFC 9728).

use jsonwebtoken::Algorithm;
use serde::Serialize;

use crate::config::{Config, DpopMode, split_url};

/// RFC 9728 section 3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    authorization_servers: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dpop_signing_alg_values_supported: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_bound_access_tokens_required: Option<bool>,
}

/// The document (RFC 9728 section 2).
pub fn document(config: &Config) -> String {
    let dpop = config.dpop.is_on().then_some(&config.dpop);
    let document = Document {
        resource: &config.resource,
        authorization_servers: config.issuers.iter().map(|issuer| issuer.issuer.as_str()).collect(),
        scopes_supported: config.every_scope(),
        bearer_methods_supported: ["header"],
        dpop_signing_alg_values_supported: dpop.map_or(vec![], |dpop| names(&dpop.algorithms)),
        dpop_bound_access_tokens_required: dpop.map(|dpop| dpop.mode == DpopMode::Required),
    };
    // Text and lists of text always serialise.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The names of algorithms (RFC 7518 section 3.1): `jsonwebtoken` calls them the same.
pub fn names(algorithms: &[Algorithm]) -> Vec<String> {
    algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect()
}

/// Where the document of a resource stands: the path form (RFC 9728 section 3.1).
pub fn url(resource: &str) -> String {
    let (origin, rest) = split(resource);
    format!("{origin}{WELL_KNOWN}{rest}")
}

/// Whether a path is one of the document's two: the path form, and the root form that older
/// clients ask for.
pub fn is_metadata(path: &str, config: &Config) -> bool {
    let Some(suffix) = path.strip_prefix(WELL_KNOWN) else {
        return false;
    };
    let (_, rest) = split(&config.resource);
    let own = rest.split_once('?').map_or(rest, |(path, _)| path);
    suffix.is_empty() || suffix == own
}

/// A slash that ends the authority is not part of the path form.
fn split(resource: &str) -> (&str, &str) {
    let rest = split_url(resource).map_or("", |(_, rest)| rest);
    let origin = resource.strip_suffix(rest).unwrap_or(resource);
    match rest.strip_prefix('/') {
        Some(query) if query.is_empty() || query.starts_with('?') => (origin, query),
        _ => (origin, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn the_well_known_path_is_inserted_after_the_authority() {
        let form =
            |resource: &str| url(resource).replace("/.well-known/oauth-protected-resource", "@");
        for (resource, expected) in [
            ("https://a.example/mcp", "https://a.example@/mcp"),
            ("https://a.example/mcp/", "https://a.example@/mcp/"),
            ("https://a.example/", "https://a.example@"),
            ("https://a.example", "https://a.example@"),
            ("https://a.example/?t=1", "https://a.example@?t=1"),
            ("https://a.example:8443/a/b?t=1", "https://a.example:8443@/a/b?t=1"),
        ] {
            assert_eq!(form(resource), expected);
        }
    }
}
