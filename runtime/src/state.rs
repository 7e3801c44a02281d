//! Enters: tokens or samples, one by one. Leaves: the state after them. Next: `classify`, and the
//! application, which places the state where it likes.

use crate::arithmetic::{Arithmetic, Value};
use crate::cell::{self, Memory, Scratch};
use crate::model::Model;

/// The memory of one running sequence: `h`, `c` and the scratch of a step.
///
/// `N` is the capacity in hidden units, a power of two from 2 to 2048; a smaller model fits
/// into it ([`Model::units`] tells how many are needed). `L` is the capacity in layers. An int8
/// state of one layer is `10 N` bytes and a few (2.5 KB at 256), an f32 state `16 N`. Two states
/// over one model do not disturb each other. A state belongs to the model that it was made for:
/// with another one `step` gives meaningless numbers, though no panic.
#[derive(Debug, Clone)]
pub struct State<A: Arithmetic, const N: usize, const L: usize = 1> {
    pub(crate) memory: Memory<A, N, L>,
    /// Hidden units of each layer.
    pub(crate) hidden: [u16; L],
    /// The layer that the head reads.
    last: u8,
}

/// A model with more hidden units than the state has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CapacityError {
    /// Units that the model needs.
    pub units: usize,
    /// Capacity of the state.
    pub capacity: usize,
}

impl core::fmt::Display for CapacityError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let CapacityError { units, capacity } = self;
        write!(
            f,
            "the model needs {units} units and the state has room for {capacity}; make the state larger"
        )
    }
}

impl core::error::Error for CapacityError {}

