//! Enters: a running [`State`]. Leaves: a [`Snapshot`], a plain value to be stored and read
//! back. Next: the application's flash or radio, and then `restore`.

use crate::arithmetic::{Arithmetic, Engine, Value};
use crate::model::Model;
use crate::state::{State, fnv};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// The state between two steps, in a form that serde can write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<A: Arithmetic, const N: usize> {
    /// Checksum of the model.
    model: u32,
    h: Vec<<A as Engine>::Value, N>, // [hidden]
    c: Vec<<A as Engine>::Value, N>, // [hidden]
    /// FNV-1a of all of the above.
    check: u32,
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

impl<A: Arithmetic, const N: usize> State<A, N> {
    /// The state as a value to be stored.
    pub fn save(&self, model: &Model<'_, A>) -> Snapshot<A, N> {
        // both hold at most N values
        let copy = |values: &[A::Value]| Vec::from_slice(values).unwrap_or_default();
        let (h, c) = (copy(self.hidden()), copy(self.cell()));
        let model = model.checksum;
        let check = check::<A>(model, &h, &c);
        Snapshot { model, h, c, check }
    }

    /// Goes back to a stored state; a sequence goes on from it as if never interrupted.
    ///
    /// # Errors
    /// The snapshot is of another model, or damaged. The state is then as before.
    pub fn restore(
        &mut self,
        model: &Model<'_, A>,
        snapshot: &Snapshot<A, N>,
    ) -> Result<(), RestoreError> {
        let Snapshot {
            model: of,
            h,
            c,
            check: says,
        } = snapshot;
        if *says != check::<A>(*of, h, c) {
            return Err(RestoreError::Damaged);
        }
        if *of != model.checksum {
            return Err(RestoreError::OtherModel);
        }
        // a forged snapshot, with a right check: `step` relies on these two
        let possible = h.iter().all(|&h| A::is_hidden(h, &model.constants))
            && c.iter().all(|&c| c.is_number());
        let into = self
            .memory
            .h
            .get_mut(..h.len())
            .zip(self.memory.c.get_mut(..c.len()));
        match into {
            Some((into_h, into_c))
                if possible && h.len() == model.hidden() && c.len() == model.hidden() =>
            {
                into_h.copy_from_slice(h);
                into_c.copy_from_slice(c);
                Ok(())
            }
            _ => Err(RestoreError::Damaged),
        }
    }
}

fn check<A: Arithmetic>(model: u32, h: &[A::Value], c: &[A::Value]) -> u32 {
    let start = 0x811c_9dc5 ^ model ^ (h.len() as u32).rotate_left(16);
    h.iter()
        .chain(c)
        .fold(start, |hash, &value| fnv(hash, value))
}
