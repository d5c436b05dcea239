//! request target -> path and query. Never resolves, decodes or normalises them.

use crate::config::split_url;
use crate::error::Error;
use crate::uri::decoded;

/// A request target, split (RFC 9112 section 3.2: origin-form and absolute-form).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The path as sent, at least `/`.
    pub path: &'a str,
    /// What follows the first `?`, without it.
    pub query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Splits a request target.
    ///
    /// # Errors
    /// [`Error::RequestMalformed`] for any other form.
    pub fn read(url: &'a str) -> Result<Self, Error> {
        let rest = match split_url(url) {
            Some(("", _)) => return Err(Error::RequestMalformed {}),
            Some((_, rest)) => rest,
            None if url.starts_with('/') => url,
            None => return Err(Error::RequestMalformed {}),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Ok(Self { path: if path.is_empty() { "/" } else { path }, query })
    }

    /// Whether the query has a parameter of this name, percent-encoded or not.
    pub fn has_parameter(&self, name: &str) -> bool {
        let mut pairs = self.query.unwrap_or_default().split(['&', ';']);
        pairs.any(|pair| {
            let written = pair.split('=').next().unwrap_or_default();
            decoded(written).is_some_and(|bytes| bytes == name.as_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn both_forms_split_alike() {
        for url in ["/mcp?a=1", "https://api.example.com/mcp?a=1", "http://[::1]:80/mcp?a=1#f"] {
            let target = Target::read(url);
            assert_eq!(target, Ok(Target { path: "/mcp", query: Some("a=1") }), "{url}");
        }
        assert_eq!(Target::read("https://a.example"), Ok(Target { path: "/", query: None }));
    }

    #[test]
    fn other_forms_are_malformed() {
        for url in ["", "*", "api.example.com:443", "ftp://a.example/", "mcp", "https:///mcp"] {
            assert!(Target::read(url).is_err(), "{url}");
        }
    }

    #[test]
    fn parameters_are_found_however_they_are_written() {
        for query in ["access_token=x", "a=1&access_token", "%61ccess_token=x", "a;access_token=x"]
        {
            let target = Target { path: "/", query: Some(query) };
            assert!(target.has_parameter("access_token"), "{query}");
        }
        for query in ["", "xaccess_token=1", "a=access_token", "%6=access_token", "access_token%=1"]
        {
            let target = Target { path: "/", query: Some(query) };
            assert!(!target.has_parameter("access_token"), "{query}");
        }
    }
}
