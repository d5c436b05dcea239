//! Prints the catalogue of errors to the files that people and programs read, and asks of every
//! row what a row must have. A stale file fails: `WAXSEAL_PRINT=1 cargo test --test catalogue`.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use waxseal::{ALIASES, Alias, Challenge, Code, DOMAIN, Reason, Retry, Row, Surface};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_printed_files_are_fresh() -> Result {
    let mut stale = vec![];
    for (path, text) in [
        ("pkg/errors.json", errors_json()?),
        ("pkg/ERRORS.md", errors_md()?),
        ("js/src/reasons.ts", reasons_ts()?),
    ] {
        if std::env::var_os("WAXSEAL_PRINT").is_some() {
            fs::write(project().join(path), text)?;
        } else if fs::read_to_string(project().join(path)).ok() != Some(text) {
            stale.push(path);
        }
    }
    let command = "WAXSEAL_PRINT=1 cargo test --test catalogue";
    assert!(stale.is_empty(), "stale: {stale:?}; repair with `{command}`");
    Ok(())
}

#[test]
fn every_row_is_complete() {
    let mut names = vec![];
    for reason in Reason::ALL {
        let (row, help) = (reason.row(), reason.help());
        let name = row.reason;
        assert!(!names.contains(&name), "{name} stands there twice");
        names.push(name);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(Reason::named(name), Some(*reason));
        // RFC 6749 section 5.2, and no comma, at which simple parsers split challenges.
        let legal =
            |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x2b | 0x2d..=0x5b | 0x5d..=0x7e);
        assert!(row.text.bytes().all(legal) && !row.text.is_empty(), "{name}: text");
        for said in [help.meaning, help.source, help.symptom, help.cause, help.fix, help.check] {
            assert!(!said.trim().is_empty() && !said.contains('|'), "{name}: help");
        }
    }
    assert_eq!(Reason::named(""), None);
    assert_eq!(Reason::named("Token_Expired"), None);
}

#[test]
fn every_status_is_consistent_with_its_challenge() {
    for row in Reason::ALL.iter().map(|reason| reason.row()) {
        let name = row.reason;
        match (row.status, row.challenge) {
            // RFC 6749 section 5.2: at a token endpoint it is the client that must authenticate.
            // Only a page for users asks for something else.
            (401, challenge) if row.surface == Surface::AuthorizationServer => {
                let wanted = match row.code {
                    Code::Unauthorized => Challenge::Bare,
                    _ => Challenge::Basic,
                };
                assert_eq!(challenge, wanted, "{name}");
            }
            // RFC 9110 section 15.5.2: a 401 has a challenge.
            (401, challenge) => assert_ne!(challenge, Challenge::None, "{name}"),
            // RFC 6750 section 3.1: a 403 has one where more scope would help.
            (403, Challenge::Coded) => assert_eq!(row.code, Code::InsufficientScope, "{name}"),
            (403, _) => assert_ne!(row.code, Code::InsufficientScope, "{name}"),
            (400, Challenge::Coded) => assert_eq!(row.code, Code::InvalidRequest, "{name}"),
            // RFC 9449 section 5: at a token endpoint not even a proof is challenged for. Nor does
            // a new token bring a server back.
            (_, challenge) => assert_eq!(challenge, Challenge::None, "{name}"),
        }
        assert!((200..600).contains(&row.status), "{name}: status");
        assert!(!row.also.contains(&row.status), "{name}: a status stands there twice");
        assert_eq!(row.rpc.is_some(), row.surface == Surface::Mcp, "{name}: a JSON-RPC code");
    }
}

