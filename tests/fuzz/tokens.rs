//! Bytes -> a token, or the parts of one that the issuer signs -> a decision.

#![no_main]

mod gate;

use gate::signer::{Issuer, gate_with, request};
use gate::{made, passes};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::json;
use waxseal::Gate;

thread_local! {
    static SETTING: (Issuer, Gate) = {
        let issuer = Issuer::new().expect("a key");
        let gate = gate_with(&json!({ "set": issuer.key_set() }), json!({ "dpop": { "mode": "optional" } }));
        let gate = gate.expect("a gate");
        assert!(passes(&gate, &request(&issuer.token())));
        (issuer, gate)
    };
}

fuzz_target!(|input: &[u8]| -> Corpus {
    SETTING.with(|(issuer, gate)| match made(issuer, input, str::to_owned) {
        Err(reject) => reject,
        Ok((token, signed)) => {
            assert!(!passes(gate, &request(&token)) || signed, "nobody signed {token}");
            Corpus::Keep
        }
    })
});
