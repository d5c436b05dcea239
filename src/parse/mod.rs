//! bytes -> [`Credential`]. Never decides, never trusts, never lets two readings of one input live.

mod authorization;
mod cache;
mod challenges;
mod connection;
mod json;
mod jws;
mod mcp;
mod origin;
mod target;
mod trace;
mod uri;

pub use authorization::{Credential, Proofs, Scheme, credential};
pub use cache::max_age;
pub use challenges::{Challenge, challenges};
pub use connection::is_dropped;
pub use json::object;
#[cfg(test)]
pub use jws::compact;
pub use jws::{Header, Jws, Signed, Unread, jws};
pub use mcp::content;
pub use origin::{Origin, preflight};
pub use target::Target;
pub use trace::Trace;
pub use uri::{normal_origin, normal_path};
