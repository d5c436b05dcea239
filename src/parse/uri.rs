//! URI -> its normal form, to be compared (RFC 3986 sections 6.2.2 and 6.2.3). Never for forwarding.

use crate::config::{is_authority, split_url};
use crate::uri::with_plain_escapes;

/// Scheme, host and port of an absolute `http(s)` URI; `None` for any other, and for one with a
/// user in it.
pub fn normal_origin(uri: &str) -> Option<String> {
    let (authority, _) = split_url(uri)?;
    let (scheme, _) = uri.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    if !is_authority(authority) {
        return None;
    }
    let authority = authority.to_ascii_lowercase();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = authority.strip_suffix(port).or_else(|| authority.strip_suffix(':'));
    Some(format!("{scheme}://{}", host.unwrap_or(&authority)))
}

/// The path of an absolute `http(s)` URI or of a request target, without query and fragment.
pub fn normal_path(uri: &str) -> String {
    let rest = split_url(uri).map_or(uri, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    without_dots(&with_plain_escapes(path))
}

/// RFC 3986 section 5.2.4; an empty path is `/` (section 6.2.3).
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{normal_origin, normal_path};

    #[test]
    fn origins_that_mean_the_same_are_equal() {
        for (uri, origin) in [
            ("https://api.example.com/mcp", Some("https://api.example.com")),
            ("HTTPS://API.Example.COM:443/mcp", Some("https://api.example.com")),
            ("https://api.example.com:?a", Some("https://api.example.com")),
            ("http://api.example.com:80", Some("http://api.example.com")),
            ("http://api.example.com:443", Some("http://api.example.com:443")),
            ("https://[::1]:8443/", Some("https://[::1]:8443")),
            ("https://user@api.example.com/", None),
            ("https:///mcp", None),
            ("/mcp", None),
            ("ftp://api.example.com/", None),
        ] {
            assert_eq!(normal_origin(uri).as_deref(), origin, "{uri}");
        }
    }

    #[test]
    fn paths_that_mean_the_same_are_equal() {
        for (uri, path) in [
            ("https://a.example", "/"),
            ("https://a.example?x=1", "/"),
            ("/", "/"),
            ("/mcp?x=/../y#z", "/mcp"),
            ("/%6dcp/%7Ea%2fb%2F%e9", "/mcp/~a%2Fb%2F%E9"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2E%2e/b", "/b"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a//..", "/a/"),
            ("//a///", "//a///"),
            ("/%", "/%25"),
            ("/%4", "/%254"),
            ("/%zz%+1%é", "/%25zz%25+1%25é"),
            ("/mcp%%32Fb", "/mcp%252Fb"),
            ("/mcp%2%46b", "/mcp%252Fb"),
            ("/mcp%252Fb", "/mcp%252Fb"),
        ] {
            assert_eq!(normal_path(uri), path, "{uri}");
        }
    }
}
