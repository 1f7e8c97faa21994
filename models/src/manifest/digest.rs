//! A fingerprint of what the models see of the manifests; it does not decide what they see.
//!
//! It covers the fields that were read into modelled objects, by name and value, and nothing else:
//! layout, comments, the order of keys and files, and fields that are not modelled do not change it.
//! A default that is written out counts as another content than one that is left out.

use sha2::{Digest, Sha256};

use super::kinds::Labels;

/// The hash of one object, fed while it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct ContentHash {
    hash: Sha256,
}

impl ContentHash {
    /// The hash of an object of this kind that holds nothing yet.
    pub(super) fn of_kind(kind: &str) -> Self {
        let mut hash = Self::default();
        hash.text(b'k', kind);
        hash
    }

    /// A mapping or list begins.
    pub(super) fn open(&mut self) {
        self.hash.update([b'(']);
    }

    /// It ends.
    pub(super) fn close(&mut self) {
        self.hash.update([b')']);
    }

    /// The name of what comes next.
    pub(super) fn name(&mut self, name: &str) {
        self.text(b'n', name);
    }

    /// A field and its value.
    pub(super) fn scalar(&mut self, name: &str, value: &str) {
        self.text(b'n', name);
        self.text(b'v', value);
    }

    /// A map of strings, in the order of its keys.
    pub(super) fn map(&mut self, name: &str, map: &Labels) {
        self.text(b'n', name);
        self.open();
        for (key, value) in map {
            self.scalar(key, &value.value);
        }
        self.close();
    }

    /// The fingerprint of the object.
    pub(super) fn finish(self) -> [u8; 32] {
        self.hash.finalize().into()
    }

    /// Lengths stand before texts, so that no two contents feed the same bytes.
    fn text(&mut self, tag: u8, text: &str) {
        self.hash.update([tag]);
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text.as_bytes());
    }
}

/// The fingerprint of a set of objects, whatever their order, in hexadecimal digits.
pub(super) fn combine(mut objects: Vec<[u8; 32]>) -> String {
    objects.sort_unstable();
    let mut hash = Sha256::new();
    for object in objects {
        hash.update(object);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_boundaries_do() {
        let object = |name, value| {
            let mut hash = ContentHash::of_kind("Service");
            hash.scalar(name, value);
            hash.finish()
        };
        let (one, two) = (object("a", "bc"), object("ab", "c"));
        assert_ne!(one, two);
        assert_eq!(combine(vec![one, two]), combine(vec![two, one]));
        assert_ne!(combine(vec![one]), combine(vec![one, one]));
        assert_eq!(combine(Vec::new()).len(), 64);
    }
}
