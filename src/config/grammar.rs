//! The small grammars of names in a configuration.

/// Visible ASCII without quotes and backslash: safe in a header, a URL and a JSON string.
pub fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>'))
}

/// RFC 9110 section 5.6.2.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 6749 section 3.3: `scope-token`.
pub fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// RFC 6454 section 6.2: scheme, host and a port that is not the default, in lower case. Browser
/// extensions have schemes of their own.
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else {
        return false;
    };
    let scheme_letter =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let usual = matches!(scheme, "http") && host.ends_with(":80")
        || matches!(scheme, "https") && host.ends_with(":443");
    !scheme.is_empty()
        && scheme.bytes().all(scheme_letter)
        && is_plain(host)
        && !host.contains(['/', '?', '#', '@', '*'])
        && !host.bytes().any(|byte| byte.is_ascii_uppercase())
        && !usual
}
