//! `Cache-Control` -> seconds. Never more than it says.

/// How long a response may be used without asking again (RFC 9111 sections 5.2.2.1, 5.2.2.4,
/// 5.2.2.5); `None` where it does not say. The shortest of contradicting values counts.
pub fn max_age(cache_control: &str) -> Option<u32> {
    let seconds = |directive: &str| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(0),
            // What is no number means nothing good: ask again soon.
            "max-age" => Some(value.trim().trim_matches('"').parse().unwrap_or(0)),
            _ => None,
        }
    };
    cache_control.split(',').filter_map(seconds).min()
}

#[cfg(test)]
mod tests {
    use super::max_age;

    #[test]
    fn the_shortest_age_counts() {
        for (field, expected) in [
            ("", None),
            ("public", None),
            ("max-age=60", Some(60)),
            ("public, Max-Age = \"60\"", Some(60)),
            ("max-age=60, max-age=30", Some(30)),
            ("max-age=60, no-cache", Some(0)),
            ("no-store", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age=99999999999999999999", Some(0)),
            ("s-maxage=5, max-age=60", Some(60)),
        ] {
            assert_eq!(max_age(field), expected, "{field}");
        }
    }
}
