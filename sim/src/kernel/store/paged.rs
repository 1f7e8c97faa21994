//! A contiguous vector whose snapshots share the pages that did not change.
//!
//! Reading costs what a vector costs; writing sets one more bit. It does not free elements: that
//! is the slab's business.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Elements a page. A page of cache-line-sized elements is four kilobytes.
pub const PAGE_ELEMENTS: usize = 64;

/// Pages whose dirty bits share a word; snapshots share such groups as a whole where none of their
/// pages changed.
const PAGES_PER_WORD: usize = 64;

/// A growable array with copy-on-write snapshots of pages with `PAGE` elements.
#[derive(Clone, Debug)]
pub struct Paged<T, const PAGE: usize = PAGE_ELEMENTS> {
    elements: Vec<T>,
    /// One bit a page: written since the page was last saved or restored.
    dirty: Vec<u64>,
    /// The pages of the latest snapshot; where a page is not dirty, this equals `elements`.
    saved: Vec<Group<T>>,
}

/// The pages of one word of dirty bits.
type Group<T> = Arc<[Arc<[T]>]>;

/// The elements of a [`Paged`] at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct PagedSnapshot<T> {
    groups: Vec<Group<T>>,
}

impl<T> PagedSnapshot<T> {
    /// How many pages it has in common, in memory, with `other`.
    #[must_use]
    pub fn shared_pages(&self, other: &Self) -> usize {
        self.all_pages().zip(other.all_pages()).filter(|(a, b)| Arc::ptr_eq(a, b)).count()
    }

    /// How many pages it has.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.groups.iter().map(|group| group.len()).sum()
    }

    /// The bytes that it takes beside `earlier`, with which it shares what did not change; what
    /// elements hold elsewhere is not counted.
    #[must_use]
    pub fn bytes_beside(&self, earlier: Option<&Self>) -> usize {
        let mut bytes = self.groups.len() * size_of::<Group<T>>();
        for (place, group) in self.groups.iter().enumerate() {
            let known = earlier.and_then(|earlier| earlier.groups.get(place));
            if known.is_some_and(|known| Arc::ptr_eq(known, group)) {
                continue;
            }
            bytes += size_of_val::<[Arc<[T]>]>(group);
            for (place, page) in group.iter().enumerate() {
                let known = known.and_then(|known| known.get(place));
                if !known.is_some_and(|known| Arc::ptr_eq(known, page)) {
                    bytes += size_of_val::<[T]>(page);
                }
            }
        }
        bytes
    }

    fn all_pages(&self) -> impl Iterator<Item = &Arc<[T]>> {
        self.groups.iter().flat_map(|group| group.iter())
    }
}

impl<T, const PAGE: usize> Default for Paged<T, PAGE> {
    fn default() -> Self {
        Self { elements: Vec::new(), dirty: Vec::new(), saved: Vec::new() }
    }
}

impl<T, const PAGE: usize> Paged<T, PAGE> {
    /// An empty array. It takes no memory until something is pushed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Appends an element and returns its index.
    ///
    /// # Panics
    /// When there are 2^32 elements already.
    pub fn push(&mut self, element: T) -> u32 {
        let index = self.elements.len();
        let page = index / PAGE;
        if page / PAGES_PER_WORD == self.dirty.len() {
            self.dirty.push(0);
        }
        self.elements.push(element);
        self.mark(index);
        u32::try_from(index).expect("dense ids have 32 bits")
    }

    /// The element at `index`, if there is one.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&T> {
        self.elements.get(index as usize)
    }

    /// All elements, for reading.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.elements
    }

    /// All elements in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.elements.iter()
    }

    fn mark(&mut self, index: usize) {
        let page = index / PAGE;
        self.dirty[page / PAGES_PER_WORD] |= 1 << (page % PAGES_PER_WORD);
    }

    /// The elements of a page.
    fn span(&self, page: usize) -> std::ops::Range<usize> {
        let first = page * PAGE;
        first..(first + PAGE).min(self.elements.len())
    }

    fn page_count(&self) -> usize {
        self.elements.len().div_ceil(PAGE)
    }
}

impl<T: Clone, const PAGE: usize> Paged<T, PAGE> {
    /// Puts the present elements aside. Pages not written since the previous checkpoint or
    /// restore are shared with it.
    pub fn checkpoint(&mut self) -> PagedSnapshot<T> {
        for place in 0..self.dirty.len() {
            let bits = std::mem::take(&mut self.dirty[place]);
            if bits == 0 {
                continue;
            }
            let first = place * PAGES_PER_WORD;
            let last = (first + PAGES_PER_WORD).min(self.page_count());
            let page = |page: usize| match self.saved.get(place) {
                // Pages beyond the saved ones are new, so all of them are dirty.
                Some(saved) if bits >> (page - first) & 1 == 0 => saved[page - first].clone(),
                _ => Arc::from(&self.elements[self.span(page)]),
            };
            let group: Group<T> = (first..last).map(page).collect();
            if place < self.saved.len() {
                self.saved[place] = group;
            } else {
                self.saved.push(group);
            }
        }
        PagedSnapshot { groups: self.saved.clone() }
    }