/// Who says it, under which name and status.
type Met = (&'static str, String, u16);

/// Under what a reader meets the rows of others and their aliases.
fn met() -> impl Iterator<Item = (Met, &'static str)> {
    let rows = Reason::ALL.iter().map(|reason| reason.row());
    let rows = rows.filter(|row| row.surface != Surface::Gate).flat_map(|row| {
        let mut names = match row.rpc {
            Some(rpc) => vec![rpc.to_string()],
            None => names(row).iter().map(|&name| name.to_owned()).collect(),
        };
        names.dedup();
        names.into_iter().flat_map(move |name| {
            let statuses = [row.status].into_iter().chain(row.also.iter().copied());
            statuses.map(move |status| ((row.surface.name(), name.clone(), status), row.reason))
        })
    });
    let aliases = ALIASES.iter().flat_map(|alias| {
        let (surface, reason) = (alias.surface.name(), alias.reason.row().reason);
        let statuses = alias.statuses.iter();
        statuses.map(move |status| ((surface, alias.code.to_owned(), *status), reason))
    });
    rows.chain(aliases)
}

fn names(row: &Row) -> [&'static str; 2] {
    [row.code.oauth(), row.code.caracal()]
}

/// The gate says which of its own reasons it is; others say only this much.
#[test]
fn no_two_rows_of_others_look_the_same() {
    let mut seen = HashMap::new();
    for (met, reason) in met() {
        let other = seen.insert(met.clone(), reason);
        assert_eq!(other, None, "{met:?} is also {reason}");
    }
}

/// Aliases whose name is the code of other rows: why they are not one of those.
const NAMESAKES: &[(Surface, &str, &str)] = &[
    (Surface::CaracalVerifier, "access_denied", "documented for what is a missing scope"),
    (Surface::CaracalSts, "invalid_request", "documented for what says `invalid_token` 400"),
    (Surface::CaracalControl, "internal_error", "a 413 is no fault of the service"),
    (Surface::CaracalControl, "invalid_zone", "a member of a body, not a claim of a mandate"),
    (Surface::CaracalControl, "invalid_request", "a body that is not valid"),
    (Surface::CaracalControl, "hop_count_exceeded", "documented for what has its own name"),
];

#[test]
fn every_alias_fits_its_row() {
    let mut namesakes: Vec<_> =
        NAMESAKES.iter().map(|(surface, code, _)| (*surface, *code)).collect();
    for alias in ALIASES {
        let Alias { surface, code, statuses, reason } = *alias;
        let row = reason.row();
        let class = |status: u16| status / 100;
        assert!(statuses.iter().all(|status| class(*status) == class(row.status)), "{alias:?}");
        let fits = names(row).contains(&code);
        if !fits && Code::ALL.iter().any(|known| [known.oauth(), known.caracal()].contains(&code)) {
            assert!(NAMESAKES.iter().any(|(s, c, _)| (*s, *c) == (surface, code)), "{alias:?}");
            namesakes.retain(|namesake| *namesake != (surface, code));
        }
    }
    assert!(namesakes.is_empty(), "no namesakes: {namesakes:?}");
}

#[test]
fn every_domain_error_fits_its_row() {
    let mut sentinels = vec![];
    for domain in DOMAIN {
        let row = domain.reason.row();
        assert_eq!(row.code.oauth(), domain.code, "{}", domain.sentinel);
        assert_eq!(row.surface, Surface::AuthorizationServer, "{}", domain.sentinel);
        let known = row.status == domain.status || row.also.contains(&domain.status);
        assert!(known, "{}: {} is no status of {}", domain.sentinel, domain.status, row.reason);
        assert!(!domain.meaning.is_empty() && !domain.meaning.contains('|'), "{}", domain.sentinel);
        assert!(!sentinels.contains(&domain.sentinel), "{} stands there twice", domain.sentinel);
        sentinels.push(domain.sentinel);
    }
}

/// Rows of others that the gate emits as well: it says the same thing.
const SHARED: &[Reason] = &[
    Reason::InsufficientUserAuthentication,
    Reason::InvalidZone,
    Reason::SessionRevoked,
    Reason::DelegationStale,
    Reason::SessionRequired,
    Reason::DelegationRequired,
    Reason::ChainMismatch,
    Reason::HopCountExceeded,
    Reason::OperationNotPermitted,
    Reason::PayloadTooLarge,
    Reason::HeaderMismatch,
    Reason::ParseError,
    Reason::InvalidRpcRequest,
    Reason::InvalidParams,
];

fn is_own(reason: Reason) -> bool {
    reason.row().surface == Surface::Gate || SHARED.contains(&reason)
}

/// The rows that the gate emits; all others are read, and rendered on behalf of others.
fn own() -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(|reason| is_own(*reason))
}

