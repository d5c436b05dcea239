//! Which key, how old, when to fetch: the key sets of all issuers. Never fetches itself.

pub mod der;
mod discovery;
mod key;
mod public;
mod source;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError, KeyLife};
use crate::fetch::{Document, Fetch, Fetched, Patience, Subject, Unavailable};
use crate::time::UnixTime;

pub use key::{Key, KeySet, Wanted};
pub use public::PublicKey;

use source::{DOCUMENT_BYTES, Kept, Need, Source};

/// What [`Keys::find`] has to say.
#[derive(Debug)]
pub enum Lookup {
    /// These keys fit.
    Found(Vec<Arc<Key>>),
    /// None fits.
    Unknown,
    /// The token names none, and several fit.
    Ambiguous,
    /// Ask again once this has been fetched.
    Fetch(Fetch),
    /// It is being fetched for another request: ask again by then.
    Wait(UnixTime),
    /// It cannot be had.
    Unavailable(Unavailable),
}

/// The key sets of all issuers, in the order of the configuration.
#[derive(Debug)]
pub struct Keys {
    issuers: Vec<Issuer>,
    life: KeyLife,
}

#[derive(Debug)]
struct Issuer {
    name: String,
    cluster: Option<String>,
    source: Source,
}

/// All sets that were fetched, as one text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    version: u8,
    sets: Vec<ExportedSet>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedSet {
    issuer: String,
    kept: Kept,
}

impl Keys {
    /// The sources of a configuration, with the key sets that it holds itself.
    ///
    /// # Errors
    /// An inline set that is no key set, or holds no key that can verify anything.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let issuer = |(index, issuer): (usize, &crate::config::Issuer)| {
            let source = Source::new(issuer).map_err(|fault| ConfigError {
                member: format!("issuers[{index}].keys.set"),
                fault: fault.to_owned(),
            })?;
            let (name, cluster) = (issuer.issuer.clone(), issuer.keys.cluster.clone());
            Ok(Issuer { name, cluster, source })
        };
        let issuers = config.issuers.iter().enumerate().map(issuer).collect::<Result<_, _>>()?;
        Ok(Self { issuers, life: config.keys })
    }

    /// Finds the keys of an issuer that may have signed a token.
    pub fn find(
        &mut self,
        index: usize,
        wanted: &Wanted<'_>,
        patience: Patience,
        now: UnixTime,
    ) -> Lookup {
        let life = self.life;
        let Some(issuer) = self.issuers.get_mut(index) else {
            return Lookup::Unknown;
        };
        issuer.source.set_back(&life, now);
        let need = match issuer.source.usable(&life, now).map(|set| set.fitting(wanted)) {
            None => issuer.source.first(&life, patience, now),
            Some(found) if found.is_empty() => match issuer.source.forced(&life, patience, now) {
                Some(need) => need,
                None => return Lookup::Unknown,
            },
            Some(found) if found.len() == 1 || wanted.id.is_some() => return Lookup::Found(found),
            Some(_) => return Lookup::Ambiguous,
        };
        match need {
            Need::Fetch(document, uri) => Lookup::Fetch(issuer.fetch(index, document, uri, &life)),
            Need::Wait(until) => Lookup::Wait(until),
            Need::Unavailable(unavailable) => Lookup::Unavailable(unavailable),
        }
    }

    /// A fetch ahead of need, if it is time for one.
    pub fn ahead(&mut self, now: UnixTime) -> Option<Fetch> {
        let life = self.life;
        self.issuers.iter_mut().enumerate().find_map(|(index, issuer)| {
            let (document, uri) = issuer.source.ahead(&life, now)?;
            Some(issuer.fetch(index, document, uri, &life))
        })
    }

    /// Takes what a fetch brought at `at`.
    pub fn fetched(&mut self, fetch: &Fetch, answer: Fetched<'_>, at: UnixTime) {
        if let Subject::Issuer(index, document) = fetch.subject
            && let Some(issuer) = self.issuers.get_mut(index)
        {
            issuer.source.fetched(document, &fetch.uri, answer, &self.life, at);
        }
    }

    /// Takes back a fetch that nobody follows.
    pub fn abandoned(&mut self, fetch: &Fetch) {
        if let Subject::Issuer(index, _) = fetch.subject
            && let Some(issuer) = self.issuers.get_mut(index)
        {
            issuer.source.abandoned();
        }
    }

    /// All sets that were fetched, for another process.
    pub fn export(&self) -> String {
        let kept = |issuer: &Issuer| {
            Some(ExportedSet { issuer: issuer.name.clone(), kept: issuer.source.export()? })
        };
        let export = Export { version: 1, sets: self.issuers.iter().filter_map(kept).collect() };
        // Text, numbers and JSON always serialise.
        serde_json::to_string(&export).unwrap_or_default()
    }

    /// Takes over the sets that another process exported; those that do not belong here, are older
    /// than ours or lie in the future are left out. The number of those taken, `None` for another
    /// text.
    pub fn import(&mut self, text: &str, now: UnixTime) -> Option<usize> {
        let export: Export =
            serde_json::from_str(text).ok().filter(|export: &Export| export.version == 1)?;
        let mut taken = 0_usize;
        for set in export.sets {
            let issuer = self.issuers.iter_mut().find(|issuer| issuer.name == set.issuer);
            if issuer.and_then(|issuer| issuer.source.import(set.kept, &self.life, now)).is_some() {
                taken = taken.saturating_add(1);
            }
        }
        Some(taken)
    }
}

impl Issuer {
    fn fetch(&self, index: usize, document: Document, uri: String, life: &KeyLife) -> Fetch {
        let subject = Subject::Issuer(index, document);
        let (cluster, timeout, age) = (self.cluster.clone(), life.timeout, life.age);
        Fetch { subject, uri, cluster, timeout, limit: DOCUMENT_BYTES, age }
    }
}
