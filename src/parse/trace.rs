//! `traceparent` -> the ids that a log line carries (W3C Trace Context, section 3.2).

use crate::request::Request;

/// The ids of a trace, lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// 32 digits.
    pub trace: String,
    /// 16 digits: the caller's span.
    pub span: String,
}

impl Trace {
    /// Reads the one `traceparent` of a request; a malformed one is ignored.
    pub fn read(request: &Request) -> Option<Self> {
        let mut fields = request.header("traceparent");
        let (field, None) = (fields.next()?, fields.next()) else {
            return None;
        };
        let mut parts = std::str::from_utf8(field).ok()?.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        hex(parts.next()?, 2)?;
        // A later version may add fields; version 00 has none, and ff is invalid.
        let ends = parts.next().is_none() || version != "00";
        let zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        let valid = ends && version != "ff" && !zero(trace) && !zero(span);
        valid.then(|| Self { trace: trace.to_owned(), span: span.to_owned() })
    }
}

fn hex(text: &str, digits: usize) -> Option<&str> {
    let legal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == digits && text.bytes().all(legal)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::Trace;
    use crate::request::{Body, Request};

    fn read(field: &str) -> Option<Trace> {
        Trace::read(&Request {
            method: "GET".to_owned(),
            url: "/".to_owned(),
            headers: vec![("Traceparent".to_owned(), field.as_bytes().to_vec())],
            id: None,
            body: Body::Absent,
        })
    }

    #[test]
    fn only_well_formed_ids_are_read() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let expected = Trace { trace: trace.to_owned(), span: span.to_owned() };
        assert_eq!(read(&format!("00-{trace}-{span}-01")), Some(expected.clone()));
        assert_eq!(read(&format!("cc-{trace}-{span}-01-more")), Some(expected));
        let zeros = "0".repeat(32);
        for field in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("00-{trace}-{span}-01-more"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{zeros}-{span}-01"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{span}-{trace}-01"),
        ] {
            assert_eq!(read(&field), None, "{field}");
        }
    }
}
