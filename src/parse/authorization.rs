//! headers -> [`Credential`]. Never logs, clips or repairs a token.

use std::borrow::Cow;

use super::target::Target;
use crate::config::Config;
use crate::error::{Error, Excerpt};
use crate::request::Request;

/// What the caller showed. Its token and proof are secrets: the type has no `Debug`.
pub struct Credential<'a> {
    /// How the token was sent.
    pub scheme: Scheme,
    /// The access token, of the characters of `token68` only (RFC 9110 section 11.2).
    pub token: &'a str,
    /// The proofs beside it.
    pub proofs: Proofs<'a>,
}

/// An authorization scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

/// The values of `DPoP` header fields (RFC 9449 section 4.1).
pub enum Proofs<'a> {
    /// There is none.
    None,
    /// One.
    One(Cow<'a, str>),
    /// So many: RFC 9449 section 4.3 takes one.
    Many(usize),
}

/// Reads the one credential of a request.
///
/// # Errors
/// [`Error::TokenInQuery`], [`Error::MissingToken`], [`Error::AuthorizationDuplicated`],
/// [`Error::SchemeUnsupported`], [`Error::AuthorizationMalformed`] or [`Error::TokenTooLong`].
pub fn credential<'a>(
    request: &'a Request,
    target: &Target<'_>,
    config: &Config,
) -> Result<Credential<'a>, Error> {
    if target.has_parameter("access_token") {
        return Err(Error::TokenInQuery {});
    }
    let mut fields = request.header("authorization");
    let field = fields.next().ok_or(Error::MissingToken {})?;
    let (scheme, token) = match fields.count() {
        0 => read(field, config.limits.token)?,
        more => return Err(Error::AuthorizationDuplicated { count: more.saturating_add(1) }),
    };
    if scheme == Scheme::Dpop && !config.dpop.is_on() {
        return Err(Error::SchemeUnsupported { scheme: Excerpt::of("dpop") });
    }
    Ok(Credential { scheme, token, proofs: Proofs::read(request) })
}

impl<'a> Proofs<'a> {
    fn read(request: &'a Request) -> Self {
        let mut fields = request.header("dpop");
        let Some(field) = fields.next() else {
            return Self::None;
        };
        match fields.count() {
            0 => {}
            more => return Self::Many(more.saturating_add(1)),
        }
        let text = std::str::from_utf8(field);
        let field = text.map_or_else(|_| String::from_utf8_lossy(field), Cow::Borrowed);
        // Proxies and runtimes fold two fields into one (RFC 9110 section 5.3).
        match field.split(',').filter(|part| !part.trim_matches([' ', '\t']).is_empty()).count() {
            0 => Self::None,
            1 => Self::One(match field {
                Cow::Borrowed(text) => text.trim_matches([' ', '\t']).into(),
                Cow::Owned(text) => text.trim_matches([' ', '\t']).to_owned().into(),
            }),
            count => Self::Many(count),
        }
    }
}

fn read(field: &[u8], limit: usize) -> Result<(Scheme, &str), Error> {
    let field = std::str::from_utf8(field).map_err(|_| Error::AuthorizationMalformed {})?;
    let field = field.trim_matches([' ', '\t']);
    let end = field.bytes().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(field.len());
    let (word, rest) = field.split_at_checked(end).unwrap_or((field, ""));
    // RFC 9110 section 11.4: one or more spaces, and nothing else.
    let token = rest.trim_start_matches(' ');
    let is_token = is_b64token(token);
    // Proxies and runtimes fold two fields into one (RFC 9110 section 5.3); a token has no comma.
    if !is_token || word.contains(',') {
        match field.split(',').filter(|part| starts_credential(part)).count() {
            0 | 1 => {}
            count => return Err(Error::AuthorizationDuplicated { count }),
        }
    }
    let scheme = match word {
        _ if word.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        _ if word.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        _ => return Err(Error::SchemeUnsupported { scheme: named(word) }),
    };
    if token.len() > limit {
        return Err(Error::TokenTooLong { bytes: token.len(), limit });
    }
    if !is_token {
        return Err(Error::AuthorizationMalformed {});
    }
    Ok((scheme, token))
}

fn starts_credential(part: &str) -> bool {
    let (scheme, rest) = part.trim_start().split_once([' ', '\t']).unwrap_or((part, ""));
    let known = ["bearer", "dpop", "basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known && !rest.trim().is_empty()
}

/// A scheme worth a log line; anything else in its place may be the token itself.
fn named(scheme: &str) -> Excerpt {
    let known = ["basic", "digest", "dpop", "hoba", "mutual", "negotiate", "ntlm", "token"];
    let scheme = scheme.to_ascii_lowercase();
    Excerpt::of(if known.contains(&scheme.as_str()) { &scheme } else { "unknown" })
}

/// RFC 6750 section 2.1.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=').as_bytes();
    let legal = |byte: &u8| LEGAL.get(usize::from(*byte)).is_some_and(|legal| *legal);
    // Without a way out of the middle: of nearly every token all is looked at.
    !body.is_empty() && body.iter().fold(true, |all, byte| all & legal(byte))
}

/// What a `b64token` is of, but for the `=` at its end.
#[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "a byte is less than 256")]
static LEGAL: [bool; 256] = {
    let characters = b"-._~+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (mut legal, mut rest) = ([false; 256], characters.as_slice());
    while let [first, others @ ..] = rest {
        legal[*first as usize] = true;
        rest = others;
    }
    legal
};

#[cfg(test)]
mod tests {
    use super::{Error, read};

    #[test]
    fn the_scheme_is_case_insensitive_and_white_space_is_trimmed() {
        for field in ["Bearer a.b.c", "BEARER a.b.c", "bearer  a.b.c ", "\tBearer a.b.c\t"] {
            assert!(
                read(field.as_bytes(), 100).is_ok_and(|(_, token)| token == "a.b.c"),
                "{field}"
            );
        }
    }

    #[test]
    fn anything_but_one_token_is_denied() {
        for field in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer\ta",
            "Bearer \"a\"",
            "Bearer =",
            "Bearer a,b",
        ] {
            let denied = read(field.as_bytes(), 100).err();
            assert_eq!(denied, Some(Error::AuthorizationMalformed {}), "{field}");
        }
        assert_eq!(read(b"Bearer \xff", 100).err(), Some(Error::AuthorizationMalformed {}));
        let folded = read(b"Bearer a, Bearer b", 100).err();
        assert_eq!(folded, Some(Error::AuthorizationDuplicated { count: 2 }));
        let long = read(b"Bearer aaaa", 3).err();
        assert_eq!(long, Some(Error::TokenTooLong { bytes: 4, limit: 3 }));
    }

    #[test]
    fn a_token_in_place_of_the_scheme_is_never_quoted() {
        let denied = read(b"eyJhbGciOi.secret.token", 100).err();
        assert!(denied.is_some_and(|error| !format!("{error:?}").contains("secret")));
    }
}
