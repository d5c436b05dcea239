//! Replies that other servers give: an authorization server, a gateway, an MCP server.

use serde_json::{Value, json};
use waxseal::{ConsentCause, Context, DpopMode, Error, Excerpt, Reply, Vocabulary, Voice, problem};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// A member, or null.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

fn header<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    let fields = reply.headers.iter().filter(|(own, _)| *own == name);
    fields.map(|(_, value)| value.as_str()).collect()
}

fn body(reply: &Reply) -> std::result::Result<Value, serde_json::Error> {
    serde_json::from_str(&reply.body)
}

fn plainly(error: &Error) -> Reply {
    problem(error, &Voice::default(), Context::default())
}

#[test]
fn a_faulty_proof_at_a_token_endpoint_is_no_challenge() -> Result {
    for (error, code) in [
        (Error::AsInvalidDpopProof {}, "invalid_dpop_proof"),
        (Error::AsUseDpopNonce {}, "use_dpop_nonce"),
    ] {
        let context = Context { nonce: Some("n-1"), ..Context::default() };
        let reply = problem(&error, &Voice::default(), context);
        assert_eq!(reply.status, 400);
        assert_eq!(header(&reply, "content-type"), ["application/json"]);
        assert_eq!(header(&reply, "www-authenticate"), [""; 0]);
        assert_eq!(header(&reply, "dpop-nonce"), ["n-1"]);
        assert_eq!(header(&reply, "cache-control"), ["no-store"]);
        assert_eq!(at(&body(&reply)?, "/error"), code);
    }
    let reply = plainly(&Error::AsInvalidDpopProof {});
    assert_eq!(header(&reply, "dpop-nonce"), [""; 0]);
    assert_eq!(header(&reply, "cache-control"), ["no-store"]);
    Ok(())
}

#[test]
fn the_same_fault_at_a_resource_is_a_challenge() -> Result {
    let algorithms = vec!["ES256".to_owned(), "EdDSA".to_owned()];
    let voice = Voice {
        realm: Some("a \"b\""),
        resource: Some("https://mcp.example.com/mcp"),
        scopes: vec!["files:read".to_owned()].into(),
        dpop: DpopMode::Optional,
        algorithms,
        ..Voice::default()
    };
    let context = Context { nonce: Some("n-1"), id: Some("r-1"), ..Context::default() };
    let reply = problem(&Error::ProofReplayed {}, &voice, context);
    assert_eq!(reply.status, 401);
    let rest = "scope=\"files:read\", resource_metadata=\
                \"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(
        header(&reply, "www-authenticate"),
        [
            format!("Bearer realm=\"a \\\"b\\\"\", error=\"invalid_token\", {rest}"),
            format!(
                "DPoP realm=\"a \\\"b\\\"\", algs=\"ES256 EdDSA\", error=\"invalid_dpop_proof\", {rest}"
            ),
        ]
    );
    assert_eq!(header(&reply, "dpop-nonce"), ["n-1"]);
    assert_eq!(header(&reply, "x-request-id"), ["r-1"]);
    assert_eq!(at(&body(&reply)?, "/requestId"), "r-1");
    Ok(())
}

#[test]
fn a_server_without_metadata_does_not_point_at_any() {
    let bearer = |error| plainly(&error).headers;
    let challenge = |text: &str| ("www-authenticate", text.to_owned());
    assert!(bearer(Error::MissingToken {}).contains(&challenge("Bearer")));
    let coded = challenge("Bearer error=\"invalid_token\"");
    assert!(bearer(Error::SignatureInvalid {}).contains(&coded));
}

#[test]
fn a_client_that_is_not_known_is_asked_for_its_own_credentials() -> Result {
    let reply = plainly(&Error::InvalidClient {});
    assert_eq!(reply.status, 401);
    assert_eq!(header(&reply, "www-authenticate"), ["Basic realm=\"oauth\""]);
    assert_eq!(header(&reply, "cache-control"), ["no-store"]);
    assert_eq!(at(&body(&reply)?, "/error"), "invalid_client");
    // Whatever else the server takes: a token does not help.
    let voice = Voice { realm: Some("as"), dpop: DpopMode::Required, ..Voice::default() };
    let reply = problem(&Error::InvalidClient {}, &voice, Context::default());
    assert_eq!(header(&reply, "www-authenticate"), ["Basic realm=\"as\""]);
    Ok(())
}

