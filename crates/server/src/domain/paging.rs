//! Pages of a list: one row more than wanted is read, and says whether there is another page. Not for: what stands
//! in a page token, which each list decides.

/// The size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSize(usize);

impl PageSize {
    /// What the caller asked for, or the operation's default. The model's bounds were checked before.
    pub(crate) fn new(max_results: Option<i32>, default: usize) -> Self {
        Self(max_results.and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(default).max(1))
    }

    /// Rows to read.
    pub(crate) fn rows(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX - 1) + 1
    }

    /// Cuts off the row too many. `true` if there was one: another page follows.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>) -> bool {
        let more = rows.len() > self.0;
        rows.truncate(self.0);
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_too_many_means_another_page() {
        let size = PageSize::new(Some(2), 50);
        assert_eq!(size.rows(), 3);
        for (read, kept, more) in [(0, 0, false), (1, 1, false), (2, 2, false), (3, 2, true)] {
            let mut rows: Vec<i32> = (0..read).collect();
            assert_eq!(size.cut(&mut rows), more);
            assert_eq!(rows.len(), kept);
        }
        assert_eq!(PageSize::new(None, 50).rows(), 51);
        assert_eq!(PageSize::new(Some(-1), 50).rows(), 51);
    }
}
