//! A hash map that can only be asked, never walked; where order is seen, use `BTreeMap`.
//!
//! Iteration order of hash maps is the classic leak of nondeterminism. This type offers no
//! iteration at all, so speed can be had where only look-ups are needed.

use std::collections::hash_map;
use std::hash::{BuildHasherDefault, Hash, Hasher};

#[expect(clippy::disallowed_types, reason = "this wrapper is what makes the hash map safe to use")]
type Inner<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<MulHasher>>;

/// A map for look-ups in hot paths; it cannot be iterated.
#[derive(Clone, Debug)]
pub struct LookupMap<K, V> {
    inner: Inner<K, V>,
}

impl<K, V> Default for LookupMap<K, V> {
    fn default() -> Self {
        Self { inner: Inner::default() }
    }
}

impl<K: Eq + Hash, V> LookupMap<K, V> {
    /// An empty map with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { inner: Inner::with_capacity_and_hasher(capacity, BuildHasherDefault::default()) }
    }

    /// The value of `key`.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.inner.get(key)
    }

    /// Sets the value of `key` and returns the old one.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.inner.insert(key, value)
    }

    /// Removes `key` and returns its value.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.inner.remove(key)
    }

    /// The value of `key`, made by `make` if there is none yet.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        match self.inner.entry(key) {
            hash_map::Entry::Occupied(entry) => entry.into_mut(),
            hash_map::Entry::Vacant(entry) => entry.insert(make()),
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

/// A multiply-and-rotate hasher: the keys are our own ids and names, the order is never seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct MulHasher {
    state: u64,
}

impl MulHasher {
    fn mix(&mut self, word: u64) {
        self.state = (self.state.rotate_left(26) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for MulHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 32)
    }
}
