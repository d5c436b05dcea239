//! What `render` says, `read` understands: every row, in both vocabularies, whoever speaks.

use proptest::prelude::*;
use serde_json::json;
use waxseal::{
    Context, DpopMode, Error, Excerpt, Reading, Reason, Received, UnixTime, Vocabulary, Voice,
    problem, read,
};

const VOCABULARIES: [Vocabulary; 2] = [Vocabulary::Oauth, Vocabulary::Caracal];
const MODES: [DpopMode; 3] = [DpopMode::Off, DpopMode::Optional, DpopMode::Required];

/// The reply to an error, read by the client that gets it.
fn read_back(error: &Error, voice: &Voice<'_>, context: Context<'_>) -> Reading {
    let reply = problem(error, voice, context);
    let headers: Vec<_> =
        reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let body = reply.body.into_bytes();
    let now = UnixTime::from_seconds(0);
    read(&Received { status: Some(reply.status), headers: &headers, body: &body, now })
}

#[test]
fn every_row_is_read_as_itself() {
    let scopes = ["a".to_owned(), "b".to_owned()];
    for reason in Reason::ALL {
        for vocabulary in VOCABULARIES {
            for (dpop, resource, scopes) in MODES.into_iter().flat_map(|mode| {
                [(mode, None, &[][..]), (mode, Some("https://api.example.com/mcp"), &scopes[..])]
            }) {
                let algorithms = vec!["ES256".to_owned()];
                let voice = Voice {
                    vocabulary,
                    dpop,
                    resource,
                    scopes: scopes.into(),
                    algorithms,
                    ..Voice::default()
                };
                let context =
                    Context { id: Some("req-1"), nonce: Some("n-1"), ..Context::default() };
                let reading = read_back(&Error::of(*reason), &voice, context);
                assert_eq!(reading.reason, Some(*reason), "{vocabulary:?} {dpop:?} {resource:?}");
                assert_eq!(reading.surface, Some(reason.row().surface));
                assert_eq!(reading.status, Some(reason.row().status));
                assert_eq!(reading.request_id.as_deref(), Some("req-1"));
            }
        }
    }
}

#[test]
fn every_row_is_read_as_itself_under_any_base() {
    for base in
        ["https://errors.example.com/", "https://a.example/e#", "tag:a.example,2026:", "urn:x:"]
    {
        for reason in Reason::ALL {
            let voice = Voice { base, ..Voice::default() };
            let reading = read_back(&Error::of(*reason), &voice, Context::default());
            assert_eq!(reading.reason, Some(*reason), "{base}");
        }
    }
}

/// What strangers write where they can.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"\\\\,; =]*(error|scope|DPoP|Bearer|resource_metadata)=\"?[a-z_]{0,20}\"?.{0,40}",
        "\\{\"error\":\"[a-z_]{0,20}\".{0,40}",
    ]
}

proptest! {
    #[test]
    fn no_text_of_a_stranger_changes_the_row(
        row in prop::sample::select(Reason::ALL),
        vocabulary in prop::sample::select(&VOCABULARIES[..]),
        dpop in prop::sample::select(&MODES[..]),
        realm in hostile(), fact in hostile(), id in hostile(), scope in hostile(), link in hostile(),
    ) {
        let scopes = [scope];
        let error = match row {
            Reason::IssuerUnknown => Error::IssuerUnknown { iss: Excerpt::of(&fact) },
            Reason::TypeNotAllowed => Error::TypeNotAllowed { typ: Excerpt::of(&fact) },
            Reason::ProofUrlMismatch => Error::ProofUrlMismatch { htu: Excerpt::of(&fact) },
            Reason::InsufficientScope => Error::InsufficientScope {
                missing: vec![Excerpt::of(&fact)], needed: vec![fact.clone()], rule: Some(Excerpt::of(&fact)),
            },
            Reason::ConsentRequired => Error::ConsentRequired { consent_url: Some(link), cause: None },
            Reason::InteractionRequired => Error::InteractionRequired { consent_url: Some(link) },
            other => Error::of(other),
        };
        let voice = Voice {
            vocabulary, dpop, verbose: true, realm: Some(&realm), scopes: (&scopes[..]).into(),
            resource: Some("https://api.example.com/mcp"), ..Voice::default()
        };
        let call = json!(id);
        let context = Context { id: Some(&id), call: Some(&call), ..Context::default() };
        prop_assert_eq!(read_back(&error, &voice, context).reason, Some(row));
    }
}
