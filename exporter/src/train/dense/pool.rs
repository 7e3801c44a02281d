//! Enters: the states of all steps. Leaves: what the output layer reads of them, and on the way
//! back what it wants of each. Next: `chunk` keeps to it on both ways.

use super::chunk::DenseWorkspace;
use crate::train::pooling::Pooling;

impl DenseWorkspace {
    /// Takes the state after step `t`, whose rows begin at `to`, into what the output layer
    /// reads.
    pub(super) fn pool(&mut self, t: usize, to: usize) {
        for lane in 0..self.lanes {
            let hidden = self.largest.len() / self.lanes;
            let begun = self.begun[lane];
            if t < begun {
                continue;
            }
            let length = (self.steps - begun) as f32;
            let (h, pooled) = (self.h.row(to + lane), self.pooled.row_mut(lane));
            let largest = &mut self.largest[lane * hidden..][..hidden];
            for ((h, pooled), largest) in h.iter().zip(pooled).zip(largest) {
                if self.pooling == Pooling::Mean {
                    *pooled += h / length;
                } else if t == begun || h > pooled {
                    (*pooled, *largest) = (*h, t);
                }
            }
        }
    }

    /// Adds to `dh` what the output layer wants of the state after step `t`.
    pub(super) fn pool_backward(&mut self, t: usize) {
        for lane in 0..self.lanes {
            let hidden = self.largest.len() / self.lanes;
            let begun = self.begun[lane];
            if t < begun {
                continue;
            }
            let length = (self.steps - begun) as f32;
            let largest = &self.largest[lane * hidden..][..hidden];
            let wanted = self.wanted.row(lane).iter().zip(largest);
            for (dh, (wanted, &largest)) in self.dh.row_mut(lane).iter_mut().zip(wanted) {
                if self.pooling == Pooling::Mean {
                    *dh += wanted * (1.0 / length);
                } else if largest == t {
                    *dh += wanted;
                }
            }
        }
    }
}
