//! Snapshots of rows that somebody else keeps in a vector: each row is copied when it changed, and
//! shared with the snapshot before when it did not.

use std::sync::Arc;

/// Which rows changed since the latest snapshot, and that snapshot.
#[derive(Clone, Debug)]
pub struct Shares<T> {
    /// One bit a row.
    changed: Vec<u64>,
    saved: Vec<Arc<T>>,
}

/// Rows at one moment. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct SharesSnapshot<T> {
    rows: Vec<Arc<T>>,
}

impl<T> SharesSnapshot<T> {
    /// How many rows it does not share with `earlier`.
    #[must_use]
    pub fn rows_beside(&self, earlier: Option<&Self>) -> usize {
        let known = |place: usize| earlier.and_then(|earlier| earlier.rows.get(place));
        let is_new = |(place, row): &(usize, &Arc<T>)| {
            !known(*place).is_some_and(|known| Arc::ptr_eq(known, row))
        };
        self.rows.iter().enumerate().filter(is_new).count()
    }
}

impl<T: Clone> Shares<T> {
    /// For `rows` as they are now.
    #[must_use]
    pub fn new(rows: &[T]) -> Self {
        let saved = rows.iter().map(|row| Arc::new(row.clone())).collect();
        Self { changed: vec![0; rows.len().div_ceil(64)], saved }
    }

    /// A row is about to change.
    #[inline]
    pub fn mark(&mut self, row: usize) {
        self.changed[row / 64] |= 1 << (row % 64);
    }

    /// Puts `rows` aside.
    pub fn checkpoint(&mut self, rows: &[T]) -> SharesSnapshot<T> {
        for (word, bits) in self.changed.iter_mut().enumerate() {
            let mut left = std::mem::take(bits);
            while left != 0 {
                let row = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                self.saved[row] = Arc::new(rows[row].clone());
            }
        }
        SharesSnapshot { rows: self.saved.clone() }
    }

    /// Brings `rows` back to `snapshot`, which is of as many rows.
    pub fn restore(&mut self, rows: &mut [T], snapshot: &SharesSnapshot<T>) {
        for (row, wanted) in snapshot.rows.iter().enumerate() {
            let is_changed = self.changed[row / 64] >> (row % 64) & 1 == 1;
            if is_changed || !Arc::ptr_eq(&self.saved[row], wanted) {
                rows[row].clone_from(wanted);
                self.saved[row] = wanted.clone();
            }
        }
        self.changed.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_that_changed_are_copied_and_come_back() {
        let mut rows = vec![0u32; 100];
        let mut shares = Shares::new(&rows);
        let first = shares.checkpoint(&rows);
        shares.mark(70);
        rows[70] = 7;
        let second = shares.checkpoint(&rows);
        assert_eq!((first.rows_beside(None), second.rows_beside(Some(&first))), (100, 1));
        shares.mark(3);
        rows[3] = 3;
        shares.restore(&mut rows, &first);
        assert_eq!(rows, vec![0; 100]);
        shares.restore(&mut rows, &second);
        assert_eq!((rows[70], rows[3]), (7, 0));
    }
}
