//! Enters: samples, one by one, of a sensor that changes slowly. Leaves: the state after them, at
//! the cost of what has changed. Next: `classify`, by [`DeltaState::classify`].
//!
//! Between two samples of a slow signal most hidden units hardly move. So the sums of products
//! are kept from step to step, and a number of `[h; x]` is only looked at again when it has moved
//! by more than a threshold since it was last (Neil et al., "Delta networks for optimized
//! recurrent network computation", ICML 2017):
//!
//! ```text
//! for each column j of [U W]:
//!     moved = v[j] - sent[j]                         v = [h; x]
//!     if |moved| > threshold of j:
//!         sum[gate][unit] += m · moved               for the connections of the column
//!         sent[j] += moved
//! gates and cell as in `cell`, from a copy of the sums
//! ```
//!
//! The sums are integers: `sum = Σ m · sent` holds exactly, after any number of steps, and with
//! thresholds of zero the state is that of [`State`](crate::State) to the last bit. `sent` never
//! leaves the range of `v`, so the bound that the decoder checks is that of these sums too.
//!
//! It needs a file whose matrices lie by columns (`set-lstm export --delta`).

use crate::arithmetic::Engine;
use crate::cell::{Input, KEPT_INPUTS, add_inputs, put_behind};
use crate::classify::{Class, class, logits};
use crate::gate::Gate;
use crate::int8::{Constants, Int8};
use crate::model::{Layer, Model};
use crate::state::{CapacityError, FNV_OFFSET, fnv};
use heapless::Vec;

/// By how much a number must have moved to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// An element of `h`, which lies between -1 and 1.
    pub hidden: f32,
    /// A channel of a sample, in standard deviations of the training data.
    pub input: f32,
}

/// Why a state cannot run a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DeltaError {
    /// The matrices of the file do not lie by columns.
    Layout,
    /// The model is larger than the state.
    Capacity(CapacityError),
}

