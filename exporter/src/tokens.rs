//! Enters: documents as token numbers. Leaves: [`TokenSet`], ragged sequences with
//! labels. Next: `train`, `evaluate`, `simulate`.

/// Number of a word in the vocabulary; 0 stands for every unknown word.
pub type Token = u16;

/// Labelled token sequences of different lengths, end to end in one buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSet {
    tokens: Vec<Token>, // [sum of lengths]
    start: Vec<u32>,    // [sequences + 1]
    labels: Vec<u8>,    // [sequences]
}

impl Default for TokenSet {
    fn default() -> Self {
        TokenSet {
            tokens: Vec::new(),
            start: vec![0],
            labels: Vec::new(),
        }
    }
}

impl TokenSet {
    /// An empty set.
    pub fn new() -> Self {
        TokenSet::default()
    }

    /// Adds one sequence.
    pub fn push(&mut self, tokens: impl IntoIterator<Item = Token>, label: u8) {
        self.tokens.extend(tokens);
        self.start
            .push(u32::try_from(self.tokens.len()).expect("fewer than 2^32 tokens"));
        self.labels.push(label);
    }

    /// At most `count` sequences, evenly spread over this set, so that every class that
    /// stands together has its share.
    pub fn spread(&self, count: usize) -> TokenSet {
        let mut set = TokenSet::new();
        let count = count.min(self.len());
        for k in 0..count {
            let index = k * self.len() / count;
            set.push(self.sequence(index).iter().copied(), self.label(index));
        }
        set
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of tokens in all sequences together.
    pub fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens of one sequence.
    pub fn sequence(&self, index: usize) -> &[Token] {
        &self.tokens[self.start[index] as usize..self.start[index + 1] as usize]
    }

    /// The class of one sequence.
    pub fn label(&self, index: usize) -> u8 {
        self.labels[index]
    }

    /// The classes of all sequences.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_from_every_part() {
        let mut set = TokenSet::new();
        (0..10).for_each(|k| set.push([k, k], (k >= 5).into()));
        let some = set.spread(4);
        let first: Vec<Token> = (0..4).map(|k| some.sequence(k)[0]).collect();
        assert_eq!(
            (first, some.labels()),
            (vec![0, 2, 5, 7], &[0, 0, 1, 1][..])
        );
        assert_eq!(set.spread(99), set);
        assert!(set.spread(0).is_empty());
    }
}
