//! Enters: documents as token numbers, or recordings as samples. Leaves: [`SequenceSet`],
//! ragged sequences with labels. Next: `train`, `evaluate`, `simulate`.

/// Number of a word in the vocabulary; 0 stands for every unknown word.
pub type Token = u16;

/// One sequence, the last step last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sequence<'a> {
    /// A token a step.
    Tokens(&'a [Token]),
    /// A sample of every channel a step.
    Samples {
        /// Step by step.
        values: &'a [f32], // [steps x channels]
        /// Numbers of one step.
        channels: usize,
    },
}

impl<'a> Sequence<'a> {
    /// Number of steps.
    pub fn len(self) -> usize {
        match self {
            Sequence::Tokens(tokens) => tokens.len(),
            Sequence::Samples { values, channels } => values.len() / channels,
        }
    }

    /// Whether there is no step.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The tokens; none of a recording.
    pub fn tokens(self) -> &'a [Token] {
        match self {
            Sequence::Tokens(tokens) => tokens,
            Sequence::Samples { .. } => &[],
        }
    }

    /// The samples step by step; none of a text.
    pub fn samples(self) -> impl Iterator<Item = &'a [f32]> {
        let (values, channels): (&[f32], usize) = match self {
            Sequence::Tokens(_) => (&[], 1),
            Sequence::Samples { values, channels } => (values, channels),
        };
        values.chunks_exact(channels)
    }
}

impl<'a, T: AsRef<[Token]> + ?Sized> From<&'a T> for Sequence<'a> {
    fn from(tokens: &'a T) -> Self {
        Sequence::Tokens(tokens.as_ref())
    }
}

/// The steps of all sequences, end to end.
#[derive(Debug, Clone, PartialEq)]
enum Steps {
    Tokens(Vec<Token>), // [sum of lengths]
    Samples {
        values: Vec<f32>, // [sum of lengths x channels]
        channels: usize,
    },
}

/// Labelled sequences of different lengths, end to end in one buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceSet {
    steps: Steps,
    start: Vec<u32>, // [sequences + 1], in steps
    labels: Vec<u8>, // [sequences]
}

impl SequenceSet {
    /// An empty set of token sequences.
    pub fn of_tokens() -> Self {
        SequenceSet::new(Steps::Tokens(Vec::new()))
    }

    /// An empty set of recordings.
    ///
    /// # Panics
    /// If there is no channel.
    pub fn of_samples(channels: usize) -> Self {
        assert!(channels > 0, "a sample has at least one channel");
        let values = Vec::new();
        SequenceSet::new(Steps::Samples { values, channels })
    }

    fn new(steps: Steps) -> Self {
        SequenceSet {
            steps,
            start: vec![0],
            labels: Vec::new(),
        }
    }

    /// A set of one sequence.
    pub fn of_one(sequence: Sequence<'_>, label: u8) -> Self {
        let mut set = match sequence {
            Sequence::Tokens(_) => SequenceSet::of_tokens(),
            Sequence::Samples { channels, .. } => SequenceSet::of_samples(channels),
        };
        set.push_sequence(sequence, label);
        set
    }

    /// An empty set of the same kind.
    pub fn empty_like(&self) -> Self {
        match self.channels() {
            None => SequenceSet::of_tokens(),
            Some(channels) => SequenceSet::of_samples(channels),
        }
    }

    /// Numbers of one step of a recording; `None` for tokens.
    pub fn channels(&self) -> Option<usize> {
        match self.steps {
            Steps::Tokens(_) => None,
            Steps::Samples { channels, .. } => Some(channels),
        }
    }

    /// Adds one sequence of tokens.
    ///
    /// # Panics
    /// If this is a set of recordings.
    pub fn push(&mut self, tokens: impl IntoIterator<Item = Token>, label: u8) {
        match &mut self.steps {
            Steps::Tokens(all) => all.extend(tokens),
            Steps::Samples { .. } => panic!("tokens in a set of recordings"),
        }
        self.close(label);
    }

    /// Adds one recording, step by step.
    ///
    /// # Panics
    /// If this is a set of token sequences, or a step is not whole.
    pub fn push_samples(&mut self, samples: &[f32], label: u8) {
        match &mut self.steps {
            Steps::Samples { values, channels } if samples.len().is_multiple_of(*channels) => {
                values.extend_from_slice(samples);
            }
            _ => panic!("samples of other channels, or in a set of tokens"),
        }
        self.close(label);
    }

    fn close(&mut self, label: u8) {
        let end = self.step_count();
        self.start
            .push(u32::try_from(end).expect("fewer than 2^32 steps"));
        self.labels.push(label);
    }

    /// Adds a sequence of the same kind.
    ///
    /// # Panics
    /// If it is of the other kind.
    pub fn push_sequence(&mut self, sequence: Sequence<'_>, label: u8) {
        match sequence {
            Sequence::Tokens(tokens) => self.push(tokens.iter().copied(), label),
            Sequence::Samples { values, .. } => self.push_samples(values, label),
        }
    }

    /// At most `count` sequences, evenly spread over this set, so that every class that
    /// stands together has its share.
    pub fn spread(&self, count: usize) -> SequenceSet {
        let mut set = self.empty_like();
        let count = count.min(self.len());
        for k in 0..count {
            let index = k * self.len() / count;
            set.push_sequence(self.sequence(index), self.label(index));
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

    /// Number of steps, tokens or samples, in all sequences together.
    pub fn step_count(&self) -> usize {
        match &self.steps {
            Steps::Tokens(tokens) => tokens.len(),
            Steps::Samples { values, channels } => values.len() / channels,
        }
    }

    /// What a step is: `token` or `sample`.
    pub fn step_name(&self) -> &'static str {
        match self.steps {
            Steps::Tokens(_) => "token",
            Steps::Samples { .. } => "sample",
        }
    }

    /// One sequence.
    pub fn sequence(&self, index: usize) -> Sequence<'_> {
        let range = self.start[index] as usize..self.start[index + 1] as usize;
        match &self.steps {
            Steps::Tokens(tokens) => Sequence::Tokens(&tokens[range]),
            &Steps::Samples {
                ref values,
                channels,
            } => Sequence::Samples {
                values: &values[range.start * channels..range.end * channels],
                channels,
            },
        }
    }

    /// The tokens of one sequence; none of a recording.
    pub fn tokens(&self, index: usize) -> &[Token] {
        self.sequence(index).tokens()
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
        let mut set = SequenceSet::of_tokens();
        (0..10).for_each(|k| set.push([k, k], (k >= 5).into()));
        let some = set.spread(4);
        let first: Vec<Token> = (0..4).map(|k| some.tokens(k)[0]).collect();
        assert_eq!(
            (first, some.labels()),
            (vec![0, 2, 5, 7], &[0, 0, 1, 1][..])
        );
        assert_eq!(set.spread(99), set);
        assert!(set.spread(0).is_empty());
    }

    #[test]
    fn recordings_keep_their_channels_together() {
        let mut set = SequenceSet::of_samples(2);
        set.push_samples(&[1.0, 2.0, 3.0, 4.0], 1);
        set.push_samples(&[], 0);
        set.push_samples(&[5.0, 6.0], 0);
        assert_eq!((set.len(), set.step_count()), (3, 3));
        let steps: Vec<&[f32]> = set.sequence(0).samples().collect();
        assert_eq!(steps, [[1.0, 2.0], [3.0, 4.0]]);
        assert!(set.sequence(1).is_empty());
        assert_eq!(set.sequence(2).len(), 1);
        assert!(set.tokens(0).is_empty());
        assert_eq!(set.spread(3), set);
    }
}
