//! A link from an authorization server -> whether a user may be shown it.

use crate::config::check_uri;

/// Characters of a link.
const LIMIT: usize = 2048;

/// Parameters that carry what must not lie about in a client, a log or a history. A consent page
/// needs none of them. `state`, `request` and `code_challenge` are no credentials: a link may lead
/// to an authorization endpoint.
const CREDENTIALS: [&str; 20] = [
    "accesstoken",
    "apikey",
    "assertion",
    "authorization",
    "clientassertion",
    "clientsecret",
    "code",
    "codeverifier",
    "dpop",
    "idtoken",
    "jsessionid",
    "jwt",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "sessionid",
    "subjecttoken",
    "token",
];

/// An absolute `https` URL, or `http` on loopback, without a user and without credentials.
pub fn check(link: &str) -> Result<(), &'static str> {
    if link.len() > LIMIT {
        return Err("its link is too long");
    }
    let (page, fragment) = link.split_once('#').unwrap_or((link, ""));
    check_uri(page, None).map_err(|_| "its link is not an https URL")?;
    if fragment.contains(['#', '"', '\\', '<', '>'])
        || !fragment.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err("the fragment of its link is malformed");
    }
    // Paths have parameters (RFC 3986 section 3.3), and a page that routes by its fragment has a
    // query there.
    let parameters =
        [page, fragment].into_iter().flat_map(|part| part.split(['?', '&', ';', '/', '!']));
    let mut names = parameters.filter_map(|parameter| parameter.split_once('='));
    match names.any(|(name, _)| CREDENTIALS.contains(&decoded(name).as_str())) {
        true => Err("its link carries a credential"),
        false => Ok(()),
    }
}

/// The name of a parameter as some server reads it: percent-decoded, up to the bracket of a list, in
/// lower case, letters and digits alone. What is encoded twice, or is called by another name, is not
/// found.
fn decoded(name: &str) -> String {
    let mut parts = name.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .split_at_checked(2)
            .and_then(|(digits, rest)| Some((u8::from_str_radix(digits, 16).ok()?, rest)))
        {
            Some((byte, rest)) => {
                plain.push(char::from(byte));
                plain.push_str(rest);
            }
            None => plain.push_str(part),
        }
    }
    let name = plain.split('[').next().unwrap_or_default().chars();
    name.filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn links_that_a_user_may_be_shown() {
        for link in [
            "https://as.example.com",
            "https://as.example.com:8443/connect/github?resource=gh&return_url=https://a.example/b",
            "https://as.example.com/authorize?client_id=a&state=b&code_challenge=c&scope=code+token",
            "https://as.example.com/#/consent?resource=gh",
            "https://as.example.com/connect?return_url=/oauth/token&code",
            "http://127.0.0.1:8080/connect",
            "http://localhost/connect",
            "https://xn--80ak6aa92e.example/connect",
            "https://192.0.2.1:8443/connect",
            "https://as.0xample/connect",
        ] {
            assert_eq!(check(link), Ok(()), "{link}");
        }
    }

    #[test]
    fn links_that_nobody_is_shown() {
        let long = format!("https://as.example.com/{}", "a".repeat(2048));
        for link in [
            "",
            "/connect",
            "//as.example.com/connect",
            "https://",
            "https:///connect",
            "http://as.example.com/connect",
            "http://127.0.0.1.example.com/connect",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://user@as.example.com/connect",
            "https://as.example.com:pass@evil.example/connect",
            "https://as.example.com\\@evil.example/connect",
            "https://as.example.com/a b",
            "https://as.example.com/\"><script>",
            "https://as.example.com/\r\nset-cookie: a",
            "https://as.example.com/\u{202e}",
            "https://\u{430}s.example.com/connect",
            "https://%61s.example.com/connect",
            "https://as.example.com/?access_token=a",
            "https://as.example.com/?a=b&ACCESS_TOKEN=a",
            "https://as.example.com/?a=b;id_token=a",
            "https://as.example.com/?%61ccess%5ftoken=a",
            "https://as.example.com/?client-secret=a",
            "https://as.example.com/?code=a",
            "https://as.example.com/?token[]=a",
            "https://as.example.com/?+token=a",
            "https://as.example.com/?token%00=a",
            "https://as.example.com/?accessToken=a",
            "https://as.example.com/;jsessionid=a",
            "https://as.example.com/#!token=a",
            "http://[::1]evil.example/",
            "http://[::1]:80:evil.example/",
            "http://localhost:evil.example/",
            "https://as.example.com:0x50/",
            "https://as.example.com:99999/",
            "https://[/",
            "https://.example/",
            "https://a..example/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://a.1/",
            "https://192.0.2.256/",
            "https://192.0.02.1/",
            "https://192.0.2.1.0x/",
            "https://as.example.com/?a?password=b",
            "https://as.example.com/#access_token=a",
            "https://as.example.com/#/access_token=a",
            "https://as.example.com/#/consent?refresh_token=a",
            "https://as.example.com/#a#b",
            "https://as.example.com/#a b",
            &long,
        ] {
            assert!(check(link).is_err(), "{link}");
        }
    }
}
