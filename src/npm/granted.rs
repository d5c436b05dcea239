//! A bounded memory of grants as JavaScript sees them. Never says what is granted: that is decided
//! each time, and this is only how it was written for the same token.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use serde_json::{Map, Value};
use wasm_bindgen::prelude::JsValue;

use super::outcome::Granted;
use super::{json, text};
use crate::Grant;

type Claims = Map<String, Value>;

/// Grants of one half.
const GRANTS: usize = 1000;
/// Bytes as JSON, above which a grant is not kept.
const LONG: usize = 4096;

/// Grants, by where the claims of a remembered token lie. When the young half is full it becomes the
/// old one, and what is shown again moves back.
#[derive(Default)]
pub struct Grants {
    young: Half,
    old: Half,
}

/// While the place is pointed to, no other claims can lie there. The object is made for a token that is
/// shown again: of those that are not, nothing remains for the garbage collector to carry along.
type Half = HashMap<*const Claims, (Weak<Claims>, Option<JsValue>)>;

impl Grants {
    /// What is granted, as an object to copy: it is there for all calls with this token.
    pub fn written(&mut self, grant: &Grant) -> Result<JsValue, JsValue> {
        // With a proof it is not the token alone that decides.
        if grant.proof().is_some() {
            return json(&Granted::of(grant));
        }
        let place = Arc::as_ptr(grant.claims());
        if let Some((_, Some(written))) = self.young.get(&place) {
            return Ok(written.clone());
        }
        let known = self.young.remove(&place).or_else(|| self.old.remove(&place));
        let is_new = known.is_none();
        let (written, is_long) = match known {
            Some((_, Some(written))) => (written, false),
            _ => {
                let text = text(&Granted::of(grant));
                (js_sys::JSON::parse(&text)?, text.len() > LONG)
            }
        };
        if self.young.len() >= GRANTS {
            self.old = std::mem::take(&mut self.young);
        }
        let kept = (!is_new && !is_long).then(|| written.clone());
        self.young.insert(place, (Arc::downgrade(grant.claims()), kept));
        Ok(written)
    }
}