#[test]
fn consent_says_where_and_why() -> Result {
    let consent_url = Some("https://as.example.com/connect/github?resource=gh".to_owned());
    let cause = Some(ConsentCause::ScopeInsufficient);
    let reply = plainly(&Error::ConsentRequired { consent_url: consent_url.clone(), cause });
    assert_eq!((reply.status, header(&reply, "content-type")), (400, vec!["application/json"]));
    let whole = body(&reply)?;
    assert_eq!(at(&whole, "/error"), "consent_required");
    assert_eq!(at(&whole, "/consent_url"), &json!(consent_url));
    assert_eq!(at(&whole, "/cause"), "scope_insufficient");

    let reply = plainly(&Error::ConsentRequired { consent_url: None, cause: None });
    let whole = body(&reply)?;
    assert_eq!((whole.get("consent_url"), whole.get("cause")), (None, None));

    let reply = plainly(&Error::InteractionRequired { consent_url: consent_url.clone() });
    let whole = body(&reply)?;
    assert_eq!(at(&whole, "/consent_url"), &json!(consent_url));
    assert_eq!(whole.get("cause"), None);
    Ok(())
}

#[test]
fn whoever_must_wait_is_told_how_long() {
    for (error, seconds) in [
        (Error::SlowDown { retry_after: 5 }, "5"),
        (Error::HostFailed { fault: "a", retry_after: 60 }, "60"),
        (
            Error::KeysUnavailable {
                iss: Excerpt::of("a"),
                fault: Excerpt::of("b"),
                retry_after: 7,
            },
            "7",
        ),
    ] {
        assert_eq!(header(&plainly(&error), "retry-after"), [seconds]);
    }
}

#[test]
fn a_row_with_a_json_rpc_code_is_a_json_rpc_message() -> Result {
    for (error, status, code) in [
        (Error::UrlElicitationRequired {}, 200, -32042),
        (Error::HeaderMismatch { header: "mcp-name" }, 400, -32020),
        (Error::CapabilityMissing {}, 400, -32021),
        (Error::VersionUnsupported {}, 400, -32022),
        (Error::InvalidParams { fault: "" }, 400, -32602),
        (Error::MethodNotFound {}, 404, -32601),
    ] {
        let text = error.reason().row().text;
        for (call, id) in [
            (None, Value::Null),
            (Some(json!(7)), json!(7)),
            (Some(json!("a\"b")), json!("a\"b")),
            // What is no id is not sent back.
            (Some(json!({ "a": 1 })), Value::Null),
            (Some(json!(true)), Value::Null),
        ] {
            let context = Context { call: call.as_ref(), id: Some("r-1"), ..Context::default() };
            let reply = problem(&error, &Voice::default(), context);
            assert_eq!(reply.status, status, "{code}");
            assert_eq!(header(&reply, "content-type"), ["application/json"]);
            assert_eq!(header(&reply, "x-request-id"), ["r-1"]);
            let expected =
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": text } });
            assert_eq!(body(&reply)?, expected);
        }
    }
    let data = json!({ "supported": ["2026-07-28"], "requested": "2024-11-05" });
    let context = Context { data: Some(&data), ..Context::default() };
    let reply = problem(&Error::VersionUnsupported {}, &Voice::default(), context);
    assert_eq!(at(&body(&reply)?, "/error/data"), &data);
    Ok(())
}

#[test]
fn the_voice_decides_the_names_and_how_much_is_said() -> Result {
    let missing = vec![Excerpt::of("a\"b\r\n")];
    let error = Error::InsufficientScope { missing, needed: vec![], rule: None };
    let quiet = body(&plainly(&error))?;
    assert_eq!(at(&quiet, "/error"), "insufficient_scope");
    assert_eq!(at(&quiet, "/type"), "urn:waxseal:error:insufficient_scope");
    assert_eq!(quiet.get("details"), None);

    let voice = Voice {
        base: "https://errors.example.com/",
        vocabulary: Vocabulary::Caracal,
        verbose: true,
        ..Voice::default()
    };
    let loud = body(&problem(&error, &voice, Context::default()))?;
    assert_eq!(at(&loud, "/error"), "scope_insufficient");
    assert_eq!(at(&loud, "/type"), "https://errors.example.com/insufficient_scope");
    assert_eq!(at(&loud, "/details/missing"), &json!(["a\"b\r\n"]));
    Ok(())
}
