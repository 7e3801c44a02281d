//! Enters: how many steps a recording has. Leaves: the [`Windows`] that it is cut into.
//! Next: `sample_table` hands them out, each as a document.

/// Windows of one length at even distances: they begin at steps 0, `stride`, 2 `stride` … and
/// lie inside the recording as a whole. What is left at its end is in none, and is shorter than
/// `stride`; a recording shorter than `length` has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Steps of a window: at least 1.
    pub length: usize,
    /// Steps from the begin of one to that of the next: at least 1.
    pub stride: usize,
}

impl Windows {
    /// Windows that overlap by half unless another stride is wanted.
    pub fn new(length: usize, stride: Option<usize>) -> Windows {
        let stride = stride.unwrap_or(length / 2).max(1);
        Windows { length, stride }
    }

    /// Where the windows begin in a recording of so many steps.
    pub fn starts(self, steps: usize) -> impl Iterator<Item = usize> {
        let room = (steps + 1).saturating_sub(self.length);
        (0..room).step_by(self.stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_inside_at_even_distances() {
        let starts =
            |steps, length, stride| Vec::from_iter(Windows::new(length, stride).starts(steps));
        assert_eq!(starts(10, 4, None), [0, 2, 4, 6]);
        assert_eq!(starts(11, 4, Some(3)), [0, 3, 6]);
        assert_eq!(starts(4, 4, Some(9)), [0]);
        assert!(starts(3, 4, None).is_empty());
        assert!(starts(0, 1, None).is_empty());
        assert_eq!(starts(2, 1, None), [0, 1]);
    }
}
