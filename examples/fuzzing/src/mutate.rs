//! Inputs that are nearly right: the same ones from the same seed, on every machine.

/// Makes inputs out of others.
#[derive(Debug, Clone)]
pub struct Mutator {
    state: u64,
    words: &'static [&'static str],
}

/// Longer inputs say nothing that shorter ones do not.
const LONGEST: usize = 16 << 10;

/// Numbers at which readers change their minds.
const EDGES: [&str; 10] = [
    "0",
    "-1",
    "1",
    "255",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999",
];

impl Mutator {
    /// One for a target with these words.
    #[must_use]
    pub fn new(seed: u64, words: &'static [&'static str]) -> Self {
        Self { state: seed, words }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap_or(u64::MAX)).unwrap_or_default()
    }

    /// One of the corpus, changed a little.
    pub fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = match corpus {
            [] => Vec::new(),
            some => some[self.below(some.len())].clone(),
        };
        // Few changes mostly: what is broken in many places is refused for the first.
        let changes = 1 << self.below(4);
        for _ in 0..changes {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let to = at + self.below((input.len() - at).min(64) + 1);
        match self.below(10) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = u8::try_from(self.below(256)).unwrap_or_default(),
            2 => input.insert(at, u8::try_from(self.below(256)).unwrap_or_default()),
            3 => drop(input.drain(at..to)),
            4 => {
                let again = input[at..to].to_vec();
                let times = 1 + self.below(4);
                input.splice(at..at, again.repeat(times));
            }
            5 | 6 if !self.words.is_empty() => {
                let word = self.words[self.below(self.words.len())].as_bytes();
                let end = if self.below(2) == 0 { at } else { to };
                input.splice(at..end, word.iter().copied());
            }
            7 => {
                let edge = EDGES[self.below(EDGES.len())].as_bytes();
                // In the place of a number, where one begins here.
                let digits = input[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                input.splice(at..at + digits, edge.iter().copied());
            }
            8 if !corpus.is_empty() => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => input.truncate(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_makes_others() {
        let corpus = [b"GET /".to_vec(), b"bytes=0-5".to_vec()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed, &["word"]);
            (0..200).map(|_| mutator.input(&corpus)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let different: std::collections::HashSet<_> = inputs(1).into_iter().collect();
        assert!(different.len() > 150, "{} different inputs", different.len());
    }
}
