//! Every error of AuthPlane and of Caracal, as `../shared/data` lists them, is in the catalogue,
//! with the same status. Without the lists beside the project there is nothing to compare with.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use waxseal::{ALIASES, DOMAIN, Reason, Surface};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Name, surface and status of what the catalogue leaves out, and why. One that is found after all
/// fails as well.
const EXCEPTIONS: &[(&str, &str, Option<u16>, &str)] = &[];

#[test]
fn every_listed_error_is_in_the_catalogue() -> Result {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let mut compared = 0_usize;
    let mut excepted = vec![];
    for (file, entries) in lists(&directory)? {
        assert!(!entries.is_empty(), "{file}: no entries");
        for entry in entries {
            let entry =
                Entry::read(&entry).ok_or_else(|| format!("{file}: unreadable: {entry}"))?;
            let exception = EXCEPTIONS.iter().position(|(name, surface, status, _)| {
                (*name, *surface, *status) == (&entry.name, &entry.surface, entry.status)
            });
            let fault = match exception {
                None => "not in the catalogue",
                Some(_) => "no exception after all",
            };
            assert_eq!(entry.is_known(), exception.is_none(), "{file}: {fault}: {entry:?}");
            excepted.extend(exception);
            compared += 1;
        }
    }
    let mut output = std::io::stderr();
    if compared == 0 {
        writeln!(output, "no lists in {}: nothing compared", directory.display())?;
    } else {
        let unused: Vec<_> = (0..EXCEPTIONS.len()).filter(|at| !excepted.contains(at)).collect();
        assert!(unused.is_empty(), "exceptions that no list has: {unused:?}");
        writeln!(output, "{compared} listed errors compared, {} excepted", excepted.len())?;
    }
    Ok(())
}

/// The lists of a directory: none where there is no such directory.
fn lists(directory: &PathBuf) -> Result<Vec<(String, Vec<Value>)>> {
    let Ok(files) = fs::read_dir(directory) else {
        return Ok(vec![]);
    };
    let mut lists = vec![];
    for file in files {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let entries = serde_json::from_str(&fs::read_to_string(&path)?)?;
            lists.push((path.display().to_string(), entries));
        }
    }
    Ok(lists)
}

/// One error of a list.
#[derive(Debug)]
struct Entry {
    /// The sentinel, or the code.
    name: String,
    /// AuthPlane's code, which is listed beside the sentinel.
    code: String,
    /// As the list calls it; AuthPlane's has none.
    surface: String,
    /// None: an error of a library, or one that only documents know.
    status: Option<u16>,
}

impl Entry {
    fn read(entry: &Value) -> Option<Self> {
        let text = |name| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let code = text("code")?;
        let status = match entry.get("status")? {
            Value::Null => None,
            status => Some(status.as_u64()?.try_into().ok()?),
        };
        let name = text("sentinel").unwrap_or_else(|| code.clone());
        Some(Self { name, code, surface: text("surface").unwrap_or_default(), status })
    }

    fn is_known(&self) -> bool {
        if self.surface.is_empty() {
            return DOMAIN.iter().any(|domain| {
                domain.sentinel == self.name
                    && domain.code == self.code
                    && Some(domain.status) == self.status
            });
        }
        let surfaces = surfaces(&self.surface);
        let of_row = Reason::ALL.iter().map(|reason| reason.row()).any(|row| {
            surfaces.contains(&row.surface)
                && [row.code.oauth(), row.code.caracal()].contains(&self.code.as_str())
                && self.status.is_none_or(|own| own == row.status || row.also.contains(&own))
        });
        of_row
            || ALIASES.iter().any(|alias| {
                surfaces.contains(&alias.surface)
                    && alias.code == self.code
                    && self.status.is_none_or(|own| alias.statuses.contains(&own))
            })
    }
}

/// Whom the list means; what follows in brackets says no more about that, except in documents.
fn surfaces(listed: &str) -> &'static [Surface] {
    let (name, note) = listed.split_once(" (").unwrap_or((listed, ""));
    match (name, note.trim_end_matches(')')) {
        ("verifier", _) | ("docs-only", "verifier") => &[Surface::CaracalVerifier],
        ("gateway" | "gateway/sts panic handler", _) | ("docs-only", "gateway") => {
            &[Surface::CaracalGateway]
        }
        ("sts" | "sts-internal", _) => &[Surface::CaracalSts],
        ("coordinator" | "api" | "auth-console", _) | ("docs-only", "coordinator") => {
            &[Surface::CaracalControl]
        }
        ("identity-library" | "engine" | "sdk" | "sdk-asgi", _) | ("docs-only", "sdk") => {
            &[Surface::CaracalLibrary]
        }
        ("docs-only", "") => &[Surface::CaracalSts, Surface::CaracalGateway],
        _ => &[],
    }
}
