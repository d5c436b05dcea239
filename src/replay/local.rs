//! A bounded store in a fixed number of slots: what Envoy's shared data allows, since a key there
//! can never be removed. Never drops a claim that still matters: a full slot says so.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Claim, Claimed};
use crate::time::UnixTime;

/// Claims that a slot holds when the store is as full as it was planned for.
const PLANNED: u32 = 32;
/// Claims that a slot can hold: twice the plan, since ids do not spread evenly.
const ROOM: usize = 64;
/// Digest, then time.
const ENTRY: usize = DIGEST + 8;
const DIGEST: usize = 16;
/// Tries to change a slot that others change, too.
const TRIES: u8 = 32;

/// Where slots lie: memory that several workers may share.
pub trait Shelf {
    /// A slot's bytes and version; `None` for one that was never written.
    fn read(&self, slot: u32) -> Option<(Vec<u8>, u32)>;
    /// Writes a slot, unless it has changed since this version (`None`: since it was never
    /// written). Whether it did.
    fn write(&mut self, slot: u32, bytes: Vec<u8>, version: Option<u32>) -> bool;
}

/// A store of claims on a shelf.
#[derive(Clone, Debug)]
pub struct LocalStore<S = Memory> {
    shelf: S,
    capacity: u32,
    seed: [u8; 16],
}

/// The memory of one process.
#[derive(Clone, Debug, Default)]
pub struct Memory(BTreeMap<u32, Vec<u8>>);

impl LocalStore {
    /// An empty store in this process's memory with room for so many claims; the seed is random, so
    /// that nobody can aim at one slot.
    pub fn new(capacity: u32, seed: [u8; 16]) -> Self {
        Self::on(Memory::default(), capacity, seed)
    }
}

impl<S: Shelf> LocalStore<S> {
    /// A store on a shelf; capacity and seed must be the same for all who share it.
    pub fn on(shelf: S, capacity: u32, seed: [u8; 16]) -> Self {
        Self { shelf, capacity, seed }
    }

    /// Claims once.
    pub fn claim(&mut self, claim: &Claim, now: UnixTime) -> Claimed {
        let (slot, digest) = place(self.capacity, self.seed, &claim.key);
        for _ in 0..TRIES {
            let found = self.shelf.read(slot);
            let (bytes, version) = match &found {
                Some((bytes, version)) => (bytes.as_slice(), Some(*version)),
                None => (&[][..], None),
            };
            let entries = || bytes.chunks_exact(ENTRY).filter(|entry| end(entry) >= now.seconds());
            if entries().any(|entry| entry.starts_with(&digest)) {
                return Claimed::Taken;
            }
            if entries().count() >= ROOM {
                return Claimed::Failed("the store is full");
            }
            let mut kept = entries().collect::<Vec<_>>().concat();
            kept.extend(digest);
            kept.extend(claim.until.seconds().to_le_bytes());
            if self.shelf.write(slot, kept, version) {
                return Claimed::First;
            }
        }
        Claimed::Failed("the store does not take the claim")
    }
}

fn place(capacity: u32, seed: [u8; 16], key: &str) -> (u32, [u8; DIGEST]) {
    let hash = Sha256::new_with_prefix(seed).chain_update(key).finalize();
    let mut digest = [0; DIGEST];
    let mut number = [0; 8];
    digest.iter_mut().zip(&hash).for_each(|(to, from)| *to = *from);
    number.iter_mut().zip(hash.iter().skip(DIGEST)).for_each(|(to, from)| *to = *from);
    let slots = u64::from(capacity.div_ceil(PLANNED).max(1));
    let slot = u64::from_le_bytes(number).checked_rem(slots).unwrap_or(0);
    (u32::try_from(slot).unwrap_or(0), digest)
}

/// The last second at which an entry matters.
fn end(entry: &[u8]) -> i64 {
    let time = entry.get(DIGEST..).and_then(|bytes| bytes.try_into().ok());
    time.map_or(i64::MAX, i64::from_le_bytes)
}

impl Shelf for Memory {
    fn read(&self, slot: u32) -> Option<(Vec<u8>, u32)> {
        Some((self.0.get(&slot)?.clone(), 0))
    }

    fn write(&mut self, slot: u32, bytes: Vec<u8>, _version: Option<u32>) -> bool {
        self.0.insert(slot, bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Claimed, LocalStore, Memory, Shelf};
    use crate::time::UnixTime;

    fn asked(key: &str, until: i64) -> Claim {
        Claim { key: key.to_owned(), until: UnixTime::from_seconds(until), call: None }
    }

    #[test]
    fn an_id_is_given_once_until_it_ends() {
        let mut store = LocalStore::new(1000, [1; 16]);
        for (key, until, now, claimed) in [
            ("a", 100, 1, Claimed::First),
            ("a", 100, 1, Claimed::Taken),
            ("b", 100, 1, Claimed::First),
            ("a", 100, 100, Claimed::Taken),
            ("a", 200, 101, Claimed::First),
            ("b", 200, 101, Claimed::First),
        ] {
            let now = UnixTime::from_seconds(now);
            assert_eq!(store.claim(&asked(key, until), now), claimed, "{key} at {now:?}");
        }
    }

    #[test]
    fn the_planned_number_fits_and_memory_is_bounded() {
        let (mut store, now) = (LocalStore::new(10_000, [2; 16]), UnixTime::from_seconds(0));
        let mut full = 0;
        for number in 0..50_000 {
            let claimed = store.claim(&asked(&number.to_string(), 10), now);
            if number < 10_000 {
                assert_eq!(claimed, Claimed::First, "{number}");
            }
            full += u32::from(claimed == Claimed::Failed("the store is full"));
        }
        assert!(full > 29_000, "{full}");
        let held: usize = store.shelf.0.values().map(Vec::len).sum();
        assert_eq!(held, 313 * 64 * 24);
        // What has ended makes room again.
        assert_eq!(store.claim(&asked("later", 20), UnixTime::from_seconds(11)), Claimed::First);
    }

    /// Another worker writes between every read and write.
    struct Contended(Memory, u32);

    impl Shelf for Contended {
        fn read(&self, slot: u32) -> Option<(Vec<u8>, u32)> {
            self.0.read(slot)
        }

        fn write(&mut self, slot: u32, bytes: Vec<u8>, version: Option<u32>) -> bool {
            self.1 = self.1.saturating_sub(1);
            self.1 == 0 && self.0.write(slot, bytes, version)
        }
    }

    #[test]
    fn a_lost_race_is_run_again_but_not_for_ever() {
        let now = UnixTime::from_seconds(0);
        let run = |losses| {
            let shelf = Contended(Memory::default(), losses);
            LocalStore::on(shelf, 1000, [0; 16]).claim(&asked("a", 9), now)
        };
        assert_eq!(run(5), Claimed::First);
        assert_eq!(run(100), Claimed::Failed("the store does not take the claim"));
    }
}
