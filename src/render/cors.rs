//! A listed origin -> the headers that let its pages read a reply (Fetch standard, section 3.2).

/// Headers of a reply that a page could not read otherwise.
const EXPOSED: &str = "WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, Mcp-Session-Id";
/// What MCP's Streamable HTTP uses.
const METHODS: &str = "GET, POST, DELETE";
/// Seconds that a browser may remember a preflight: Chromium's own limit is 7200.
const REMEMBERED: &str = "600";

/// What every reply carries where origins are configured: that it varies by them, and for a page of
/// a listed one that it may read the reply.
pub fn readable(origin: Option<&str>, listed: &[String]) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if let Some(origin) = origin {
        headers.push(("access-control-allow-origin", origin.to_owned()));
        headers.push(("access-control-expose-headers", EXPOSED.to_owned()));
    }
    if !listed.is_empty() {
        headers.push(("vary", "Origin".to_owned()));
    }
    headers
}

/// What a preflight is told besides. All the headers that it asks for: the origin is listed, and a
/// wildcard would leave out `Authorization`.
pub fn preflight(names: &[String]) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("access-control-allow-methods", METHODS.to_owned()),
        ("access-control-max-age", REMEMBERED.to_owned()),
    ];
    if !names.is_empty() {
        headers.push(("access-control-allow-headers", names.join(", ")));
    }
    headers
}
