//! Enters: [`SparseModel`]. Leaves: its f32 file with nothing beside: numbers for names, no
//! words, samples as training sees them. Next: the device's engine runs it, where the training
//! kernels know no stack of layers.

use super::{PackOptions, Values, pack};
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::normalization::Normalization;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::Task;

/// The file; samples are multiplied by `factor` on their way in.
///
/// # Errors
/// As of [`pack`].
pub fn plain(model: &SparseModel, factor: f32) -> Result<AlignedBytes> {
    let statistics = model.channels().map(|channels| Normalization {
        mean: vec![0.0; channels],
        factor: vec![factor; channels],
    });
    let options = PackOptions {
        values: Values::Float32,
        classes: (0..model.classes()).map(|n| n.to_string()).collect(),
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: statistics.as_ref(),
        max_tokens: 0,
        seed: 1,
    };
    Ok(pack(model, &options)?.into())
}
