//! URLs that a configuration or a document may name. Never resolves and never normalises them.

use super::grammar::is_plain;

/// RFC 9728 section 1.2: an absolute `http(s)` URL without a fragment.
pub fn check_resource(resource: &str) -> Result<(), &'static str> {
    let Some((authority, _)) = split_url(resource) else {
        return Err("must be an absolute http or https URL");
    };
    if !is_plain(resource) || !is_authority(authority) {
        return Err(
            "must be an absolute URL without user, white space, quotes or control characters",
        );
    }
    if resource.contains('#') {
        return Err("must have no fragment (RFC 9728 section 1.2)");
    }
    Ok(())
}

/// A URI that the gate itself may fetch.
pub fn check_uri(uri: &str, cluster: Option<&str>) -> Result<(), &'static str> {
    let Some((authority, _)) = split_url(uri) else {
        return Err("must be an absolute http or https URL");
    };
    if !is_plain(uri) || !is_authority(authority) || uri.contains('#') {
        return Err("must be an absolute URL without user, fragment, white space or quotes");
    }
    if !uri.starts_with("https:") && cluster.is_none() && !is_loopback(authority) {
        return Err("must be https, unless it is on loopback or has a `cluster`");
    }
    Ok(())
}

/// Splits an absolute `http(s)` URL into its authority and the rest from the path on.
pub fn split_url(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    // RFC 3986 section 3.1: schemes are case-insensitive.
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(rest.split_at_checked(end).unwrap_or((rest, "")))
}

fn is_loopback(authority: &str) -> bool {
    let host = host_of(authority);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    matches!(host, "localhost" | "[::1]") || (host.starts_with("127.") && digits(host))
}

/// The host of an absolute `http(s)` URL, in lower case, without a dot at its end.
pub fn host(url: &str) -> String {
    let authority = split_url(url).map_or("", |(authority, _)| authority);
    host_of(authority).to_ascii_lowercase().trim_end_matches('.').to_owned()
}

/// Whether a URL may lead into a private network, as far as its host's name tells: a name that
/// resolves to a private address is the resolver's to refuse.
pub fn is_private(url: &str) -> bool {
    let host = host(url);
    if let Some(address) = host.strip_prefix('[') {
        return !is_public_ipv6(address);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit()) {
        return !is_public_ipv4(&host);
    }
    let inside = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa"];
    !host.contains('.') || inside.contains(&last)
}

/// Global unicast as it is given out, 2000::/3, without what leads elsewhere: 2001::/23 with
/// Teredo, 6to4, and the addresses of documentation (RFC 6890).
fn is_public_ipv6(address: &str) -> bool {
    let mut groups = address.split(':').map(|group| u16::from_str_radix(group, 16).unwrap_or(0));
    match (groups.next(), groups.next()) {
        (Some(0x2001), second) => second.is_some_and(|second| second >= 0x200 && second != 0xdb8),
        (Some(first), _) => (0x2000..=0x3fff).contains(&first) && first != 0x2002,
        (None, _) => false,
    }
}

/// Exactly four decimal numbers, in no block of the special-purpose registry (RFC 6890).
fn is_public_ipv4(host: &str) -> bool {
    let number = |text: &str| text.parse().ok().filter(|value: &u8| value.to_string() == text);
    let Some(address) = host.split('.').map(number).collect::<Option<Vec<u8>>>() else {
        return false;
    };
    match address.as_slice() {
        [0 | 10 | 127, ..] | [169, 254, ..] | [192, 168, ..] | [192, 0, 0 | 2, _] => false,
        [100, 64..=127, ..] | [172, 16..=31, ..] | [198, 18 | 19, ..] | [224..=255, ..] => false,
        [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => false,
        [_, _, _, _] => true,
        _ => false,
    }
}

/// A host, with or without a port, written so that nobody reads another one into it: no user, no
/// percent-encoding (RFC 3986 section 3.2).
pub fn is_authority(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let host = host_of(text);
    let labels = host.strip_suffix('.').unwrap_or(host);
    let named = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None if is_number(labels.rsplit('.').next().unwrap_or_default()) => {
            labels.parse::<core::net::Ipv4Addr>().is_ok()
        }
        None => !host.contains(['[', ']']) && labels.split('.').all(|label| !label.is_empty()),
    };
    let port = text.strip_prefix(host).unwrap_or_default();
    let numbered = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    named && numbered && text.bytes().all(legal)
}

/// Whether a host that ends so is an IPv4 address to browsers (URL standard, section 3.5), which also
/// take `0x7f.1` for one.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or(label.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// RFC 3986 section 3.2.3: digits, or none of them.
fn is_port(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || digits && text.parse::<u16>().is_ok()
}

fn host_of(authority: &str) -> &str {
    match authority.starts_with('[') {
        true => authority.split_inclusive(']').next(),
        false => authority.split(':').next(),
    }
    .unwrap_or_default()
}
