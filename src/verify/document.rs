//! A signed document -> its members. Never takes a signature that a shared secret could make.

use std::str::FromStr as _;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::signature::Signer;
use super::{SignatureCheck, Verdict};
use crate::keys::{KeySet, Wanted};
use crate::parse::jws;

/// Verifies a compact JWS of this type, by one of these keys.
///
/// # Errors
/// A short text without anything of the document in it.
pub fn document(
    text: &str,
    keys: &KeySet,
    media_type: &str,
) -> Result<Arc<Map<String, Value>>, &'static str> {
    let jws = jws(text).map_err(|_| "not a signed document")?;
    // RFC 8725 section 3.11; RFC 7515 section 4.1.9.
    let named = jws.header.media_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if named.strip_prefix("application/").unwrap_or(&named) != media_type {
        return Err("the signed document is of another type");
    }
    let algorithm = Algorithm::from_str(&jws.header.algorithm);
    let algorithm = algorithm.map_err(|_| "no algorithm that is known signs the document")?;
    // No key of a set fits `none` or a symmetric algorithm.
    let candidates = keys.fitting(&Wanted { id: jws.header.key_id.as_deref(), algorithm });
    let (jws, signer) = (Arc::new(jws), Signer::Issuer);
    let holds = candidates.into_iter().any(|key| {
        let check = SignatureCheck { algorithm, key, signer, jws: Arc::clone(&jws) };
        check.verify() == Verdict::Valid
    });
    if holds {
        Ok(Arc::clone(&jws.claims))
    } else {
        Err("no key of the configuration signs the document")
    }
}