#[test]
fn every_row_of_the_gate_is_emitted() -> Result {
    let mut source = String::new();
    read_all(&project().join("src"), "rs", &mut |path, text| {
        if !path.ends_with("catalogue.rs") {
            source.push_str(text);
        }
    })?;
    for reason in own() {
        assert!(source.contains(&format!("Error::{reason:?}")), "{reason:?} is never emitted");
    }
    Ok(())
}

/// Rows that need a host that fails while it answers: `tests/gate.rs` has them.
const BEYOND_VECTORS: &[Reason] = &[Reason::HostFailed];

#[test]
fn every_row_of_the_gate_is_in_a_vector() -> Result {
    let mut expected = vec![];
    read_all(&project().join("tests/vectors"), "json", &mut |_, text| {
        let file: Value = serde_json::from_str(text).unwrap_or_default();
        let cases = file.get("cases").and_then(Value::as_array).into_iter().flatten();
        let reasons = cases.filter_map(|case| case.pointer("/expect/reason")?.as_str());
        expected.extend(reasons.map(str::to_owned));
    })?;
    for reason in own().filter(|reason| !BEYOND_VECTORS.contains(reason)) {
        let name = reason.row().reason;
        assert!(expected.iter().any(|expected| expected == name), "no vector expects {name}");
    }
    Ok(())
}

