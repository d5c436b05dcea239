//! headers -> who asks from a browser (Fetch standard, sections 3.2 and 4.8). Never allows anything.

use crate::config::is_token;
use crate::request::Request;

/// Names that a preflight may ask for at most.
const NAMES: usize = 64;
/// Bytes of such a name at most.
const NAME_BYTES: usize = 64;

/// The origin of a cross-origin request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// No browser says that it is one.
    Absent,
    /// This one.
    Named(&'a str),
    /// More than one, or bytes that are not text: nothing that can be listed.
    Unreadable,
}

impl<'a> Origin<'a> {
    /// Reads `Origin` (RFC 6454 section 7).
    pub fn read(request: &'a Request) -> Self {
        let mut fields = request.header("origin");
        match (fields.next(), fields.next()) {
            (None, _) => Self::Absent,
            (Some(origin), None) => {
                std::str::from_utf8(origin).map_or(Self::Unreadable, Self::Named)
            }
            (Some(_), Some(_)) => Self::Unreadable,
        }
    }
}

/// The header names that a preflight asks for; `None` where the request is no preflight.
pub fn preflight(request: &Request) -> Option<Vec<String>> {
    let asks = request.header("access-control-request-method").next().is_some();
    if request.method != "OPTIONS" || !asks {
        return None;
    }
    let fields = request.header("access-control-request-headers");
    let names = fields
        .flat_map(|field| field.split(|byte| *byte == b','))
        .filter_map(|name| std::str::from_utf8(name).ok())
        .map(str::trim)
        .filter(|name| name.len() <= NAME_BYTES && is_token(name));
    Some(names.take(NAMES).map(str::to_ascii_lowercase).collect())
}
