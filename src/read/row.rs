//! Codes, status and form of a reply -> the row of the catalogue that fits best. Never trusts a name
//! that the rest of the reply contradicts.

use super::Seen;
use super::body::{Form, INPUT_REQUIRED};
use crate::error::{ALIASES, Reason, Surface};

/// A row, and who seems to have sent it.
pub type Found = (Reason, Surface);

/// The row that fits best, and the code that it was found by.
pub fn find(seen: &Seen<'_>) -> (Option<Found>, Option<String>) {
    let said = seen.body.code.as_deref();
    let challenged = seen.challenged_code();
    let by_type = || Some((typed(seen)?, said?));
    let by_code = || Some((best(seen, said?)?, said?));
    let by_challenge = || Some((best(seen, challenged?)?, challenged?));
    // A challenge is what the RFCs ask for, and what clients act on; a body may say more than its
    // `invalid_token`, except by another word for 401.
    let vague = |code| matches!(code, "invalid_token" | "invalid_request");
    let first = if challenged.is_none_or(vague) && said != Some("unauthorized") {
        by_type().or_else(by_code).or_else(by_challenge)
    } else {
        by_type().or_else(by_challenge).or_else(by_code)
    };
    if let Some((row, code)) = first {
        return (Some(row), Some(code.to_owned()));
    }
    let rpc = seen.body.rpc.map(|code| code.to_string());
    let code = said.or(challenged).map(str::to_owned).or(rpc);
    let row = match rpc_row(seen) {
        Some((row, Fit::Whole)) => Some(row),
        Some((row, Fit::CodeOnly)) => by_status(seen).or(Some(row)),
        None => by_status(seen),
    };
    (row, code)
}

/// A problem's `type` ends in the reason, whatever its base. It is trusted only where the rest of
/// the reply says the same.
fn typed(seen: &Seen<'_>) -> Option<Found> {
    let body = &seen.body;
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name = body.kind.as_deref()?.rsplit(|letter| !in_name(letter)).next()?;
    let reason = Reason::named(name)?;
    let code = body.code.as_deref()?;
    let same_code = code == reason.code().oauth() || code == reason.code().caracal();
    let same_status = seen.status().is_none_or(|status| is_sent(reason, status));
    (same_code && same_status).then_some((reason, reason.surface()))
}

/// Whether a code is a row's own or an alias.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Own,
    Other,
}

/// The best of all rows and aliases that go by this code.
fn best(seen: &Seen<'_>, code: &str) -> Option<Found> {
    let status = seen.failure();
    let likely = likely(seen);
    let rank = |surface| likely.iter().position(|likely| *likely == surface);
    let rows = Reason::ALL.iter().filter_map(|reason| {
        let surface = reason.surface();
        // Who else uses Caracal's vocabulary is this crate, which names the reason, too.
        let caracal = CARACAL.contains(&surface) && code == reason.code().caracal();
        let same = code == reason.code().oauth() || caracal;
        let fit = match status {
            None => 0,
            Some(status) if status == reason.status() => 0,
            Some(status) if reason.also().contains(&status) => 1,
            Some(_) => 3,
        };
        same.then_some((*reason, surface, fit, Name::Own))
    });
    let aliases = ALIASES.iter().filter(|alias| alias.code == code).map(|alias| {
        let fit = match status {
            // Documented, and never seen.
            _ if alias.statuses.is_empty() => 2,
            Some(status) if !alias.statuses.contains(&status) => 3,
            _ => 0,
        };
        (alias.reason, alias.surface, fit, Name::Other)
    });
    let found = rows.chain(aliases).min_by_key(|(reason, surface, fit, name)| {
        let place = match rank(*surface) {
            Some(_) => 0,
            // The gate of this crate names its reasons.
            None if *surface == Surface::Gate => 2,
            None => 1,
        };
        let generic = reason.name() == code;
        (place, *fit, !generic, *name, rank(*surface))
    });
    found.map(|(reason, surface, ..)| (reason, surface))
}

/// Those who use Caracal's vocabulary, likeliest first.
const CARACAL: &[Surface] = &[
    Surface::CaracalSts,
    Surface::CaracalGateway,
    Surface::CaracalVerifier,
    Surface::CaracalControl,
    Surface::CaracalLibrary,
];

/// Who seems to have sent a reply, likeliest first.
fn likely(seen: &Seen<'_>) -> &'static [Surface] {
    use Surface::{
        AuthorizationServer, CaracalControl, CaracalGateway, CaracalSts, CaracalVerifier, Resource,
    };
    match seen.body.form {
        Form::Hold => return &[CaracalSts, CaracalGateway],
        Form::Verifier => return &[CaracalVerifier],
        Form::Control => return &[CaracalControl],
        Form::Consent => return &[AuthorizationServer],
        Form::Caracal if seen.has_field("x-caracal-") => return &[CaracalGateway, CaracalSts],
        Form::Caracal => return CARACAL,
        Form::Rpc | Form::Plain => {}
    }
    let schemes: Vec<_> = seen.challenges.iter().map(|one| one.scheme.as_str()).collect();
    if seen.is_challenged() {
        &[Resource, CaracalVerifier]
    } else if schemes.contains(&"basic") {
        &[AuthorizationServer, CaracalSts]
    } else if seen.failure() == Some(400) {
        &[AuthorizationServer]
    } else {
        &[]
    }
}

/// Whether a row of a JSON-RPC code also is one of the status.
enum Fit {
    Whole,
    CodeOnly,
}

fn rpc_row(seen: &Seen<'_>) -> Option<(Found, Fit)> {
    let body = &seen.body;
    // MCP 2026-07-28 has other words for -32042, and servers have other numbers.
    let is_message = body.rpc.is_some() || body.code.as_deref() == Some(INPUT_REQUIRED);
    if is_message && body.asks_user {
        return Some(((Reason::UrlElicitationRequired, Surface::Mcp), Fit::Whole));
    }
    let status = seen.status().unwrap_or(200);
    let code = body.rpc?;
    let same = |reason: &&Reason| reason.rpc().is_some_and(|rpc| i64::from(rpc) == code);
    let far = |reason: &&Reason| (!is_sent(**reason, status), reason.status() != status);
    let reason = *Reason::ALL.iter().filter(same).min_by_key(far)?;
    let fit = if is_sent(reason, status) { Fit::Whole } else { Fit::CodeOnly };
    Some(((reason, reason.surface()), fit))
}

/// What a status and a challenge without a code say (RFC 6750 section 3.1).
fn by_status(seen: &Seen<'_>) -> Option<Found> {
    let bare = seen.is_challenged() && seen.challenged_code().is_none();
    let silent = seen.challenges.is_empty() && seen.body.code.is_none();
    let reason = match seen.failure() {
        Some(401) if bare || silent => Reason::MissingToken,
        Some(403) if seen.parameter("scope").is_some() => Reason::InsufficientScope,
        Some(429) => Reason::RateLimited,
        None if bare => Reason::MissingToken,
        _ => return None,
    };
    Some((reason, Surface::Resource))
}

fn is_sent(reason: Reason, status: u16) -> bool {
    status == reason.status() || reason.also().contains(&status)
}
