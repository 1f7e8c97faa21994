//! Dense typed ids and the tables they index.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An id that indexes an [`IdTable`].
pub trait TableId: Copy {
    /// The id of the `index`-th entry.
    fn from_index(index: usize) -> Self;
    /// The position in the table.
    fn index(self) -> usize;
}

macro_rules! table_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl TableId for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("a table never holds 2^32 entries"))
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

table_ids! {
    /// A cluster.
    ClusterId,
    /// A region.
    RegionId,
    /// A zone.
    ZoneId,
    /// A node.
    NodeId,
    /// A namespace of one cluster.
    NamespaceId,
    /// A service account.
    ServiceAccountId,
    /// A Service.
    ServiceId,
    /// A workload: a controller and its pods, a bare pod, or a host outside.
    WorkloadId,
    /// A pod.
    PodId,
    /// An Ingress class of one cluster.
    IngressClassId,
}

/// A table whose rows are named by a typed id.
#[derive(Clone, Debug)]
pub struct IdTable<I, T> {
    rows: Vec<T>,
    id: PhantomData<I>,
}

impl<I, T> Default for IdTable<I, T> {
    fn default() -> Self {
        Self { rows: Vec::new(), id: PhantomData }
    }
}

impl<I: TableId, T> IdTable<I, T> {
    /// Appends a row and returns its id.
    pub fn push(&mut self, row: T) -> I {
        let id = I::from_index(self.rows.len());
        self.rows.push(row);
        id
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order, as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.rows
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// The rows in order, to change.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.rows.iter_mut()
    }

    /// The rows with their ids.
    pub fn entries(&self) -> impl Iterator<Item = (I, &T)> {
        self.rows.iter().enumerate().map(|(index, row)| (I::from_index(index), row))
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.rows.len()).map(I::from_index)
    }
}

impl<I: TableId, T> Index<I> for IdTable<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.rows[id.index()]
    }
}

impl<I: TableId, T> IndexMut<I> for IdTable<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.index()]
    }
}

impl<I: TableId, T> FromIterator<T> for IdTable<I, T> {
    fn from_iter<R: IntoIterator<Item = T>>(rows: R) -> Self {
        Self { rows: rows.into_iter().collect(), id: PhantomData }
    }
}
