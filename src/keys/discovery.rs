//! Issuer -> where its metadata stands -> its key set's URI (RFC 8414, OpenID Connect Discovery).
//! Never follows a document that speaks for another issuer, or to a place that it must not name.

use serde_json::Value;

use crate::config::{check_uri, host, is_private, split_url};
use crate::parse;

/// The places to look, in the order that MCP gives: RFC 8414 section 3.1, then OpenID's
/// configuration, inserted and appended.
pub fn places(issuer: &str) -> Vec<String> {
    let path = split_url(issuer).map_or("", |(_, rest)| rest);
    let origin = issuer.strip_suffix(path).unwrap_or(issuer);
    let path = path.strip_suffix('/').unwrap_or(path);
    let oauth = "/.well-known/oauth-authorization-server";
    let openid = "/.well-known/openid-configuration";
    let mut places = vec![format!("{origin}{oauth}{path}"), format!("{origin}{openid}{path}")];
    if !path.is_empty() {
        places.push(format!("{origin}{path}{openid}"));
    }
    places
}

/// What a discovered URI may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The public network, and the issuer's own host.
    Public,
    /// Anything: Envoy's cluster decides, or the configuration allows it.
    Any,
}

/// Reads the `jwks_uri` of a metadata document (RFC 8414 sections 2 and 3.3).
pub fn key_set_uri(document: &[u8], issuer: &str, reach: Reach) -> Result<String, &'static str> {
    let members = parse::object(document)?;
    // Byte for byte: a document found at the issuer's place must speak for that issuer.
    if members.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return Err("the metadata is of another issuer");
    }
    let uri =
        members.get("jwks_uri").and_then(Value::as_str).ok_or("the metadata has no `jwks_uri`")?;
    is_reachable(uri, issuer, reach)?;
    Ok(uri.to_owned())
}

/// Whether a discovered URI leads to a place that the configuration lets it.
pub fn is_reachable(uri: &str, issuer: &str, reach: Reach) -> Result<(), &'static str> {
    let own = host(uri) == host(issuer);
    if check_uri(uri, (reach == Reach::Any).then_some("")).is_err() {
        return Err("the `jwks_uri` is no absolute https URL");
    }
    if reach == Reach::Public && !own && is_private(uri) {
        return Err("the `jwks_uri` leads to a private address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Reach, key_set_uri, places};

    #[test]
    fn places_are_inserted_then_appended() {
        assert_eq!(
            places("https://as.example.com/a/b"),
            [
                "https://as.example.com/.well-known/oauth-authorization-server/a/b",
                "https://as.example.com/.well-known/openid-configuration/a/b",
                "https://as.example.com/a/b/.well-known/openid-configuration",
            ]
        );
        for issuer in ["https://as.example.com", "https://as.example.com/"] {
            assert_eq!(
                places(issuer),
                [
                    "https://as.example.com/.well-known/oauth-authorization-server",
                    "https://as.example.com/.well-known/openid-configuration",
                ]
            );
        }
    }

    #[test]
    fn a_document_must_speak_for_its_issuer_and_lead_to_a_fitting_place() {
        let issuer = "https://as.example.com";
        let read = |issuer_said: &str, uri: &str| {
            let document = serde_json::json!({ "issuer": issuer_said, "jwks_uri": uri });
            key_set_uri(document.to_string().as_bytes(), issuer, Reach::Public)
        };
        assert_eq!(
            read(issuer, "https://keys.example.com/a"),
            Ok("https://keys.example.com/a".to_owned())
        );
        for other in ["https://as.example.com/", "https://AS.example.com", ""] {
            assert!(read(other, "https://keys.example.com/a").is_err(), "{other}");
        }
        for uri in [
            "",
            "/jwks",
            "http://keys.example.com/",
            "ftp://keys.example.com/",
            "https://u@keys.example.com/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://localhost/",
            "https://a.localhost/",
            "https://a.internal/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://127.1/",
            "https://0/",
            "https://a.local./",
        ] {
            assert!(read(issuer, uri).is_err(), "{uri}");
        }
    }
}
