//! Enters: a running [`State`]. Leaves: a [`Snapshot`], a plain value to be stored and read
//! back. Next: the application's flash or radio, and then `restore`.

use crate::arithmetic::{Arithmetic, Engine, Value};
use crate::model::Model;
use crate::state::{State, fnv};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// The state between two steps, in a form that serde can write.
///
/// ```
/// use set_lstm_runtime::{Int8, Model, Snapshot, State};
/// # #[repr(align(4))]
/// # struct Aligned<T: ?Sized>(T);
/// # static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/motion.setl"));
/// # let model = Model::<Int8>::from_bytes(&FILE.0)?;
/// let mut state = State::<Int8, 32>::new(&model)?;
/// state.step_samples(&model, &[1.3, -0.2, 0.1, 0.4, -0.3, -0.1]);
///
/// // before the device sleeps: a page of flash
/// let mut page = [0; 256];
/// let written = postcard::to_slice(&state.save(&model), &mut page)?.len();
/// assert!(written < 150);
///
/// // after it woke up, in a state that knows nothing yet
/// let mut woken = State::<Int8, 32>::new(&model)?;
/// let snapshot: Snapshot<Int8, 32> = postcard::from_bytes(&page)?;
/// woken.restore(&model, &snapshot)?;
/// assert_eq!(woken.digest(), state.digest());
///
/// // one bit of flash has turned: refused, and the state is as before
/// page[20] ^= 1;
/// let damaged = postcard::from_bytes::<Snapshot<Int8, 32>>(&page);
/// assert!(damaged.is_err() || woken.restore(&model, &damaged?).is_err());
/// assert_eq!(woken.digest(), state.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<A: Arithmetic, const N: usize, const L: usize = 1> {
    /// Checksum of the model.
    model: u32,
    layers: Vec<LayerSnapshot<A, N>, L>,
    /// FNV-1a of all of the above.
    check: u32,
}

/// The state of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
struct LayerSnapshot<A: Arithmetic, const N: usize> {
    h: Vec<<A as Engine>::Value, N>, // [hidden]
    c: Vec<<A as Engine>::Value, N>, // [hidden]
}

/// Why a snapshot is not restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RestoreError {
    /// The snapshot was taken with another model.
    OtherModel,
    /// At least one bit of the snapshot has changed.
    Damaged,
}

impl core::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            RestoreError::OtherModel => {
                "the snapshot belongs to another model; start from a reset state"
            }
            RestoreError::Damaged => "the snapshot is damaged; start from a reset state",
        })
    }
}

impl core::error::Error for RestoreError {}

impl<A: Arithmetic, const N: usize, const L: usize> State<A, N, L> {
    /// The state as a value to be stored.
    pub fn save(&self, model: &Model<'_, A, L>) -> Snapshot<A, N, L> {
        // both hold at most N values
        let copy = |values: &[A::Value]| Vec::from_slice(values).unwrap_or_default();
        let mut layers = Vec::new();
        for layer in (0..).take(model.layer_count()) {
            let (h, c) = self.layer(layer);
            // as many as the model has room for
            let _ = layers.push(LayerSnapshot {
                h: copy(h),
                c: copy(c),
            });
        }
        let model = model.checksum;
        let check = check(model, &layers);
        Snapshot {
            model,
            layers,
            check,
        }
    }

    /// Goes back to a stored state; a sequence goes on from it as if never interrupted.
    ///
    /// # Errors
    /// The snapshot is of another model, or damaged. The state is then as before.
    pub fn restore(
        &mut self,
        model: &Model<'_, A, L>,
        snapshot: &Snapshot<A, N, L>,
    ) -> Result<(), RestoreError> {
        let layers = &snapshot.layers;
        if snapshot.check != check(snapshot.model, layers) {
            return Err(RestoreError::Damaged);
        }
        if snapshot.model != model.checksum {
            return Err(RestoreError::OtherModel);
        }
        // a forged snapshot, with a right check: `step` relies on these
        let possible = layers.len() == model.layer_count()
            && model.layers().iter().zip(layers).all(|(layer, stored)| {
                let hidden = usize::from(layer.hidden);
                stored.h.len() == hidden
                    && stored.c.len() == hidden
                    && stored.h.iter().all(|&h| A::is_hidden(h, &layer.constants))
                    && stored.c.iter().all(|&c| c.is_number())
            });
        if !possible {
            return Err(RestoreError::Damaged);
        }
        let memory = self.memory.h.iter_mut().zip(&mut self.memory.c);
        for ((h, c), stored) in memory.zip(layers) {
            for (into, &value) in h.iter_mut().zip(&stored.h) {
                *into = value;
            }
            for (into, &value) in c.iter_mut().zip(&stored.c) {
                *into = value;
            }
        }
        Ok(())
    }
}

fn check<A: Arithmetic, const N: usize>(model: u32, layers: &[LayerSnapshot<A, N>]) -> u32 {
    layers.iter().fold(0x811c_9dc5 ^ model, |hash, layer| {
        let start = hash ^ (layer.h.len() as u32).rotate_left(16);
        let values = layer.h.iter().chain(&layer.c);
        values.fold(start, |hash, &value| fnv(hash, value))
    })
}