impl<A: Arithmetic, const N: usize, const L: usize> State<A, N, L> {
    /// A state of no model yet, all bytes zero: for a static, which then takes no flash and is
    /// never copied. [`State::fit`] makes it ready.
    ///
    /// ```
    /// use set_lstm_runtime::{Int8, Model, State};
    /// use std::sync::Mutex; // in firmware a critical section, or a cell that is taken once
    ///
    /// static STATE: Mutex<State<Int8, 16>> = Mutex::new(State::EMPTY);
    /// # #[repr(align(4))]
    /// # struct Aligned<T: ?Sized>(T);
    /// # static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/text.setl"));
    ///
    /// let model = Model::<Int8>::from_bytes(&FILE.0)?;
    /// let mut state = STATE.lock()?;
    /// state.fit(&model)?; // where it lies
    /// state.step(&model, 7);
    /// assert_eq!(state.hidden().len(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const EMPTY: Self = {
        assert!(
            N.is_power_of_two() && N >= 2 && N <= 2048,
            "N is a power of two, 2 to 2048"
        );
        State {
            memory: Memory {
                h: [[A::Value::ZERO; N]; L],
                c: [[A::Value::ZERO; N]; L],
                scratch: Scratch {
                    sum: [A::ZERO_SUM; N],
                    gate: [A::Value::ZERO; N],
                    x: heapless::Vec::new(),
                },
            },
            hidden: [0; L],
            last: 0,
        }
    };

    /// A state at the beginning of a sequence: `h` and `c` zero.
    ///
    /// # Errors
    /// The model needs more than `N` units.
    pub fn new(model: &Model<'_, A, L>) -> Result<Self, CapacityError> {
        let mut state = Self::EMPTY;
        state.fit(model)?;
        Ok(state)
    }

    /// Makes any state one of this model, at the beginning of a sequence.
    ///
    /// # Errors
    /// The model needs more than `N` units; the state is as before.
    pub fn fit(&mut self, model: &Model<'_, A, L>) -> Result<(), CapacityError> {
        if model.units() > N {
            return Err(CapacityError {
                units: model.units(),
                capacity: N,
            });
        }
        self.hidden = [0; L];
        for (into, layer) in self.hidden.iter_mut().zip(model.layers()) {
            *into = layer.hidden;
        }
        self.last = model.layer_count().saturating_sub(1) as u8;
        self.reset();
        Ok(())
    }

    /// Back to the beginning of a sequence.
    pub fn reset(&mut self) {
        self.memory.h.as_flattened_mut().fill(A::Value::ZERO);
        self.memory.c.as_flattened_mut().fill(A::Value::ZERO);
    }

    /// One step: the next token of the sequence. A token outside the vocabulary counts as
    /// the unknown word, 0. A model that reads samples takes any token for a sample of means.
    pub fn step(&mut self, model: &Model<'_, A, L>, token: u16) {
        cell::step(model, &mut self.memory, token);
    }

    /// One step: the next sample of a recording, the raw numbers of all channels, in the units
    /// of the recordings that the model was trained on. It is normalised with the statistics of
    /// the file. A channel that is missing at the end counts as its mean, numbers beyond the
    /// last channel are ignored, and a model that reads tokens takes any sample for a step
    /// without input.
    ///
    /// The driver is yours; all that is asked of it is numbers in the units of training. Here a
    /// window of as many samples as training saw gives an activity, and the next one begins
    /// anew:
    ///
    /// ```
    /// use set_lstm_runtime::{Int8, Model, State};
    ///
    /// /// What the application knows of its sensor.
    /// trait Accelerometer {
    ///     type Error;
    ///     /// Waits for the next sample: acceleration in g, turning in radians a second.
    ///     fn sample(&mut self) -> Result<[f32; 6], Self::Error>;
    /// }
    ///
    /// fn activity<D: Accelerometer>(
    ///     model: &Model<'_, Int8>,
    ///     state: &mut State<Int8, 32>,
    ///     driver: &mut D,
    /// ) -> Result<u8, D::Error> {
    ///     state.reset();
    ///     for _ in 0..model.max_tokens().unwrap_or(128) {
    ///         let sample = driver.sample()?; // the sensor may fail, the step does not
    ///         state.step_samples(model, &sample);
    ///     }
    ///     Ok(state.classify(model).label)
    /// }
    ///
    /// // a driver that has no sensor: the device lies on a table
    /// struct Still;
    /// impl Accelerometer for Still {
    ///     type Error = core::convert::Infallible;
    ///     fn sample(&mut self) -> Result<[f32; 6], Self::Error> {
    ///         Ok([0.02, 0.99, 0.05, 0.0, 0.01, 0.0])
    ///     }
    /// }
    /// # #[repr(align(4))]
    /// # struct Aligned<T: ?Sized>(T);
    /// # static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/motion.setl"));
    /// let model = Model::<Int8>::from_bytes(&FILE.0)?;
    /// assert_eq!(model.channels(), Some(6));
    /// let mut state = State::new(&model)?;
    /// let Ok(label) = activity(&model, &mut state, &mut Still);
    /// assert_eq!(model.class_name(label), Some("lying"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn step_samples(&mut self, model: &Model<'_, A, L>, samples: &[f32]) {
        cell::step_samples(model, &mut self.memory, samples);
    }

    /// `h` of the last layer, as the engine stores it.
    pub fn hidden(&self) -> &[A::Value] {
        self.layer(self.last).0
    }

    /// `c` of the last layer, as the engine stores it.
    pub fn cell(&self) -> &[A::Value] {
        self.layer(self.last).1
    }

    /// `h` and `c` of a layer, the first of which is 0; nothing of a layer that is not there.
    pub fn layer(&self, layer: u8) -> (&[A::Value], &[A::Value]) {
        let layer = usize::from(layer);
        let hidden = self.hidden.get(layer).copied().unwrap_or_default();
        (
            part(&self.memory.h, layer, hidden),
            part(&self.memory.c, layer, hidden),
        )
    }

    /// FNV-1a of the bytes of `h` and `c` of all layers: two states are equal bit for bit if,
    /// but for a chance of 2^-32, their digests are.
    pub fn digest(&self) -> u32 {
        (0..=self.last).fold(FNV_OFFSET, |hash, layer| {
            let (h, c) = self.layer(layer);
            h.iter()
                .chain(c)
                .fold(hash, |hash, value| fnv(hash, *value))
        })
    }
}

/// The first values of one layer.
fn part<V, const N: usize>(values: &[[V; N]], layer: usize, length: u16) -> &[V] {
    let of_layer = values.get(layer).map(|values| &values[..]);
    of_layer
        .and_then(|values| values.get(..length.into()))
        .unwrap_or_default()
}

/// Where a FNV-1a hash begins.
pub(crate) const FNV_OFFSET: u32 = 0x811c_9dc5;

/// Goes on with a FNV-1a hash by the little-endian bytes of one value.
pub(crate) fn fnv<V: Value>(hash: u32, value: V) -> u32 {
    let bytes = value.bits().to_le_bytes();
    bytes.iter().take(V::BYTES).fold(hash, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
