//! Paths and URIs -> one form, to be compared with patterns. Never for forwarding; what two servers
//! could read as two different things has no such form.

/// Decodings that a chain of servers may do.
const ROUNDS: usize = 4;

/// The path of a request target, decoded (RFC 3986 section 2.1). `None` where a server could read
/// another path than this one: dot segments, backslashes, encoded slashes, empty segments, control
/// characters, parameters, escapes that are broken or that decode to escapes.
pub fn plain_path(path: &str) -> Option<String> {
    // Some servers cut off what follows it in a segment.
    plain_name(path).filter(|plain| !plain.contains(';'))
}

/// As [`plain_path`], of a file: its name may hold a semicolon.
fn plain_name(path: &str) -> Option<String> {
    let plain = String::from_utf8(decoded(path)?).ok()?;
    let inner = plain.strip_prefix('/')?;
    let segments = inner.strip_suffix('/').unwrap_or(inner);
    let same_segments = plain.matches('/').count() == path.matches('/').count();
    let empty = !inner.is_empty() && segments.split('/').any(str::is_empty);
    let odd = plain.contains('\\') || plain.chars().any(char::is_control) || has_escape(&plain);
    (same_segments && !empty && !odd && !climbs(&plain)).then_some(plain)
}

/// A URI with its scheme and authority in lower case and with those escapes that it needs (RFC 3986
/// sections 6.2.2.1 and 6.2.2.2). `None` where it has dot segments, in whatever disguise and
/// wherever: a server may take a file's name to go on after `?`. `None` also for what the URL
/// Standard cuts out, takes for a slash or reads into an authority.
pub fn plain_uri(uri: &str) -> Option<String> {
    if uri.trim() != uri || uri.contains('\\') || uri.chars().any(char::is_control) {
        return None;
    }
    let normal = encoded(&with_plain_escapes(uri), |byte| !NO_URI.contains(&byte));
    let lower = match normal.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => {
            let scheme = scheme.to_ascii_lowercase();
            match rest.strip_prefix("//") {
                _ if scheme == "file" => file_uri(rest)?,
                _ if is_web(&scheme) => web_uri(&scheme, rest)?,
                Some(rest) => {
                    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                    let (authority, rest) = rest.split_at_checked(end)?;
                    format!("{scheme}://{}{rest}", authority.to_ascii_lowercase())
                }
                None => format!("{scheme}:{rest}"),
            }
        }
        _ => normal,
    };
    let mut form = lower.clone();
    for _ in 0..ROUNDS {
        // What follows the scheme begins a path as well: `note:../a`.
        if climbs(&form.replace(':', "/")) {
            return None;
        }
        match decoded(&form).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
            Some(next) if next != form => form = next,
            _ => return Some(lower),
        }
    }
    None
}

/// RFC 8089 section 2: `file:/a`, `file:///a` and `file://localhost/a` are one file.
fn file_uri(rest: &str) -> Option<String> {
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?,
        None => ("", rest),
    };
    let host = Some(authority.to_ascii_lowercase()).filter(|host| host != "localhost");
    // What begins all of them is for patterns.
    if rest.is_empty() {
        return Some("file:".to_owned());
    }
    let (name, more) = path.split_at_checked(path.find(['?', '#']).unwrap_or(path.len()))?;
    let plain = if name.is_empty() { String::new() } else { plain_name(name)? };
    let name = encoded(&plain, is_of_path);
    Some(format!("file://{}{name}{more}", host.unwrap_or_default()))
}

/// The URL Standard's special schemes: one host has many spellings in them.
fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp")
}

fn web_uri(scheme: &str, rest: &str) -> Option<String> {
    // What begins all of them is for patterns.
    if matches!(rest, "" | "//") {
        return Some(format!("{scheme}:{rest}"));
    }
    let rest = rest.strip_prefix("//")?;
    let (authority, rest) =
        rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let slash = if rest.starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}://{}{slash}{rest}", web_authority(scheme, authority)?))
}

