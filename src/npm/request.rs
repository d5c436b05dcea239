//! A request as JavaScript writes it -> [`Request`]. One text, since every text that crosses alone
//! costs as much as a check.

use crate::{Body, Request};

/// Reads method, URL, and name and value of each header field: each as its length, in units of
/// UTF-16, a colon and itself. `None` for any other text.
pub fn request(text: &[u8]) -> Option<Request> {
    let mut rest = std::str::from_utf8(text).ok()?;
    let method = part(&mut rest)?.to_owned();
    let url = part(&mut rest)?.to_owned();
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let name = part(&mut rest)?.to_owned();
        headers.push((name, bytes(part(&mut rest)?)));
    }
    Some(Request { method, url, headers, id: None, body: Body::Unread })
}

fn part<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (length, text) = rest.split_once(':')?;
    let units: usize = length.parse().ok()?;
    let is_ascii = text.as_bytes().get(..units)?.is_ascii();
    let end = if is_ascii { units } else { end_of(units, text)? };
    let (part, more) = text.split_at_checked(end)?;
    *rest = more;
    Some(part)
}

/// Where so many units of UTF-16 end.
fn end_of(units: usize, text: &str) -> Option<usize> {
    let mut counted = 0;
    for (at, character) in text.char_indices() {
        if counted == units {
            return Some(at);
        }
        counted += character.len_utf16();
    }
    (counted == units).then_some(text.len())
}

/// Text of a header -> its bytes: `Headers` holds one character a byte, Node's own may not.
fn bytes(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    let single: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    single.unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// Makes ids for requests. Draws randomness for many at once, since a draw costs as much as a check,
/// and none before the first: a runtime may refuse it while it only loads a program.
#[derive(Default)]
pub struct Ids {
    drawn: Vec<[u8; 10]>,
}

impl Ids {
    /// An id for a request of this time; `None` where there is no randomness.
    pub fn next(&mut self, now: f64) -> Option<String> {
        if self.drawn.is_empty() {
            let mut random = [0; 1000];
            getrandom::fill(&mut random).ok()?;
            self.drawn.extend(random.as_chunks().0);
        }
        #[expect(clippy::as_conversions, reason = "a time before 1970 becomes 1970")]
        Some(Request::new_id((now * 1000.0) as u64, &self.drawn.pop()?))
    }
}

#[cfg(test)]
mod tests {
    use super::request;

    /// As `js/src/crossing.ts` writes it.
    fn written(texts: &[&str]) -> String {
        texts.iter().map(|text| format!("{}:{text}", text.encode_utf16().count())).collect()
    }

    #[test]
    fn texts_are_what_they_were() {
        for text in
            ["", "a", "1:a", ":", "\r\n\0", "\u{e9}", "\u{ff}\u{100}", "\u{1f600}9", "\u{fffd}"]
        {
            let all = written(&[text, text, text, text, "a", "b"]);
            let read = request(all.as_bytes()).map(|read| (read.method, read.url, read.headers));
            let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
            let bytes = bytes.unwrap_or_else(|_| text.as_bytes().to_vec());
            let headers = vec![(text.to_owned(), bytes), ("a".to_owned(), b"b".to_vec())];
            assert_eq!(read, Some((text.to_owned(), text.to_owned(), headers)), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_no_request() {
        let texts = [
            "",
            "1:a",
            "1:a1:",
            "2:\u{1f600}",
            "1:a1:b1:c",
            "1:\u{1f600}1:b",
            "x:a1:b",
            "1:a1:b9:c",
        ];
        for text in texts {
            assert!(request(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(request(b"1:\xff1:b").is_none());
    }
}
