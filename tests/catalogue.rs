//! Prints the catalogue of errors to the files that people and programs read, and asks of every
//! row what a row must have. A stale file fails: `WAXSEAL_PRINT=1 cargo test --test catalogue`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use waxseal::{Challenge, Code, Reason};

type Result = std::result::Result<(), Box<dyn Error>>;

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
fn every_row_is_complete_and_consistent() {
    let mut names = vec![];
    for reason in Reason::ALL {
        let (row, help) = (reason.row(), reason.help());
        let name = row.reason;
        assert!(!names.contains(&name), "{name} stands there twice");
        names.push(name);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        // RFC 6749 section 5.2, and no comma, at which simple parsers split challenges.
        let legal =
            |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x2b | 0x2d..=0x5b | 0x5d..=0x7e);
        assert!(row.text.bytes().all(legal) && !row.text.is_empty(), "{name}: text");
        assert!(!row.source.is_empty(), "{name}: source");
        for said in [help.meaning, help.symptom, help.cause, help.fix, help.check] {
            assert!(!said.trim().is_empty(), "{name}: help");
        }
        // RFC 9110 section 15.5.2: a 401 has a challenge. RFC 6750 section 3.1: a 403 has one where
        // more scope would help. A new token does not bring a server back.
        let challenged = row.challenge != Challenge::None;
        match row.status {
            401 => assert!(challenged, "{name}: a 401 needs a challenge"),
            403 => assert_eq!(challenged, row.code == Code::InsufficientScope, "{name}"),
            503 => assert!(!challenged, "{name}: a challenge does not help"),
            status => assert_eq!(status, 400, "{name}: an unknown status"),
        }
    }
}

#[test]
fn every_row_is_emitted() -> Result {
    let mut source = String::new();
    read_all(&project().join("src"), "rs", &mut |path, text| {
        if !path.ends_with("catalogue.rs") {
            source.push_str(text);
        }
    })?;
    for reason in Reason::ALL {
        assert!(
            source.contains(&format!("Error::{reason:?}"))
                || source.contains(&format!("Self::Deny(Error::{reason:?}")),
            "{reason:?} is never emitted"
        );
    }
    Ok(())
}

/// Rows that need a host that fails while it answers: `tests/gate.rs` has them.
const BEYOND_VECTORS: &[Reason] = &[Reason::HostFailed];

#[test]
fn every_row_is_in_a_vector() -> Result {
    let mut expected = vec![];
    read_all(&project().join("tests/vectors"), "json", &mut |_, text| {
        let file: Value = serde_json::from_str(text).unwrap_or_default();
        let cases = file.get("cases").and_then(Value::as_array).into_iter().flatten();
        let reasons = cases.filter_map(|case| case.pointer("/expect/reason")?.as_str());
        expected.extend(reasons.map(str::to_owned));
    })?;
    for reason in Reason::ALL.iter().filter(|reason| !BEYOND_VECTORS.contains(reason)) {
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

fn errors_json() -> std::result::Result<String, Box<dyn Error>> {
    let rows = Reason::ALL.iter().map(|reason| {
        let (row, help) = (reason.row(), reason.help());
        let challenge = match row.challenge {
            Challenge::None => Value::Null,
            Challenge::Bare => json!("Bearer"),
            Challenge::Coded => json!(format!("Bearer error=\"{}\"", row.code.oauth())),
        };
        json!({
            "reason": row.reason,
            "code": { "oauth": row.code.oauth(), "caracal": row.code.caracal() },
            "status": row.status,
            "challenge": challenge,
            "source": row.source,
            "surface": row.surface.name(),
            "retry": row.retry.name(),
            "text": row.text,
            "meaning": help.meaning.trim(),
            "symptom": help.symptom,
            "cause": help.cause,
            "fix": help.fix,
            "check": help.check,
        })
    });
    Ok(serde_json::to_string_pretty(&rows.collect::<Vec<_>>())? + "\n")
}

fn errors_md() -> std::result::Result<String, Box<dyn Error>> {
    let mut page = String::from(
        "# Errors\n\nEvery reason for which a call is denied. A problem's `type` ends in the reason; \
         in Envoy it is also `%RESPONSE_CODE_DETAILS%`.\n\n\
         | reason | status | `error` | in Caracal's vocabulary | what to do |\n|---|---|---|---|---|\n",
    );
    for row in Reason::ALL.iter().map(|reason| reason.row()) {
        let (reason, retry) = (row.reason, row.retry.name().replace('_', " "));
        let (oauth, caracal) = (row.code.oauth(), row.code.caracal());
        writeln!(
            page,
            "| [{reason}](#{reason}) | {} | `{oauth}` | `{caracal}` | {retry} |",
            row.status
        )?;
    }
    for reason in Reason::ALL {
        let (row, help) = (reason.row(), reason.help());
        writeln!(page, "\n## {}\n\n{}\n", row.reason, help.meaning.trim())?;
        writeln!(page, "- **Symptom**: {}", help.symptom)?;
        writeln!(page, "- **Cause**: {}", help.cause)?;
        writeln!(page, "- **Fix**: {}", help.fix)?;
        writeln!(page, "- **Look first at**: {}", help.check)?;
        writeln!(page, "- **Client reads**: {}", row.text)?;
        writeln!(page, "- **Source**: {}", row.source)?;
    }
    Ok(page)
}

fn reasons_ts() -> std::result::Result<String, Box<dyn Error>> {
    let mut module = String::from(
        "/** Why a call was denied, as a stable name. Printed from the catalogue of errors. */\nexport type Reason =\n",
    );
    let last = Reason::ALL.len().saturating_sub(1);
    for (index, reason) in Reason::ALL.iter().enumerate() {
        let end = if index == last { ";" } else { "" };
        writeln!(
            module,
            "  /** {} */\n  | '{}'{end}",
            reason.help().meaning.trim(),
            reason.row().reason
        )?;
    }
    Ok(module)
}
