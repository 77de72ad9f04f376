//! A set of accounts, as a bitmap over the directory's rows.

use super::Row;

/// A set of rows. A million accounts take 125 kB, and uniting two such sets is 16,000 word operations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    words: Vec<u64>,
    len: usize,
}

impl Rows {
    /// No row of `len`.
    pub fn none(len: usize) -> Rows {
        Rows { words: vec![0; len.div_ceil(64)], len }
    }

    /// Every row of `len`.
    pub fn all(len: usize) -> Rows {
        let mut rows = Rows { words: vec![u64::MAX; len.div_ceil(64)], len };
        rows.trim();
        rows
    }

    fn trim(&mut self) {
        let tail = self.len % 64;
        if tail != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << tail) - 1;
        }
    }

    /// Out of range is ignored: a row that does not exist is in no set.
    pub fn insert(&mut self, row: Row) {
        let row = row.index();
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// Whether a row is in the set; one beyond the directory never is.
    pub fn contains(&self, row: Row) -> bool {
        let row = row.index();
        row < self.len && self.words[row / 64] & (1 << (row % 64)) != 0
    }

    /// How many rows are in the set; goes over all its words.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no row is in the set; goes over its words until one is found.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Adds all rows of another set of the same directory.
    pub fn unite(&mut self, other: &Rows) {
        self.zip(other, |a, b| a | b);
    }

    /// Keeps the rows that another set of the same directory has too.
    pub fn intersect(&mut self, other: &Rows) {
        self.zip(other, |a, b| a & b);
    }

    /// Takes the rows of another set of the same directory out.
    pub fn subtract(&mut self, other: &Rows) {
        self.zip(other, |a, b| a & !b);
    }

    fn zip(&mut self, other: &Rows, with: impl Fn(u64, u64) -> u64) {
        debug_assert_eq!(self.len, other.len, "sets over different directories");
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a = with(*a, *b);
        }
    }

    /// The rows of the set in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut bits = *word;
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let bit = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    Row::new(index * 64 + bit)
                })
            })
        })
    }
}
