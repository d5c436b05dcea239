//! A bounded memory of keys as the host takes them. Never a verdict: what a key makes of a signature
//! is asked each time.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::JsValue;

use crate::HostCheck;

/// Keys that are kept: those of the issuers, and those of the clients who have shown a proof lately.
const CAPACITY: usize = 1000;

/// Keys by what makes them, so that none can be taken for another and a set that changes has no say.
#[derive(Default)]
pub struct Prepared {
    keys: BTreeMap<Place, (JsValue, u64)>,
    /// Grows with each use.
    clock: u64,
}

/// A key, and the algorithm that it is prepared for.
type Place = (&'static str, Vec<u8>);

/// Where the key of a check is kept.
fn place(check: &HostCheck<'_>) -> Place {
    (check.algorithm(), check.key().to_vec())
}

impl Prepared {
    /// The key, as the host made it; `undefined` where it has not, or not lately.
    pub fn kept(&mut self, check: &HostCheck<'_>) -> JsValue {
        self.clock = self.clock.saturating_add(1);
        let Some((key, used)) = self.keys.get_mut(&place(check)) else {
            return JsValue::UNDEFINED;
        };
        *used = self.clock;
        key.clone()
    }

    /// Keeps it, in place of the one that was used least lately where there are too many.
    pub fn keep(&mut self, check: &HostCheck<'_>, key: JsValue) {
        if self.keys.len() >= CAPACITY {
            let oldest = self.keys.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(place, _)| place.clone()) {
                self.keys.remove(&oldest);
            }
        }
        self.keys.insert(place(check), (key, self.clock));
    }
}
