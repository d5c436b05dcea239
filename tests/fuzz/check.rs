//! What holds for every challenge and every reading: for the fuzzer and for the property tests.

use waxseal::{Action, ReadChallenge, Reading};

/// A challenge, written as RFC 9110 section 11.6.1 has it.
pub fn printed(challenge: &ReadChallenge, quote: bool) -> String {
    let token68 = challenge.token68.iter().cloned();
    let parameters = challenge.parameters.iter().map(|(name, value)| {
        if !quote && is_token(value) {
            return format!("{name}={value}");
        }
        format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    });
    let rest: Vec<_> = token68.chain(parameters).collect();
    format!("{} {}", challenge.scheme, rest.join(", ")).trim_end().to_owned()
}

/// As the crate `http-auth` reads a field; `None` for what it does not take: token68, and anything
/// beyond ASCII.
pub fn as_http_auth_reads(field: &str) -> Option<Vec<ReadChallenge>> {
    let found = http_auth::parse_challenges(field).ok()?;
    let ours = found.into_iter().map(|one| {
        let mut ours = ReadChallenge {
            scheme: one.scheme.to_ascii_lowercase(),
            token68: None,
            parameters: Default::default(),
        };
        for (name, value) in one.params {
            // It keeps every value of a name.
            ours.parameters.entry(name.to_ascii_lowercase()).or_insert(value.to_unescaped());
        }
        ours
    });
    Some(ours.collect())
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    !text.is_empty() && text.chars().all(legal)
}

/// Nothing is unbounded, and nobody is sent to anything but a web page.
pub fn is_sound(reading: &Reading) -> bool {
    let short = |text: &Option<String>, most: usize| {
        let fits = |text: &str| text.chars().count() <= most && !text.chars().any(char::is_control);
        text.as_deref().is_none_or(fits)
    };
    let challenges = &reading.challenges;
    let mut names = challenges.iter().flat_map(|one| one.parameters.keys());
    let Ok(json) = serde_json::to_string(reading) else {
        return false;
    };
    short(&reading.message, 1000)
        && short(&reading.code, 100)
        && short(&reading.request_id, 128)
        && challenges.len() <= 32
        && challenges.iter().all(|one| one.parameters.len() <= 32 && is_token(&one.scheme))
        && names.all(|name| is_token(name))
        && json.len() <= 1_000_000
        && is_safe(&reading.action)
}

fn is_safe(action: &Action) -> bool {
    let page = |url: &str| {
        let url = url.to_ascii_lowercase();
        url.starts_with("https://") || url.starts_with("http://")
    };
    match action {
        Action::OpenUrl { urls, .. } => {
            let safe = |host: &str, url: &str| {
                page(url) && !host.is_empty() && url.to_ascii_lowercase().contains(host)
            };
            (1..=16).contains(&urls.len()) && urls.iter().all(|one| safe(&one.host, &one.url))
        }
        Action::Authenticate { resource_metadata, .. }
        | Action::Refresh { resource_metadata, .. }
        | Action::StepUp { resource_metadata, .. } => resource_metadata.as_deref().is_none_or(page),
        Action::RetryWithNonce { nonce } => nonce.bytes().all(|byte| byte.is_ascii_graphic()),
        Action::RetryAfter { seconds } => seconds.is_none_or(|seconds| seconds <= 86_400),
        _ => true,
    }
}