/// RFC 3986 section 6.2.3: without the port that it has anyway. `None` for a user, and for a host
/// that is neither a plain name nor an address in its usual form.
fn web_authority(scheme: &str, authority: &str) -> Option<String> {
    let text = authority.to_ascii_lowercase();
    let end = match text.strip_prefix('[') {
        Some(_) => text.find(']')?.checked_add(1)?,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(end)?;
    let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => format!("[{}]", address.parse::<core::net::Ipv6Addr>().ok()?),
        None => {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_{}".contains(&byte);
            let mut labels = host.split('.');
            let numeric =
                host.rsplit('.').next()?.starts_with(|first: char| first.is_ascii_digit());
            let address = !numeric || host.parse::<core::net::Ipv4Addr>().is_ok();
            let named = labels.all(|label| !label.is_empty() && label.bytes().all(legal));
            (named && address).then(|| host.to_owned())?
        }
    };
    let digits = match port {
        "" | ":" => return Some(host),
        port => port.strip_prefix(':').filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?,
    };
    let usual = match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => 21,
    };
    let port: u16 = digits.parse().ok()?;
    Some(if port == usual { host } else { format!("{host}:{port}") })
}

/// What a server may take a URI in normal form for that is not as particular as this: without its
/// fragment and query; and on the web with a path that is decoded, without parameters and without
/// empty segments. Rules that deny must not be dodged so.
pub fn loose_readings(uri: &str) -> Vec<String> {
    let end = uri.find(['?', '#']).unwrap_or(uri.len());
    let bare = uri.get(..end).unwrap_or(uri);
    let mut readings = vec![bare.to_owned()];
    if let Some((scheme, rest)) = bare.split_once("://").filter(|(scheme, _)| is_web(scheme)) {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut plain = path.to_owned();
        for _ in 0..ROUNDS {
            match decoded(&plain).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) {
                Some(next) if next != plain => plain = next,
                _ => break,
            }
        }
        let segments = plain.split(['/', '\\']);
        let names = segments.map(|segment| segment.split(';').next().unwrap_or_default());
        let ends = if plain.ends_with('/') { "/" } else { "" };
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        let path = format!("{}{}", names.join("/"), if names.is_empty() { "" } else { ends });
        readings.push(format!("{scheme}://{authority}/{}", encoded(&path, is_of_path)));
    }
    readings.retain(|reading| reading != uri);
    readings.dedup();
    readings
}

/// What has no place in a URI unless it is escaped (RFC 3986 section 2); braces are a template's.
const NO_URI: &[u8] = b" \"<>^`|";

/// RFC 3986 section 3.3, and a template's braces.
fn is_of_path(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/{}".contains(&byte)
}

/// Percent-encoded as UTF-8, with capitals: all but these, and all that is not ASCII (RFC 3986
/// section 2.1).
pub fn encoded(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii() && plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// What needs no escape has none, all others are in capitals (RFC 3986 sections 6.2.2.1, 6.2.2.2).
pub fn with_plain_escapes(path: &str) -> String {
    let mut parts = path.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.split_at_checked(2);
        match digits.and_then(|(digits, rest)| Some((escaped(digits)?, rest))) {
            Some((byte, rest)) if is_unreserved(byte) => {
                normal.push(char::from(byte));
                normal.push_str(rest);
            }
            Some((byte, rest)) => normal.push_str(&format!("%{byte:02X}{rest}")),
            // Escaped, or it could make an escape of what comes after it: `%%32F` is no `%2F`.
            None => {
                normal.push_str("%25");
                normal.push_str(part);
            }
        }
    }
    normal
}

/// RFC 3986 section 2.1; `None` where an escape is broken.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        plain.push(escaped(digits)?);
        plain.extend_from_slice(rest.as_bytes());
    }
    Some(plain)
}

/// Whether a segment leads up or nowhere; some servers cut its parameters off before they look.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\'])
        .any(|segment| matches!(segment.split(';').next().unwrap_or_default(), "." | ".."))
}

fn has_escape(text: &str) -> bool {
    let mut parts = text.split('%').skip(1);
    parts.any(|part| part.split_at_checked(2).is_some_and(|(digits, _)| escaped(digits).is_some()))
}