fn read_all(directory: &Path, extension: &str, take: &mut dyn FnMut(&Path, &str)) -> Result {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            read_all(&path, extension, take)?;
        } else if path.extension().is_some_and(|own| own == extension) {
            take(&path, &fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn errors_json() -> Result<String> {
    let rows = Reason::ALL.iter().map(|reason| {
        let (row, help) = (reason.row(), reason.help());
        let challenge = match row.challenge {
            Challenge::None => Value::Null,
            Challenge::Bare => json!("Bearer"),
            Challenge::Coded => json!(format!("Bearer error=\"{}\"", row.code.challenge())),
            Challenge::Basic => json!("Basic"),
        };
        let aliases = ALIASES.iter().filter(|alias| alias.reason == *reason).map(|alias| {
            json!({
                "surface": alias.surface.name(),
                "code": alias.code,
                "statuses": alias.statuses,
            })
        });
        let domain = DOMAIN.iter().filter(|domain| domain.reason == *reason).map(|domain| {
            json!({
                "sentinel": domain.sentinel,
                "group": domain.group,
                "status": domain.status,
                "meaning": domain.meaning,
            })
        });
        json!({
            "reason": row.reason,
            "code": { "oauth": row.code.oauth(), "caracal": row.code.caracal() },
            "status": row.status,
            "also": row.also,
            "rpc": row.rpc,
            "challenge": challenge,
            "source": help.source,
            "surface": row.surface.name(),
            "retry": row.retry.name(),
            "text": row.text,
            "meaning": help.meaning.trim(),
            "symptom": help.symptom,
            "cause": help.cause,
            "fix": help.fix,
            "check": help.check,
            "aliases": aliases.collect::<Vec<_>>(),
            "domain": domain.collect::<Vec<_>>(),
        })
    });
    Ok(serde_json::to_string_pretty(&rows.collect::<Vec<_>>())? + "\n")
}

/// What people really meet, by what they see.
const COMMON: &[Reason] = &[
    Reason::MissingToken,
    Reason::AudienceMismatch,
    Reason::IssuerUnknown,
    Reason::KeyUnknown,
    Reason::DpopUnsupported,
    Reason::ProofUrlMismatch,
    Reason::ProofReplayed,
    Reason::NonceMissing,
    Reason::InvalidClient,
    Reason::VerifierInvalidToken,
    Reason::SessionRevoked,
    Reason::DelegationStale,
    Reason::GatewayInvalidToken,
    Reason::InsufficientScope,
    Reason::ExchangeDenied,
    Reason::OperationNotPermitted,
    Reason::InvalidGrant,
    Reason::InvalidTarget,
    Reason::ConsentRequired,
    Reason::McpTransportRefused,
    Reason::KeysUnavailable,
];

/// The way of a call, then Caracal's way of one.
const JOURNEY: &[(Surface, &str, &str)] = &[
    (
        Surface::Gate,
        "The gate",
        "What Waxseal itself says. A problem's `type` ends in the reason; in Envoy the reason is \
         also `%RESPONSE_CODE_DETAILS%`.",
    ),
    (
        Surface::AuthorizationServer,
        "Authorization servers",
        "Where tokens come from. Most replies have 400 and no challenge; during authorization the \
         user's browser brings the code back in the redirect.",
    ),
    (Surface::Resource, "Other resource servers", "Those that do not say more than the code."),
    (
        Surface::Mcp,
        "MCP servers",
        "Errors of JSON-RPC: the code is a number, and the HTTP status says little.",
    ),
    (Surface::CaracalSts, "Caracal's token service", "Where mandates come from."),
    (
        Surface::CaracalGateway,
        "Caracal's Gateway",
        "It spends the mandate before it asks the token service: each retry needs a new one. What \
         the token service says comes through with its status, code and description, and nothing \
         else.",
    ),
    (
        Surface::CaracalVerifier,
        "Caracal's verifiers",
        "Resource servers that check mandates. They send no challenge.",
    ),
    (
        Surface::CaracalControl,
        "Caracal's control plane",
        "Its Coordinator, its admin API and its console.",
    ),
    (Surface::CaracalLibrary, "Caracal's libraries", "Errors inside the caller's own process."),
];

fn errors_md() -> Result<String> {
    let mut page = String::from(
        "# Errors\n\nEvery error of AuthPlane, of Caracal and of MCP servers, and every reason for \
         which Waxseal denies a call. The same code means different things in different places: \
         look for who sent it.\n\n",
    );
    for (_, title, _) in JOURNEY {
        writeln!(page, "- [{title}](#{})", anchor(title))?;
    }
    page.push_str("- [AuthPlane's domain errors](#authplanes-domain-errors)\n");
    page.push_str(
        "\n## What do you see?\n\n| symptom | cause | fix | reason |\n|---|---|---|---|\n",
    );
    for reason in COMMON {
        let (help, name) = (reason.help(), reason.row().reason);
        writeln!(page, "| {} | {} | {} | [{name}](#{name}) |", help.symptom, help.cause, help.fix)?;
    }
    for (surface, title, about) in JOURNEY {
        section(&mut page, *surface, title, about)?;
    }
    page.push_str(
        "\n## AuthPlane's domain errors\n\nWhat its logs name in `error`, and what comes over the \
         wire. The token endpoint sends most of them with 400, whatever the status here.\n",
    );
    let mut group = "";
    for domain in DOMAIN {
        if domain.group != group {
            group = domain.group;
            writeln!(
                page,
                "\n**{group}**\n\n| error | means | code | status | reason |\n|---|---|---|---|---|"
            )?;
        }
        let (name, reason) = (domain.sentinel, domain.reason.row().reason);
        let (meaning, code, status) = (domain.meaning, domain.code, domain.status);
        writeln!(page, "| `{name}` | {meaning} | `{code}` | {status} | [{reason}](#{reason}) |")?;
    }
    Ok(page)
}

/// As GitHub makes the anchor of a heading.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-").replace('\'', "")
}

fn section(page: &mut String, surface: Surface, title: &str, about: &str) -> Result {
    let rows = || Reason::ALL.iter().filter(|reason| reason.row().surface == surface);
    writeln!(page, "\n## {title}\n\n{about}\n")?;
    if surface == Surface::Gate {
        let shared = SHARED.iter().map(|reason| reason.row().reason);
        let links: Vec<_> = shared.map(|name| format!("[{name}](#{name})")).collect();
        writeln!(page, "It also says what others say: {}.\n", links.join(", "))?;
    }
    writeln!(page, "| reason | status | `error` | in Caracal's vocabulary | what to do |")?;
    writeln!(page, "|---|---|---|---|---|")?;
    for row in rows().map(|reason| reason.row()) {
        let (reason, retry) = (row.reason, next(row.retry));
        let statuses = list(row.status, row.also);
        match row.rpc {
            Some(rpc) => {
                writeln!(page, "| [{reason}](#{reason}) | {statuses} | {rpc} | | {retry} |")?
            }
            None => {
                let [oauth, caracal] = names(row);
                writeln!(
                    page,
                    "| [{reason}](#{reason}) | {statuses} | `{oauth}` | `{caracal}` | {retry} |"
                )?;
            }
        }
    }
    for reason in rows() {
        let (row, help) = (reason.row(), reason.help());
        writeln!(page, "\n### {}\n\n{}\n", row.reason, help.meaning.trim())?;
        writeln!(page, "- **Symptom**: {}", help.symptom)?;
        writeln!(page, "- **Cause**: {}", help.cause)?;
        writeln!(page, "- **Fix**: {}", help.fix)?;
        writeln!(page, "- **Look first at**: {}", help.check)?;
        writeln!(page, "- **Client reads**: {}", row.text)?;
        let aliases: Vec<_> = ALIASES.iter().filter(|alias| alias.reason == *reason).collect();
        if !aliases.is_empty() {
            writeln!(page, "- **Also called**: {}", called(&aliases))?;
        }
        writeln!(page, "- **Source**: {}", help.source)?;
    }
    Ok(())
}

fn next(retry: Retry) -> &'static str {
    match retry {
        Retry::FixRequest => "correct the request",
        Retry::SignIn => "sign in",
        Retry::NewToken => "get a new token",
        Retry::NewProof => "make a new proof",
        Retry::RetryNonce => "repeat with the nonce",
        Retry::StepUp => "authorize for more",
        Retry::AfterUser => "repeat after the user has acted",
        Retry::Later => "repeat later",
        Retry::Operator => "ask the operator",
        Retry::Never => "stop",
    }
}

