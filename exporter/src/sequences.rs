//! Enters: documents as token numbers, or recordings as samples. Leaves: [`SequenceSet`],
//! ragged sequences with what they are to be answered with. Next: `train`, `evaluate`,
//! `simulate`.

use set_lstm_runtime::wire::{Answer, Moment, Task};

use crate::target::Target;

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

/// The targets of all sequences, or of all their steps, end to end.
#[derive(Debug, Clone, PartialEq)]
enum Targets {
    Classes(Vec<u8>), // [sequences] or [sum of lengths]
    Values {
        values: Vec<f32>, // [sequences x outputs] or [sum of lengths x outputs]
        outputs: usize,
    },
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

/// Sequences of different lengths with their targets, end to end in one buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceSet {
    steps: Steps,
    start: Vec<u32>, // [sequences + 1], in steps
    targets: Targets,
    moment: Moment,
}

impl SequenceSet {
    /// An empty set of token sequences, each with a class.
    pub fn of_tokens() -> Self {
        SequenceSet::new(Steps::Tokens(Vec::new()))
    }

    /// An empty set of recordings, each with a class.
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
            targets: Targets::Classes(Vec::new()),
            moment: Moment::End,
        }
    }

    /// The empty set with targets of another kind; `outputs` is how many numbers make one
    /// target, and counts for numbers only.
    ///
    /// # Panics
    /// If there are sequences already, or numbers of which there are none.
    #[must_use]
    pub fn answering(mut self, task: Task, outputs: usize) -> Self {
        assert!(self.is_empty(), "the kind of targets comes before them");
        self.moment = task.moment;
        self.targets = match task.answer {
            Answer::Class => Targets::Classes(Vec::new()),
            Answer::Values => {
                assert!(outputs > 0, "a regression has at least one number");
                let values = Vec::new();
                Targets::Values { values, outputs }
            }
        };
        self
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
        let set = match self.channels() {
            None => SequenceSet::of_tokens(),
            Some(channels) => SequenceSet::of_samples(channels),
        };
        set.answering(self.task(), self.outputs())
    }

    /// What the sequences are to be answered with, and when.
    pub fn task(&self) -> Task {
        let answer = match self.targets {
            Targets::Classes(_) => Answer::Class,
            Targets::Values { .. } => Answer::Values,
        };
        Task {
            answer,
            moment: self.moment,
        }
    }

    /// How many numbers make one target: 1 for a class.
    pub fn outputs(&self) -> usize {
        match self.targets {
            Targets::Classes(_) => 1,
            Targets::Values { outputs, .. } => outputs,
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
    /// If this is a set of recordings, or of targets of another kind or number.
    pub fn push<'t>(
        &mut self,
        tokens: impl IntoIterator<Item = Token>,
        target: impl Into<Target<'t>>,
    ) {
        match &mut self.steps {
            Steps::Tokens(all) => all.extend(tokens),
            Steps::Samples { .. } => panic!("tokens in a set of recordings"),
        }
        self.close(target.into());
    }

    /// Adds one recording, step by step.
    ///
    /// # Panics
    /// If this is a set of token sequences or of targets of another kind or number, or a step is
    /// not whole.
    pub fn push_samples<'t>(&mut self, samples: &[f32], target: impl Into<Target<'t>>) {
        match &mut self.steps {
            Steps::Samples { values, channels } if samples.len().is_multiple_of(*channels) => {
                values.extend_from_slice(samples);
            }
            _ => panic!("samples of other channels, or in a set of tokens"),
        }
        self.close(target.into());
    }

    fn close(&mut self, target: Target<'_>) {
        let (end, begin) = (self.step_count(), self.start[self.len()] as usize);
        self.start
            .push(u32::try_from(end).expect("fewer than 2^32 steps"));
        assert_eq!(target.task(), self.task(), "targets of one kind");
        let answers = target.answers(end - begin);
        match (target, &mut self.targets) {
            (Target::Class(class), Targets::Classes(classes)) => classes.push(class),
            (Target::ClassOfSteps(labels), Targets::Classes(classes)) => {
                assert_eq!(labels.len(), answers, "a label for every step");
                classes.extend_from_slice(labels);
            }
            (
                Target::Values(new) | Target::ValuesOfSteps(new),
                Targets::Values { values, outputs },
            ) => {
                assert_eq!(new.len(), answers * *outputs, "all numbers of every answer");
                values.extend_from_slice(new);
            }
            _ => unreachable!("the kinds were compared"),
        }
    }

    /// Adds a sequence of the same kind.
    ///
    /// # Panics
    /// If it is of the other kind, or its targets are.
    pub fn push_sequence<'t>(&mut self, sequence: Sequence<'_>, target: impl Into<Target<'t>>) {
        match sequence {
            Sequence::Tokens(tokens) => self.push(tokens.iter().copied(), target),
            Sequence::Samples { values, .. } => self.push_samples(values, target),
        }
    }

    /// At most `count` sequences, evenly spread over this set, so that every class that
    /// stands together has its share.
    pub fn spread(&self, count: usize) -> SequenceSet {
        let mut set = self.empty_like();
        let count = count.min(self.len());
        for k in 0..count {
            let index = k * self.len() / count;
            set.push_sequence(self.sequence(index), self.target(index));
        }
        set
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of steps, tokens or samples, in all sequences together.
    pub fn step_count(&self) -> usize {
        match &self.steps {
            Steps::Tokens(tokens) => tokens.len(),
            Steps::Samples { values, channels } => values.len() / channels,
        }
    }

    /// The number of steps of every sequence, if they have all the same.
    pub fn common_length(&self) -> Option<usize> {
        let mut lengths = self.start.windows(2).map(|ends| ends[1] - ends[0]);
        let first = lengths.next()?;
        lengths
            .all(|length| length == first)
            .then_some(first as usize)
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

    /// What one sequence is to be answered with.
    pub fn target(&self, index: usize) -> Target<'_> {
        let answers = match self.moment {
            Moment::End => index..index + 1,
            Moment::EveryStep => self.start[index] as usize..self.start[index + 1] as usize,
        };
        match (&self.targets, self.moment) {
            (Targets::Classes(classes), Moment::End) => Target::Class(classes[index]),
            (Targets::Classes(classes), Moment::EveryStep) => {
                Target::ClassOfSteps(&classes[answers])
            }
            (Targets::Values { values, outputs }, moment) => {
                let values = &values[answers.start * outputs..answers.end * outputs];
                match moment {
                    Moment::End => Target::Values(values),
                    Moment::EveryStep => Target::ValuesOfSteps(values),
                }
            }
        }
    }

    /// The class of one sequence.
    ///
    /// # Panics
    /// If the targets are others.
    pub fn label(&self, index: usize) -> u8 {
        self.target(index).class().expect("a class a sequence")
    }

    /// The classes of all sequences, or of all steps, one after the other; none of numbers.
    pub fn labels(&self) -> &[u8] {
        match &self.targets {
            Targets::Classes(classes) => classes,
            Targets::Values { .. } => &[],
        }
    }

    /// The numbers of all sequences, or of all steps, one after the other; none of classes.
    pub fn values(&self) -> &[f32] {
        match &self.targets {
            Targets::Classes(_) => &[],
            Targets::Values { values, .. } => values, // [answers x outputs]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::UNLABELLED;

    #[test]
    fn a_spread_takes_from_every_part() {
        let mut set = SequenceSet::of_tokens();
        (0..10).for_each(|k| set.push([k, k], u8::from(k >= 5)));
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
        assert_eq!(set.common_length(), None);
        assert_eq!(set.spread(1).common_length(), Some(2));
    }

    const LABELLING: Task = Task {
        answer: Answer::Class,
        moment: Moment::EveryStep,
    };
    const REGRESSION: Task = Task {
        answer: Answer::Values,
        moment: Moment::End,
    };

    #[test]
    fn a_label_for_every_step() {
        let mut set = SequenceSet::of_samples(1).answering(LABELLING, 1);
        set.push_samples(&[0.5, 0.6, 0.7], Target::ClassOfSteps(&[1, UNLABELLED, 2]));
        set.push_samples(&[0.8], Target::ClassOfSteps(&[0]));
        assert_eq!((set.task(), set.len()), (LABELLING, 2));
        assert_eq!(set.target(1), Target::ClassOfSteps(&[0]));
        assert_eq!(set.labels(), [1, UNLABELLED, 2, 0]);
        assert_eq!(set.spread(2), set);
        let last = set.target(0).of_last(2, 3);
        assert_eq!(last, Target::ClassOfSteps(&[UNLABELLED, 2]));
    }

    #[test]
    fn numbers_of_a_sequence_and_of_every_step() {
        let mut set = SequenceSet::of_tokens().answering(REGRESSION, 2);
        set.push([1, 2, 3], Target::Values(&[0.5, 7.0]));
        set.push([4], Target::Values(&[1.5, 8.0]));
        assert_eq!(set.target(1), Target::Values(&[1.5, 8.0]));
        assert_eq!((set.outputs(), set.values().len()), (2, 4));
        assert_eq!(set.spread(9), set);
        let steps = Target::ValuesOfSteps(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(steps.of_last(1, 2), Target::ValuesOfSteps(&[3.0, 4.0]));
    }

    #[test]
    #[should_panic(expected = "targets of one kind")]
    fn a_target_of_another_kind_is_refused() {
        let mut set = SequenceSet::of_tokens().answering(REGRESSION, 1);
        set.push([1], 0);
    }
}
