//! A contiguous vector whose snapshots share the pages that did not change.
//!
//! Reading costs what a vector costs; writing sets one more bit. It does not free elements: that
//! is the slab's business.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Elements a page. A page of cache-line-sized elements is four kilobytes.
pub const PAGE_ELEMENTS: usize = 64;

/// Pages whose dirty bits share a word.
const PAGES_PER_WORD: usize = 64;

/// A growable array with copy-on-write snapshots.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    elements: Vec<T>,
    /// One bit a page: written since the page was last saved or restored.
    dirty: Vec<u64>,
    /// The pages of the latest snapshot; where a page is not dirty, this equals `elements`.
    saved: Vec<Arc<[T]>>,
}

/// The elements of a [`Paged`] at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct PagedSnapshot<T> {
    pages: Vec<Arc<[T]>>,
}

impl<T> PagedSnapshot<T> {
    /// How many pages it has in common, in memory, with `other`.
    #[must_use]
    pub fn shared_pages(&self, other: &Self) -> usize {
        self.pages.iter().zip(&other.pages).filter(|(a, b)| Arc::ptr_eq(a, b)).count()
    }

    /// How many pages it has.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.len()
    }
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self { elements: Vec::new(), dirty: Vec::new(), saved: Vec::new() }
    }
}

impl<T> Paged<T> {
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
        let page = index / PAGE_ELEMENTS;
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
        let page = index / PAGE_ELEMENTS;
        self.dirty[page / PAGES_PER_WORD] |= 1 << (page % PAGES_PER_WORD);
    }

    fn is_dirty(&self, page: usize) -> bool {
        self.dirty[page / PAGES_PER_WORD] & 1 << (page % PAGES_PER_WORD) != 0
    }

    fn page_count(&self) -> usize {
        self.elements.len().div_ceil(PAGE_ELEMENTS)
    }
}

impl<T: Clone> Paged<T> {
    /// Puts the present elements aside. Pages not written since the previous checkpoint or
    /// restore are shared with it.
    pub fn checkpoint(&mut self) -> PagedSnapshot<T> {
        for page in 0..self.page_count() {
            if !self.is_dirty(page) {
                continue;
            }
            let first = page * PAGE_ELEMENTS;
            let last = (first + PAGE_ELEMENTS).min(self.elements.len());
            let copy: Arc<[T]> = Arc::from(&self.elements[first..last]);
            if page < self.saved.len() {
                self.saved[page] = copy;
            } else {
                // Pages beyond the saved ones are new, so all of them are dirty.
                self.saved.push(copy);
            }
        }
        self.dirty.fill(0);
        PagedSnapshot { pages: self.saved.clone() }
    }

    /// Brings the elements of `snapshot` back. Copies only pages that differ.
    pub fn restore(&mut self, snapshot: &PagedSnapshot<T>) {
        for (page, wanted) in snapshot.pages.iter().enumerate() {
            let first = page * PAGE_ELEMENTS;
            let last = first + wanted.len();
            let unchanged = page < self.page_count()
                && !self.is_dirty(page)
                && self.saved.get(page).is_some_and(|saved| Arc::ptr_eq(saved, wanted));
            if unchanged {
                continue;
            }
            let overlap = last.min(self.elements.len()).saturating_sub(first);
            self.elements[first..first + overlap].clone_from_slice(&wanted[..overlap]);
            self.elements.extend_from_slice(&wanted[overlap..]);
        }
        let len = snapshot.pages.iter().map(|page| page.len()).sum();
        self.elements.truncate(len);
        self.saved.clone_from(&snapshot.pages);
        self.dirty.clear();
        self.dirty.resize(self.page_count().div_ceil(PAGES_PER_WORD), 0);
    }
}

impl<T> FromIterator<T> for Paged<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut table = Self::new();
        for element in elements {
            table.push(element);
        }
        table
    }
}

impl<T> Index<u32> for Paged<T> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.elements[index as usize]
    }
}

impl<T> IndexMut<u32> for Paged<T> {
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
        let mut paged = Paged::new();
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
        let mut paged = Paged::new();
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

    proptest! {
        /// The model is a plain vector and full copies of it.
        #[test]
        fn any_history_of_snapshots_reads_like_full_copies(
            steps in prop::collection::vec(step(), 0..600),
        ) {
            let mut paged = Paged::new();
            let mut model: Vec<u8> = Vec::new();
            let mut taken = Vec::new();
            for step in steps {
                match step {
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
        }
    }
}
