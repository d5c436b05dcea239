//! The MCP call as plain data: what a rule may ask about.

/// One call to an MCP server, as far as it has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {}
