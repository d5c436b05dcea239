//! Ids -> one `MGET` of their keys, and what its reply says. Never puts more of an id of ours into a
//! URL than its digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::id::{Epoch, Id};
use super::{Looked, Question};
use crate::config::{HttpStore, Secret};
use crate::parse::object;
use crate::store::StoreCall;

/// Bytes of a reply.
const LIMIT: usize = 65_536;
/// What stands before the digest of an id.
const PREFIX: &str = "waxseal:revoked:";
/// What stands before the id of an anchor in the keys of Caracal's own store, `RedisRevocationStore`
/// of its three libraries: a key that is there is revoked, whatever its value.
const CARACAL: &str = "caracal:revoked:sessions:";
/// And before a zone: the value is its epoch, in decimal digits.
const CARACAL_EPOCH: &str = "caracal:revoked:sessions:delegation-epoch:";

/// What one key of the command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The id of this place.
    Id(usize),
    /// The zone's epoch.
    Epoch,
}

/// The command, and what its keys are about. Our keys come last: Webdis cuts a file's extension off
/// the last word.
pub fn ask(
    store: &HttpStore,
    authorization: Option<&Secret>,
    ids: &[Id],
    epoch: Option<&Epoch>,
) -> (StoreCall, Vec<Slot>) {
    let (mut words, mut slots) = (vec!["MGET".to_owned()], Vec::new());
    if let Some(epoch) = epoch {
        words.push(format!("{CARACAL_EPOCH}{}", epoch.zone));
        slots.push(Slot::Epoch);
    }
    for (place, flat) in
        ids.iter().enumerate().filter_map(|(place, id)| Some((place, id.flat.as_ref()?)))
    {
        words.push(format!("{CARACAL}{flat}"));
        slots.push(Slot::Id(place));
    }
    for (place, id) in ids.iter().enumerate() {
        words.push(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(Sha256::digest(&id.text))));
        slots.push(Slot::Id(place));
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    (StoreCall::command(store, authorization, &words, LIMIT), slots)
}

/// What the reply to it says: a value for each key, in their order; `null` where there is no key.
pub fn answer(slots: &[Slot], question: &Question, status: u16, body: &[u8]) -> Looked {
    let unclear = Looked::Failed("the store does not say what is revoked");
    if status != 200 {
        return Looked::Failed("the store answers with an error");
    }
    if body.len() > LIMIT {
        return unclear;
    }
    let Ok(members) = object(body) else {
        return unclear;
    };
    // Webdis: `{ "MGET": [null, "1"] }`; Upstash: `{ "result": [null, "1"] }`.
    let said = members.get("MGET").or_else(|| members.get("result"));
    let Some(Value::Array(values)) = said.filter(|_| members.len() == 1) else {
        return unclear;
    };
    if values.len() != slots.len() {
        return unclear;
    }
    let (mut first, mut current) = (None, None);
    for (slot, value) in slots.iter().zip(values) {
        match (slot, value) {
            (_, Value::Null) => {}
            (Slot::Id(place), Value::String(_)) => {
                first = Some(first.map_or(*place, |first: usize| first.min(*place)));
            }
            (Slot::Epoch, Value::String(text)) => match digits(text) {
                Some(epoch) => current = Some(epoch),
                None => return Looked::Failed("the store's epoch is no number"),
            },
            // An error of Redis is `[false, "..."]`.
            _ => return unclear,
        }
    }
    if let Some(id) = first.and_then(|first| question.ids.get(first)) {
        return Looked::Revoked(id.clone());
    }
    match (&question.epoch, current) {
        (Some(epoch), Some(current)) if current > epoch.held => Looked::Stale(current),
        _ => Looked::Clear,
    }
}

/// `parse` alone would take a sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Epoch, Looked, Question, Slot, answer};

    #[test]
    fn only_a_clear_answer_is_one() {
        let question = Question {
            ids: vec!["jti i a 1".to_owned(), "sid i 2".to_owned()],
            epoch: Some(Epoch { zone: "z".to_owned(), held: 7 }),
        };
        let slots = [Slot::Epoch, Slot::Id(1), Slot::Id(0), Slot::Id(1)];
        let revoked = |id: &str| Some(Looked::Revoked(id.to_owned()));
        for (said, looked) in [
            (r#"{"MGET":[null,null,null,null]}"#, Some(Looked::Clear)),
            (r#"{"result":[null,null,null,null]}"#, Some(Looked::Clear)),
            (r#"{"MGET":[null,"1",null,null]}"#, revoked("sid i 2")),
            (r#"{"MGET":[null,null,null,""]}"#, revoked("sid i 2")),
            (r#"{"MGET":[null,null,"0",null]}"#, revoked("jti i a 1")),
            (r#"{"MGET":["9","1","1","1"]}"#, revoked("jti i a 1")),
            (r#"{"MGET":["7",null,null,null]}"#, Some(Looked::Clear)),
            (r#"{"MGET":["6",null,null,null]}"#, Some(Looked::Clear)),
            (r#"{"MGET":["8",null,null,null]}"#, Some(Looked::Stale(8))),
            // An epoch that is no number could be any.
            (r#"{"MGET":["+8",null,null,null]}"#, None),
            (r#"{"MGET":["-1",null,null,null]}"#, None),
            (r#"{"MGET":["",null,null,null]}"#, None),
            (r#"{"MGET":["8.0",null,null,null]}"#, None),
            (r#"{"MGET":["99999999999999999999",null,null,null]}"#, None),
            (r#"{"MGET":[8,null,null,null]}"#, None),
            // Not a value for each key.
            (r#"{"MGET":[]}"#, None),
            (r#"{"MGET":[null,null,null]}"#, None),
            (r#"{"MGET":[null,null,null,null,null]}"#, None),
            (r#"{"MGET":[false,"NOAUTH Authentication required."]}"#, None),
            (r#"{"MGET":[null,false,null,null]}"#, None),
            (r#"{"MGET":[null,1,null,null]}"#, None),
            (r#"{"MGET":[null,[],null,null]}"#, None),
            (r#"{"MGET":null}"#, None),
            (r#"{"MGET":"OK"}"#, None),
            (r#"{"GET":[null,null,null,null]}"#, None),
            (r#"{"result":[null,null,null,null],"error":"no"}"#, None),
            (r#"{"error":"WRONGPASS"}"#, None),
            ("[null,null,null,null]", None),
            ("{}", None),
            ("", None),
        ] {
            let answer = answer(&slots, &question, 200, said.as_bytes());
            match looked {
                Some(looked) => assert_eq!(answer, looked, "{said}"),
                None => assert!(matches!(answer, Looked::Failed(_)), "{said}: {answer:?}"),
            }
        }
        let good = r#"{"MGET":[null,null,null,null]}"#;
        for status in [201, 204, 304, 403, 503] {
            let answer = answer(&slots, &question, status, good.as_bytes());
            assert!(matches!(answer, Looked::Failed(_)), "{status}");
        }
        let long = format!("{good}{}", " ".repeat(65_536));
        assert!(matches!(answer(&slots, &question, 200, long.as_bytes()), Looked::Failed(_)));
    }
}
