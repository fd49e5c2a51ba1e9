//! Where the choices come from: a stream of numbers that somebody else owns.

/// A stream of numbers. The same stream gives the same instances.
pub(crate) trait Choices {
    /// The next number.
    fn next(&mut self) -> u64;
}

impl dyn Choices + '_ {
    /// A number below `limit`; 0 when there is none.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        if limit <= 1 {
            return 0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below a usize")]
        let chosen = (self.next() % limit as u64) as usize;
        chosen
    }

    /// Whether something that happens `times` in `of` happens now.
    pub(super) fn chance(&mut self, times: usize, of: usize) -> bool {
        self.below(of) < times
    }

    /// A whole number from `low` to `high`: often an end, or near one.
    pub(super) fn between(&mut self, low: i128, high: i128) -> i128 {
        let span = high.saturating_sub(low);
        if span <= 0 {
            return low;
        }
        match self.below(8) {
            0 => low,
            1 => high,
            2 => (low + 1).min(high),
            3 => (high - 1).max(low),
            4 | 5 => 0_i128.saturating_add(self.small()).clamp(low, high),
            _ => {
                // Of every size, not only of the largest.
                let bits = 1 + self.below(126);
                let offset = (i128::from(self.next()) << 62 ^ i128::from(self.next()))
                    & (1_i128 << bits.min(125)).saturating_sub(1);
                let offset = offset.rem_euclid(span.saturating_add(1));
                low.saturating_add(offset).clamp(low, high)
            }
        }
    }

    fn small(&mut self) -> i128 {
        [0, 1, -1, 2, 3, 7, 10, 42, 100, 1000][self.below(10)]
    }

    /// One of `items`.
    pub(super) fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// `items` in another order.
    pub(super) fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for index in (1..items.len()).rev() {
            let other = self.below(index + 1);
            items.swap(index, other);
        }
        items
    }
}

/// Numbers that follow from a seed, by `SplitMix64` (Steele, Lea, Flood: *Fast splittable pseudorandom number
/// generators*, OOPSLA 2014).
pub(crate) struct Seeded(pub(crate) u64);

impl Choices for Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