    /// Brings the elements of `snapshot` back. Copies only pages that differ.
    pub fn restore(&mut self, snapshot: &PagedSnapshot<T>) {
        let mut len = 0;
        for (place, wanted) in snapshot.groups.iter().enumerate() {
            let saved = self.saved.get(place).cloned();
            let bits = self.dirty.get(place).copied().unwrap_or(0);
            let is_same = saved.as_ref().is_some_and(|saved| Arc::ptr_eq(saved, wanted));
            if is_same && bits == 0 {
                len = place * PAGES_PER_WORD * PAGE;
                len += wanted.iter().map(|page| page.len()).sum::<usize>();
                continue;
            }
            for (number, page) in wanted.iter().enumerate() {
                let first = (place * PAGES_PER_WORD + number) * PAGE;
                len = first + page.len();
                let saved = saved.as_ref().and_then(|saved| saved.get(number));
                let unchanged =
                    bits >> number & 1 == 0 && saved.is_some_and(|saved| Arc::ptr_eq(saved, page));
                if unchanged {
                    continue;
                }
                let overlap = len.min(self.elements.len()).saturating_sub(first);
                self.elements[first..first + overlap].clone_from_slice(&page[..overlap]);
                self.elements.extend_from_slice(&page[overlap..]);
            }
        }
        self.elements.truncate(len);
        self.saved.clone_from(&snapshot.groups);
        self.dirty.clear();
        self.dirty.resize(self.page_count().div_ceil(PAGES_PER_WORD), 0);
    }
}

impl<T, const PAGE: usize> FromIterator<T> for Paged<T, PAGE> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut table = Self::new();
        for element in elements {
            table.push(element);
        }
        table
    }
}

impl<T, const PAGE: usize> Index<u32> for Paged<T, PAGE> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.elements[index as usize]
    }
}

impl<T, const PAGE: usize> IndexMut<u32> for Paged<T, PAGE> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        let index = index as usize;
        self.mark(index);
        &mut self.elements[index]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_snapshot_shares_the_pages_that_were_not_written() {
        let mut paged: Paged<u32> = Paged::new();
        for number in 0..1_000u32 {
            paged.push(number);
        }
        let first = paged.checkpoint();
        paged[130] = 0;
        let second = paged.checkpoint();
        assert_eq!((first.pages(), second.pages()), (16, 16));
        assert_eq!(second.shared_pages(&first), 15, "only the page of element 130 was copied");
    }

    #[test]
    fn restoring_copies_back_only_what_differs_and_later_snapshots_still_share() {
        let mut paged: Paged<u32> = Paged::new();
        for number in 0..256u32 {
            paged.push(number);
        }
        let before = paged.checkpoint();
        paged[70] = 9_999;
        paged.restore(&before);
        assert_eq!(paged[70], 70);
        assert_eq!(paged.checkpoint().shared_pages(&before), 4);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Write(u32, u8),
        Checkpoint,
        Restore(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => any::<u8>().prop_map(Step::Push),
            8 => (any::<u32>(), any::<u8>()).prop_map(|(at, value)| Step::Write(at, value)),
            1 => Just(Step::Checkpoint),
            1 => any::<usize>().prop_map(Step::Restore),
        ]
    }

    /// The model is a plain vector and full copies of it.
    fn reads_like_full_copies<const PAGE: usize>(steps: &[Step]) -> Result<(), TestCaseError> {
        let mut paged: Paged<u8, PAGE> = Paged::new();
        let mut model: Vec<u8> = Vec::new();
        let mut taken = Vec::new();
        for step in steps {
            match *step {
                Step::Push(value) => {
                    prop_assert_eq!(paged.push(value) as usize, model.len());
                    model.push(value);
                }
                Step::Write(at, value) if !model.is_empty() => {
                    let at = at % model.len() as u32;
                    paged[at] = value;
                    model[at as usize] = value;
                }
                Step::Checkpoint => taken.push((paged.checkpoint(), model.clone())),
                Step::Restore(which) if !taken.is_empty() => {
                    let (snapshot, copy) = &taken[which % taken.len()];
                    paged.restore(snapshot);
                    model.clone_from(copy);
                }
                Step::Write(..) | Step::Restore(_) => {}
            }
            prop_assert_eq!(paged.as_slice(), &model[..]);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_history_of_snapshots_reads_like_full_copies(
            steps in prop::collection::vec(step(), 0..600),
        ) {
            reads_like_full_copies::<PAGE_ELEMENTS>(&steps)?;
            reads_like_full_copies::<1>(&steps)?;
        }
    }

    #[test]
    fn a_snapshot_takes_the_bytes_of_what_changed() {
        let mut paged: Paged<u64> = (0..64 * 64 * 3).collect();
        let first = paged.checkpoint();
        paged[64 * 64] = 7;
        let second = paged.checkpoint();
        assert!(first.bytes_beside(None) > 64 * 64 * 3 * 8);
        assert!(second.bytes_beside(Some(&first)) < 64 * 8 + 64 * 16 + 3 * 16 + 1);
    }
}