/// Each other name once, with those who use it.
fn called(aliases: &[&Alias]) -> String {
    let mut names: Vec<(&str, Vec<String>)> = vec![];
    for alias in aliases {
        let place = JOURNEY.iter().find(|(surface, _, _)| *surface == alias.surface);
        let place = place.map_or("", |(_, title, _)| title);
        let place = match alias.statuses {
            [] => place.to_owned(),
            [first, rest @ ..] => format!("{place} {}", list(*first, rest)),
        };
        match names.iter_mut().find(|(name, _)| *name == alias.code) {
            Some((_, places)) => places.push(place),
            None => names.push((alias.code, vec![place])),
        }
    }
    let names = names.iter().map(|(name, places)| format!("`{name}` ({})", places.join(", ")));
    names.collect::<Vec<_>>().join("; ")
}

fn list(status: u16, also: &[u16]) -> String {
    let statuses = [status].into_iter().chain(also.iter().copied());
    statuses.map(|status| status.to_string()).collect::<Vec<_>>().join("/")
}

#[test]
fn every_link_of_the_page_leads_somewhere_and_each_anchor_is_one() -> Result {
    let page = errors_md()?;
    let anchors: Vec<_> = page.lines().filter(|line| line.starts_with('#')).collect();
    let anchors: Vec<_> =
        anchors.iter().map(|line| anchor(line.trim_start_matches('#').trim())).collect();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert_eq!(anchors.iter().filter(|anchor| *anchor == link).count(), 1, "{link}");
    }
    for reason in Reason::ALL {
        assert!(anchors.iter().any(|anchor| anchor == reason.row().reason), "{reason:?}");
    }
    Ok(())
}

fn reasons_ts() -> Result<String> {
    let mut module = String::from("// Printed from the catalogue of errors.\n");
    module.push_str(
        "\n/** Why the gate denied a call, as a stable name. */\nexport type GateReason =\n",
    );
    module.push_str(&union(own())?);
    module.push_str(
        "\n/** What an error means, whoever sent it: the gate's reasons, and those of the servers that \
         a client meets. */\nexport type Reason =\n  | GateReason\n",
    );
    let others = Reason::ALL.iter().copied().filter(|reason| !is_own(*reason));
    module.push_str(&union(others)?);
    Ok(module)
}

fn union(reasons: impl Iterator<Item = Reason>) -> Result<String> {
    let mut members = String::new();
    for reason in reasons {
        let meaning = reason.help().meaning.trim();
        writeln!(members, "  /** {meaning} */\n  | '{}'", reason.row().reason)?;
    }
    Ok(members.trim_end().to_owned() + ";\n")
}
