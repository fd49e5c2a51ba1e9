//! Random numbers that are the same everywhere and for ever: `SplitMix64`, as published by Steele, Lea and Flood.

/// A stream of random numbers that depends on its seed alone.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `from..=until`. The remainder's bias is far below anything a simulation could show.
    pub fn between<T: Copy + Into<u64> + TryFrom<u64>>(&mut self, from: T, until: T) -> T {
        let span = until.into() - from.into() + 1;
        // What lies between two numbers of a type is of that type.
        T::try_from(from.into() + self.next() % span).unwrap_or(until)
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.between(1, 100_u64) <= percent
    }

    /// One of `choices`, which is not empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = self.next() % choices.len() as u64;
        &choices[usize::try_from(index).unwrap_or_default()]
    }

    /// An id in the form of a UUID of version 7: `millis` first, then random bits.
    pub fn uuid(&mut self, millis: u64) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xFFFF,
            high & 0xFFF,
            0x8000 | (high >> 48 & 0x3FFF),
            low & 0xFFFF_FFFF_FFFF,
        )
    }
}