fn escaped(digits: &str) -> Option<u8> {
    let legal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    legal.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{loose_readings, plain_path, plain_uri};

    #[test]
    fn a_path_has_one_reading_or_none() {
        for (path, plain) in [
            ("/", Some("/")),
            ("/mcp", Some("/mcp")),
            ("/mcp/", Some("/mcp/")),
            ("/%6dcp", Some("/mcp")),
            ("/a%20b/c%C3%A9", Some("/a b/cé")),
            ("/100%25", Some("/100%")),
            ("/a;v=1/b", None),
            ("/a%3Bv=1/b", None),
            ("/..a/b..", Some("/..a/b..")),
            ("mcp", None),
            ("//", None),
            ("//mcp", None),
            ("/a//b", None),
            ("/a/../b", None),
            ("/a/%2e%2E/b", None),
            ("/a/..;x=1/b", None),
            ("/a/.", None),
            ("/a%2Fb", None),
            ("/a%5Cb", None),
            ("/a\\b", None),
            ("/a%252e", None),
            ("/a%2", None),
            ("/a%zz", None),
            ("/a%00", None),
            ("/a%0d%0a", None),
            ("/a%FF", None),
        ] {
            assert_eq!(plain_path(path).as_deref(), plain, "{path}");
        }
    }

    #[test]
    fn uris_that_mean_the_same_are_equal() {
        for (uri, plain) in [
            ("file:///pub/a", Some("file:///pub/a")),
            ("FILE:///pub/%61", Some("file:///pub/a")),
            ("https://Example.COM/A?B=%2e%2e/", Some("https://example.com/A?B=../")),
            ("repo://group%2fname/x", Some("repo://group%2fname/x")),
            ("repo://g/a%2Fb", Some("repo://g/a%2Fb")),
            ("note:one two", Some("note:one%20two")),
            ("note:\u{e9}", Some("note:%C3%A9")),
            ("note:{a}%7b", Some("note:{a}%7B")),
            ("", Some("")),
            ("file:///pub/../secret", None),
            ("file:///pub/%2e%2e/secret", None),
            ("file:///pub/..%2Fsecret", None),
            ("file:///pub/..%5csecret", None),
            ("file:///pub/%252e%252e/secret", None),
            ("file:///pub/%25252525252e/secret", None),
            ("../secret", None),
            ("file:/pub/a", Some("file:///pub/a")),
            ("file://LOCALHOST/pub/a?b", Some("file:///pub/a?b")),
            ("file://Host/pub/a", Some("file://host/pub/a")),
            ("file://", Some("file://")),
            ("file:///pub/a%3Ab%26;c", Some("file:///pub/a:b&;c")),
            ("file:///pub/a b\u{e9}%25%3F", Some("file:///pub/a%20b%C3%A9%25%3F")),
            ("https://Example.com:443", Some("https://example.com/")),
            ("https://example.com:0443?a", Some("https://example.com/?a")),
            ("https://example.com:/a//b", Some("https://example.com/a//b")),
            ("http://example.com:443/", Some("http://example.com:443/")),
            ("ws://[::0:1]:80/", Some("ws://[::1]/")),
            ("http://127.0.0.1/", Some("http://127.0.0.1/")),
            ("https://", Some("https://")),
            ("https:", Some("https:")),
            ("https:example.com/a", None),
            ("https:/example.com/a", None),
            ("https:///example.com/a", None),
            ("https://user@example.com/a", None),
            ("https://@example.com/a", None),
            ("https://example.com./a", None),
            ("https://example%2Ecom%2F/a", None),
            ("https://ex\u{e4}mple.com/a", None),
            ("https://example\u{3002}com/a", None),
            ("https://0x7f.1/a", None),
            ("https://2130706433/a", None),
            ("https://127.0.0.01/a", None),
            ("https://[::1/a", None),
            ("https://example.com:65536/", None),
            ("https://example.com:+1/", None),
            ("file:pub", None),
            ("file:////pub/a", None),
            ("file:///pub%2Fa", None),
            ("file:///pub\\a", None),
            ("file:///pub/.\t./secret", None),
            ("file:///pub/a?/../../secret", None),
            ("file:///pub/#/../../secret", None),
            (" file:///pub/a", None),
            ("note:../a", None),
            ("note:a\u{0}", None),
        ] {
            assert_eq!(plain_uri(uri).as_deref(), plain, "{uri}");
        }
    }

    #[test]
    fn other_readings_of_a_uri_are_known() {
        for (uri, readings) in [
            ("file:///pub/a", &[][..]),
            ("file:///pub/a?b#c", &["file:///pub/a"][..]),
            ("note:a#b", &["note:a"]),
            ("https://a.example/", &[]),
            ("https://a.example/b;c=1/d;e", &["https://a.example/b/d"]),
            ("https://a.example//b///c/", &["https://a.example/b/c/"]),
            ("https://a.example/b%2Fc%252Fd", &["https://a.example/b/c/d"]),
            ("https://a.example/b%3Ac", &["https://a.example/b:c"]),
            ("https://a.example/b;c?d", &["https://a.example/b;c", "https://a.example/b"]),
            ("https://a.example/;/", &["https://a.example/"]),
        ] {
            assert_eq!(loose_readings(uri), readings, "{uri}");
        }
    }
}
