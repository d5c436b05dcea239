//! One HTTP call to where state is shared: a Redis command, in the dialect that Webdis and Upstash
//! share, or a form. Never shows a secret; a command is one path that no word can leave.

use crate::config::{HttpStore, Secret};
use crate::uri::encoded;

/// One call that a face makes for the gate, without following redirects.
#[derive(Clone, Debug)]
pub struct StoreCall {
    /// Where to.
    pub uri: String,
    /// The Envoy cluster that leads there.
    pub cluster: Option<String>,
    /// Seconds that it may take.
    pub timeout: u32,
    /// Bytes of body to read at most.
    pub limit: usize,
    authorization: Option<Secret>,
    form: Option<Secret>,
}

impl StoreCall {
    /// A command to Redis: its words are the segments of the path.
    pub(crate) fn command(
        store: &HttpStore,
        authorization: Option<&Secret>,
        words: &[&str],
        limit: usize,
    ) -> Self {
        let mut uri = store.uri.trim_end_matches('/').to_owned();
        for word in words {
            uri.push('/');
            uri.push_str(&escaped(word, b":-_"));
        }
        Self {
            uri,
            cluster: store.cluster.clone(),
            timeout: store.timeout,
            limit,
            authorization: authorization.cloned(),
            form: None,
        }
    }

    /// A form (RFC 1866 section 8.2.1).
    pub(crate) fn post(
        (uri, cluster): (&str, Option<&str>),
        authorization: Secret,
        fields: &[(&str, &str)],
        (timeout, limit): (u32, usize),
    ) -> Self {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", form_encoded(value));
        let form = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        Self {
            uri: uri.to_owned(),
            cluster: cluster.map(str::to_owned),
            timeout,
            limit,
            authorization: Some(authorization),
            form: Some(Secret::new(form)),
        }
    }

    /// `GET` or `POST`.
    pub fn method(&self) -> &'static str {
        if self.form.is_some() { "POST" } else { "GET" }
    }

    /// The value of its `Authorization` header, where it needs one: a secret.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(Secret::expose)
    }

    /// The value of its `Content-Type` header, where it has a body.
    pub fn content_type(&self) -> Option<&'static str> {
        self.form.as_ref().map(|_| "application/x-www-form-urlencoded")
    }

    /// Its body, where it has one: a secret.
    pub fn body(&self) -> Option<&str> {
        self.form.as_ref().map(Secret::expose)
    }
}

/// As a value of a form, and as OAuth wants an id and a secret in `Basic` (RFC 6749 section 2.3.1).
/// A space becomes `%20`, which every reader takes.
pub fn form_encoded(text: &str) -> String {
    escaped(text, b"-_.")
}

/// But for letters, digits and these. A dot stays escaped in a command, or Webdis would take the end
/// of a word for a file's extension.
fn escaped(text: &str, plain: &[u8]) -> String {
    encoded(text, |byte| byte.is_ascii_alphanumeric() || plain.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{StoreCall, form_encoded};
    use crate::config::{Config, ReplayStore, Secret};

    #[test]
    fn no_word_leaves_its_segment() {
        let config = serde_json::json!({
            "resource": "https://api.example.com",
            "issuers": [{ "issuer": "a", "keys": { "uri": "https://as.example.com" } }],
            "replay": { "store": { "http": { "uri": "https://store.example.com//" } } } });
        let Ok(Ok(ReplayStore::Http(store))) =
            serde_json::to_vec(&config).map(|text| Config::read(&text).map(|c| c.replay.store))
        else {
            unreachable!("it is a configuration");
        };
        for (word, segment) in [
            ("waxseal:a-_Z9", "waxseal:a-_Z9"),
            ("../../FLUSHALL", "%2E%2E%2F%2E%2E%2FFLUSHALL"),
            ("..", "%2E%2E"),
            ("a b%2F?#", "a%20b%252F%3F%23"),
            ("a,b\r\n\0", "a%2Cb%0D%0A%00"),
            ("\u{e9}.json", "%C3%A9%2Ejson"),
        ] {
            let call = StoreCall::command(&store, None, &["MGET", word], 10);
            assert_eq!(call.uri, format!("https://store.example.com/MGET/{segment}"));
        }
    }

    #[test]
    fn a_form_is_encoded_and_never_shown() {
        let secret = Secret::new("Basic 5ecret".to_owned());
        let fields = [("token", "5ecret+/~="), ("hint", "a")];
        let call = StoreCall::post(("https://as.example.com/i?a=b", None), secret, &fields, (1, 2));
        assert_eq!(call.method(), "POST");
        assert_eq!(call.body(), Some("token=5ecret%2B%2F%7E%3D&hint=a"));
        assert_eq!(call.content_type(), Some("application/x-www-form-urlencoded"));
        assert!(!format!("{call:?}").contains("5ecret"), "{call:?}");
        assert_eq!(form_encoded("a:b c%&\u{e9}"), "a%3Ab%20c%25%26%C3%A9");
    }
}