impl core::fmt::Display for DeltaError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            DeltaError::Layout => {
                f.write_str("the file is not laid out for delta stepping; export it with --delta")
            }
            DeltaError::Capacity(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DeltaError {}

/// The memory of one running sequence that is stepped by what changes: 28 `N` bytes and a few,
/// `N` being a power of two from 2 to 2048, no less than [`Model::units`].
#[derive(Debug, Clone)]
pub struct DeltaState<const N: usize> {
    v: [i16; N], // [h; x]
    c: [i16; N],
    sent: [i16; N],
    sums: [[i32; N]; Gate::COUNT],
    /// A copy of the sums of one gate, then zero.
    sum: [i32; N],
    gate: [i16; N],
    hidden: u16,
    /// Those of `h` and of `x`, as the engine stores these.
    thresholds: [u16; 2],
    columns: u32,
}

impl<const N: usize> DeltaState<N> {
    /// A state of no model yet, all bytes zero: for a static. [`DeltaState::fit`] makes it ready.
    pub const EMPTY: Self = {
        assert!(
            N.is_power_of_two() && N >= 2 && N <= 2048,
            "N is a power of two, 2 to 2048"
        );
        DeltaState {
            v: [0; N],
            c: [0; N],
            sent: [0; N],
            sums: [[0; N]; Gate::COUNT],
            sum: [0; N],
            gate: [0; N],
            hidden: 0,
            thresholds: [0; 2],
            columns: 0,
        }
    };

    /// A state at the beginning of a sequence.
    ///
    /// # Errors
    /// The model's file is not laid out for it, or the model needs more than `N` units.
    pub fn new<const L: usize>(
        model: &Model<'_, Int8, L>,
        thresholds: Thresholds,
    ) -> Result<Self, DeltaError> {
        let mut state = Self::EMPTY;
        state.fit(model, thresholds)?;
        Ok(state)
    }

    /// Other thresholds from here on; what is smaller than before is caught up with at the next
    /// step.
    pub fn set_thresholds<const L: usize>(
        &mut self,
        model: &Model<'_, Int8, L>,
        thresholds: Thresholds,
    ) {
        if let Some(layer) = model.layers().first() {
            self.thresholds = thresholds.stored(&layer.constants);
        }
    }

    /// Makes any state one of this model, at the beginning of a sequence. A threshold that is
    /// negative or no number counts as zero.
    ///
    /// # Errors
    /// As [`DeltaState::new`]; the state is as before.
    pub fn fit<const L: usize>(
        &mut self,
        model: &Model<'_, Int8, L>,
        thresholds: Thresholds,
    ) -> Result<(), DeltaError> {
        let layer = model.layers().first().filter(|layer| layer.is_listed());
        let layer = layer.ok_or(DeltaError::Layout)?;
        if model.units() > N {
            return Err(DeltaError::Capacity(CapacityError {
                units: model.units(),
                capacity: N,
            }));
        }
        self.hidden = layer.hidden;
        self.thresholds = thresholds.stored(&layer.constants);
        self.reset();
        Ok(())
    }

    /// Back to the beginning of a sequence.
    pub fn reset(&mut self) {
        self.v.fill(0);
        self.c.fill(0);
        self.sent.fill(0);
        self.sums.as_flattened_mut().fill(0);
        self.columns = 0;
    }

    /// One step: the next raw sample, as [`State::step_samples`](crate::State::step_samples)
    /// takes it.
    pub fn step_samples<const L: usize>(&mut self, model: &Model<'_, Int8, L>, samples: &[f32]) {
        let [layer, ..] = model.layers() else { return };
        put_behind(model, layer, samples, &mut self.v);
        let [of_h, of_x] = self.thresholds;
        let mut all = Vec::new();
        let numbers = self.v.iter().zip(&mut self.sent).take(model.units());
        for ((value, sent), column) in numbers.zip(0_u16..) {
            let threshold = if column < self.hidden { of_h } else { of_x };
            let mut moved = i32::from(*value) - i32::from(*sent);
            if moved.unsigned_abs() <= threshold.into() {
                continue;
            }
            *sent = *value;
            self.columns = self.columns.wrapping_add(1);
            // from one end to the other it is more than 16 bits
            while moved != 0 {
                let value = moved.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
                moved -= i32::from(value);
                if all.is_full() {
                    add_moved(layer, &mut all, &mut self.sums);
                }
                let _ = all.push(Input { column, value }); // there is room
            }
        }
        add_moved(layer, &mut all, &mut self.sums);
        let [i, g, f, o] = &layer.gates;
        let [of_i, of_g, of_f, of_o] = &self.sums;
        self.sum = *of_i;
        Int8::input_gate(i.units, &mut self.sum, &mut self.gate);
        self.sum = *of_g;
        Int8::candidate_gate(g.units, &mut self.sum, &mut self.gate);
        self.sum = *of_f;
        Int8::forget_gate(f.units, &mut self.sum, &self.gate, &mut self.c);
        self.sum = *of_o;
        let constants = &layer.constants;
        Int8::output_gate(o.units, &mut self.sum, &self.c, &mut self.v, constants);
    }

    /// Columns of `[U W]` that were read since the beginning of the sequence; reading all of
    /// them takes [`Model::units`] a step.
    pub fn columns_read(&self) -> u32 {
        self.columns
    }

    /// `h`, as the engine stores it.
    pub fn hidden(&self) -> &[i16] {
        self.v.get(..self.hidden.into()).unwrap_or_default()
    }

    /// `c`, as the engine stores it.
    pub fn cell(&self) -> &[i16] {
        self.c.get(..self.hidden.into()).unwrap_or_default()
    }

    /// `head · h + bias`, one logit after the other.
    pub fn logits<'s, const L: usize>(
        &'s self,
        model: &'s Model<'_, Int8, L>,
    ) -> impl Iterator<Item = i32> + 's {
        logits(model, self.hidden())
    }

    /// The numbers of a regression, as [`State::values`](crate::State::values) has them.
    pub fn values<'s, const L: usize>(
        &'s self,
        model: &'s Model<'_, Int8, L>,
    ) -> impl Iterator<Item = f32> + 's {
        model.outputs.numbers(self.logits(model))
    }

    /// The class of the sequence so far, as [`State::classify`](crate::State::classify) has it.
    pub fn classify<const L: usize>(&self, model: &Model<'_, Int8, L>) -> Class {
        class(self.logits(model))
    }

    /// The digest of `h` and `c`, as [`State::digest`](crate::State::digest) has it.
    pub fn digest(&self) -> u32 {
        let all = self.hidden().iter().chain(self.cell());
        all.fold(FNV_OFFSET, |hash, value| fnv(hash, *value))
    }
}

/// `sum += [U W] moved` for every gate; and on to the next ones.
#[inline(never)]
fn add_moved<const N: usize>(
    layer: &Layer<'_, Int8>,
    moved: &mut Vec<Input<i16>, KEPT_INPUTS>,
    sums: &mut [[i32; N]; Gate::COUNT],
) {
    for (gate, sum) in layer.gates.iter().zip(sums) {
        add_inputs::<Int8, N>(&gate.input, moved, sum);
    }
    moved.clear();
}

impl Thresholds {
    /// Of `h` and of `x`, in the engine's units; casts hold at the ends and take anything.
    fn stored(self, constants: &Constants) -> [u16; 2] {
        let one = (0x8000_u32 >> constants.state_shift()) as f32;
        [
            (self.hidden * one) as u16,
            (self.input * constants.sample_unit()) as u16,
        ]
    }
}
