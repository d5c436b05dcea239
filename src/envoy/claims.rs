//! The local store of claims on the shared data of the process: all its workers see one store.

use super::host;
use crate::{Claim, Claimed, LocalStore, Shelf, UnixTime};

/// Claims that the store has room for, unless the configuration says more or less.
pub const CAPACITY: u32 = 1_000_000;

/// The slots of one capacity: another would look for a claim elsewhere.
struct Shared {
    capacity: u32,
}

/// The store of one worker thread.
#[derive(Default)]
pub struct Claims {
    /// The same on all workers, once it is known.
    seed: Option<[u8; 16]>,
}

impl Claims {
    /// Claims once in this process.
    pub fn claim(&mut self, capacity: u32, claim: &Claim, now: UnixTime) -> Claimed {
        self.seed = self.seed.or_else(seed);
        match self.seed {
            Some(seed) => LocalStore::on(Shared { capacity }, capacity, seed).claim(claim, now),
            None => Claimed::Failed("the workers have no seed in common"),
        }
    }
}

/// Whoever is first chooses it for all workers.
fn seed() -> Option<[u8; 16]> {
    let place = "waxseal/replay/seed";
    if host::shared(place).is_none() {
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).ok()?;
        host::share(place, &seed, Some(host::ABSENT));
    }
    host::shared(place)?.0.try_into().ok()
}

impl Shelf for Shared {
    fn read(&self, slot: u32) -> Option<(Vec<u8>, u32)> {
        host::shared(&self.place(slot))
    }

    fn write(&mut self, slot: u32, bytes: Vec<u8>, version: Option<u32>) -> bool {
        host::share(&self.place(slot), &bytes, Some(version.unwrap_or(host::ABSENT)))
    }
}

impl Shared {
    fn place(&self, slot: u32) -> String {
        format!("waxseal/replay/{}/{slot}", self.capacity)
    }
}
