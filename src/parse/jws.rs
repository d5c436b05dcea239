//! token -> [`Jws`]. Never verifies: every value in it is a stranger's claim.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::arch::all::is_equal;
use serde_json::{Map, Value};

use super::json::object;

/// A compact JWS whose header and payload are JSON objects (RFC 7515 section 7.1). Most of a token:
/// the type has no `Debug`.
pub struct Jws {
    /// The members of the header that matter here.
    pub header: Header,
    /// The payload, unverified.
    pub claims: Arc<Map<String, Value>>,
    /// What was signed, and the signature.
    pub signed: Signed,
}

/// A message with its signature.
pub struct Signed {
    /// The message, and for a token what follows it.
    text: Box<[u8]>,
    /// How much of it is the message.
    length: usize,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

/// The header of a [`Jws`] (RFC 7515 section 4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: String,
    /// `kid`.
    pub key_id: Option<String>,
    /// `typ`.
    pub media_type: Option<String>,
    /// `jwk`: what a proof says of its key, and nothing that a token may say.
    pub key: Option<Value>,
}

/// Why a text is no JWS that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is broken.
    Malformed(&'static str),
    /// It is encrypted: five segments (RFC 7516 section 3.1).
    Encrypted,
    /// Its header asks for this extension.
    Extended(&'static str),
}

/// A compact JWS whose payload may be anything (RFC 7515 section 7.1).
pub struct Compact {
    /// The members of the header that matter here.
    pub header: Header,
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// What was signed, and the signature.
    pub signed: Signed,
}

/// Reads a compact JWS whose payload is a JSON object.
///
/// # Errors
/// Why it is none.
pub fn jws(token: &str) -> Result<Jws, Unread> {
    let Compact { header, payload, signed } = compact(token)?;
    let claims = Arc::new(object(&payload).map_err(Unread::Malformed)?);
    Ok(Jws { header, claims, signed })
}

/// Reads a compact JWS.
///
/// # Errors
/// As [`jws`], except for the payload.
pub fn compact(token: &str) -> Result<Compact, Unread> {
    let mut segments = token.split('.');
    let parts = (segments.next(), segments.next(), segments.next(), segments.count());
    let (header, payload, signature) = match parts {
        (Some(header), Some(payload), Some(signature), 0) => (header, payload, signature),
        (Some(_), Some(_), Some(_), 2) => return Err(Unread::Encrypted),
        _ => return Err(Unread::Malformed("not three segments")),
    };
    Ok(Compact {
        header: Header::read(&object(&decoded(header)?).map_err(Unread::Malformed)?)?,
        payload: decoded(payload)?,
        signed: Signed {
            // Both first segments with their dot (RFC 7515 section 5.2).
            length: token.len().saturating_sub(signature.len()).saturating_sub(1),
            text: token.as_bytes().into(),
            signature: decoded(signature)?,
        },
    })
}

impl Jws {
    /// Whether it was read from this text.
    pub fn is(&self, text: &str) -> bool {
        is_equal(&self.signed.text, text.as_bytes())
    }
}

impl Signed {
    /// A message that is no part of a token.
    pub fn new(message: &[u8], signature: Vec<u8>) -> Self {
        Self { text: message.into(), length: message.len(), signature }
    }

    /// What was signed.
    pub fn message(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl Header {
    fn read(members: &Map<String, Value>) -> Result<Self, Unread> {
        for member in ["crit", "b64", "zip", "enc", "cty"] {
            if members.contains_key(member) {
                return Err(Unread::Extended(member));
            }
        }
        let text = |member, fault| match members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Unread::Malformed(fault)),
        };
        Ok(Self {
            algorithm: text("alg", "`alg` is not text")?.ok_or(Unread::Malformed("no `alg`"))?,
            key_id: text("kid", "`kid` is not text")?,
            media_type: text("typ", "`typ` is not text")?,
            key: members.get("jwk").cloned(),
        })
    }
}

/// RFC 7515 section 2: unpadded, URL-safe, and canonical: unused bits are zero.
fn decoded(segment: &str) -> Result<Vec<u8>, Unread> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Unread::Malformed("not base64url"))
}

#[cfg(test)]
mod tests {
    use super::{Unread, jws};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_is_split() -> Result<(), Unread> {
        let token = token(r#"{"alg":"ES256","kid":"1","typ":"Application/AT+jwt"}"#, "{}");
        let read = jws(&token)?;
        assert_eq!(read.header.media_type.as_deref(), Some("Application/AT+jwt"));
        let message = String::from_utf8_lossy(read.signed.message());
        assert_eq!(format!("{message}.c2ln"), token);
        assert_eq!(read.signed.signature, b"sig");
        assert!(read.is(&token) && !read.is(&message));
        Ok(())
    }

    #[test]
    fn segments_are_counted() {
        for text in ["", ".", "a.b", "a.b.c.d", "a.b.c.d.e.f"] {
            let fault = "not three segments";
            assert_eq!(jws(text).err(), Some(Unread::Malformed(fault)), "{text}");
        }
        assert_eq!(jws("a.b.c.d.e").err(), Some(Unread::Encrypted));
        assert!(matches!(jws("..").err(), Some(Unread::Malformed(_))));
    }
}
