//! Decides whether a call to an MCP (Model Context Protocol) server may pass, and says why not.
//!
//! The flow is `bytes -> parsed -> verified -> decided -> rendered`; [`Gate::check`] is all of it.
//! The core has no clock, no network and no randomness: what it needs it asks of its host as a
//! [`Step`], and the host asks again with the answer.
//!
//! ```
//! use waxseal::{Answers, Body, Config, Decision, Gate, Request, Step, UnixTime};
//!
//! let config = Config::read(br#"{
//!     "resource": "https://mcp.example.com/mcp",
//!     "issuers": [{ "issuer": "https://as.example.com",
//!                   "keys": { "uri": "https://as.example.com/jwks.json" } }]
//! }"#)?;
//! let gate = Gate::new(config, &|_| None)?;
//! let request = Request {
//!     method: "POST".to_owned(),
//!     url: "https://mcp.example.com/mcp".to_owned(),
//!     headers: vec![],
//!     id: None,
//!     body: Body::Unread,
//! };
//! let now = UnixTime::from_seconds(1_700_000_000);
//! let Step::Done(decision) = gate.check(&request, &Answers::default(), now) else {
//!     panic!("no credentials: nothing to ask");
//! };
//! assert!(matches!(&decision, Decision::Deny(denial) if denial.error.reason().row().status == 401));
//! let reply = gate.reply(&decision, &request, now).expect("a denial has a reply");
//! assert_eq!(
//!     reply.headers[1].1,
//!     "Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"",
//! );
//! # Ok::<(), waxseal::ConfigError>(())
//! ```
#![deny(missing_docs)]

mod call;
mod config;
mod decide;
mod elicit;
mod error;
mod fetch;
mod gate;
mod keys;
mod lists;
mod nonce;
mod parse;
mod read;
mod render;
mod replay;
mod request;
mod revocation;
mod seal;
mod store;
mod time;
mod uri;
mod verify;

#[cfg(feature = "envoy")]
mod envoy;
#[cfg(any(feature = "client", feature = "npm"))]
mod npm;
#[cfg(feature = "prover")]
mod prover;

#[cfg(all(target_family = "wasm", feature = "client"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use config::{BodyMode, Config, ConfigError, DpopMode, Environment, Vocabulary};
pub use request::{Body, Request};

pub use fetch::{Fetch, Fetched};
pub use gate::{Answers, Gate, Step};
pub use lists::{ListFilter, More};
pub use replay::{Claim, Claimed, LocalStore, Memory, Shelf};
pub use revocation::{Epoch, Look, Looked};
pub use store::StoreCall;
pub use verify::{HostCheck, Proof, SignatureCheck, Verdict};

pub use decide::{Answer, Decision, Forward, Grant, Shadowed};
pub use elicit::{Consent, Elicitations, McpCall, Principal, Resumed, StateFault, UserAction};
pub use error::{
    ALIASES, Alias, Challenge, Code, ConsentCause, DOMAIN, Denial, Domain, Error, Excerpt, Fact,
    Help, Reason, Retry, Row, Surface,
};
pub use read::{Action, Challenge as ReadChallenge, OpenUrl, Reading, Received, challenges, read};
pub use render::{Context, Reply, Voice, problem};
pub use time::UnixTime;

#[cfg(feature = "prover")]
pub use prover::{NoRandomness, ProofFor, Prover};
