//! `Connection` -> the header fields that end at the next hop.

use crate::config::Forwarding;
use crate::request::Request;

/// Whether the next hop must drop a header field (RFC 9110 section 7.6.1). Proxies take the option
/// out, but not all of them where the request also asks for an upgrade.
pub fn is_dropped(name: &str, request: &Request) -> bool {
    let name = Forwarding::folded(name);
    request.header("connection").any(|value| {
        let value = String::from_utf8_lossy(value);
        value.split(',').any(|option| Forwarding::folded(option.trim()) == name)
    })
}
