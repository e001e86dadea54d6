//! What was sent and not acknowledged, with the time of its next sending. Not for: telling what an entry means.

/// Wait before the first repeat, in milliseconds. Acknowledgements take milliseconds; an agent that is still starting
/// is ready after about a second.
pub(super) const FIRST_DELAY_MS: i64 = 5_000;
/// Longest wait between repeats.
pub(super) const MAX_DELAY_MS: i64 = 60_000;
/// An official agent reports the end of a command a moment before it has room for another one.
pub(super) const ROOM_DELAY_MS: i64 = 100;

/// A handful of entries at most times, often none: a plain list costs an idle channel 24 bytes.
#[derive(Debug)]
pub(super) struct Pending<K> {
    entries: Vec<Entry<K>>,
}

#[derive(Debug)]
struct Entry<K> {
    key: K,
    frame: Vec<u8>,
    due_ms: i64,
    delay_ms: i64,
    /// The other end has refused it for now.
    postponed: bool,
}

impl<K: PartialEq> Pending<K> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds what is being sent now; takes the place of an older entry with this key.
    pub(super) fn insert(&mut self, key: K, frame: Vec<u8>, now_ms: i64) {
        self.add(key, frame, now_ms.saturating_add(FIRST_DELAY_MS));
    }

    /// Adds what is to be sent at the next look.
    pub(super) fn insert_due(&mut self, key: K, frame: Vec<u8>, now_ms: i64) {
        self.add(key, frame, now_ms);
    }

    fn add(&mut self, key: K, frame: Vec<u8>, due_ms: i64) {
        self.entries.retain(|entry| entry.key != key);
        self.entries.push(Entry { key, frame, due_ms, delay_ms: FIRST_DELAY_MS, postponed: false });
    }

    /// Whether there was an entry that `matches`; it is gone.
    pub(super) fn remove(&mut self, matches: impl Fn(&K) -> bool) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !matches(&entry.key));
        if self.entries.is_empty() {
            self.entries = Vec::new();
        }
        self.entries.len() < before
    }

    /// Lets the entry that `matches` wait its whole delay from now on.
    pub(super) fn postpone(&mut self, matches: impl Fn(&K) -> bool, now_ms: i64) {
        for entry in self.entries.iter_mut().filter(|entry| matches(&entry.key)) {
            entry.due_ms = now_ms.saturating_add(entry.delay_ms);
            entry.postponed = true;
        }
    }

    /// The other end has room for one more: the oldest entry that was postponed is due in a moment.
    pub(super) fn hurry_one(&mut self, now_ms: i64) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.postponed) {
            entry.due_ms = entry.due_ms.min(now_ms.saturating_add(ROOM_DELAY_MS));
            entry.delay_ms = FIRST_DELAY_MS;
            entry.postponed = false;
        }
    }

    /// Makes every entry due, in the order of sending, and its delay the first one again.
    pub(super) fn all_due(&mut self, now_ms: i64) {
        for entry in &mut self.entries {
            entry.due_ms = now_ms;
            entry.delay_ms = FIRST_DELAY_MS;
        }
    }

    /// The frames whose time has come; each waits twice as long as before the next time.
    pub(super) fn due(&mut self, now_ms: i64) -> Vec<Vec<u8>> {
        let due = self.entries.iter_mut().filter(|entry| entry.due_ms <= now_ms);
        due.map(|entry| {
            entry.due_ms = now_ms.saturating_add(entry.delay_ms);
            entry.delay_ms = (entry.delay_ms * 2).min(MAX_DELAY_MS);
            entry.frame.clone()
        })
        .collect()
    }

    /// When the next frame is due.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.due_ms).min()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|entry| &entry.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_for_the_oldest_that_was_postponed() {
        let mut pending = Pending::new();
        for key in 1..=3 {
            pending.insert(key, vec![key], 0);
        }
        pending.hurry_one(0);
        assert_eq!(pending.next_due(), Some(FIRST_DELAY_MS));
        for key in [3, 2] {
            pending.postpone(|other| *other == key, 1000);
        }
        assert!(pending.remove(|key| *key == 1));
        pending.hurry_one(2000);
        assert_eq!(pending.next_due(), Some(2000 + ROOM_DELAY_MS));
        assert_eq!(pending.due(2000 + ROOM_DELAY_MS), [[2]]);
        pending.hurry_one(3000);
        assert_eq!(pending.due(3000 + ROOM_DELAY_MS), [[3]]);
    }

    #[test]
    fn repeats_wait_twice_as_long_each_time() {
        let mut pending = Pending::new();
        pending.insert(1, vec![1], 0);
        assert_eq!(pending.due(FIRST_DELAY_MS - 1), Vec::<Vec<u8>>::new());
        let mut times = Vec::new();
        while times.len() < 7 {
            let now = pending.next_due().unwrap();
            times.push(now / 1000);
            assert_eq!(pending.due(now), [[1]]);
        }
        assert_eq!(times, [5, 10, 20, 40, 80, 140, 200]);
        pending.all_due(0);
        assert_eq!(pending.due(0), [[1]]);
        assert_eq!(pending.next_due(), Some(FIRST_DELAY_MS));
        assert!(pending.remove(|key| *key == 1));
        assert!(!pending.remove(|key| *key == 1));
        assert_eq!(pending.next_due(), None);
    }
}
