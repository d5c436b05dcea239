//! bytes -> [`Credential`]. Never decides, never trusts, never lets two readings of one input live.

mod authorization;
mod json;
mod jws;
mod target;

pub use authorization::{Credential, credential};
pub use json::object;
pub use jws::{Jws, jws};
pub use target::Target;
