//! Enters: [`SparseModel`]. Leaves: its f32 file without words, for samples as training sees them.
//! Next: the device's engine runs it, where the training kernels know no stack of layers, or no
//! state that goes on.

use super::{PackOptions, Values, pack};
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::model_file::ModelCard;
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::Task;

/// The file of a trained model, which answers as its card says.
///
/// # Errors
/// As of [`pack`].
pub fn plain(model: &SparseModel, card: &ModelCard) -> Result<AlignedBytes> {
    file(
        model,
        1.0,
        card.task,
        card.classes.clone(),
        card.outputs.as_ref(),
    )
}

/// The file of a model of which nothing else is known, its logits those of classes with numbers
/// for names; samples are multiplied by `factor` on their way in.
///
/// # Errors
/// As of [`pack`].
pub fn nameless(model: &SparseModel, factor: f32) -> Result<AlignedBytes> {
    let names = (0..model.classes()).map(|n| n.to_string()).collect();
    file(model, factor, Task::CLASSIFICATION, names, None)
}

fn file(
    model: &SparseModel,
    factor: f32,
    task: Task,
    classes: Vec<String>,
    outputs: Option<&OutputScale>,
) -> Result<AlignedBytes> {
    let statistics = model.channels().map(|channels| Normalization {
        mean: vec![0.0; channels],
        factor: vec![factor; channels],
    });
    let options = PackOptions {
        values: Values::Float32,
        classes,
        vocabulary: None,
        task,
        outputs,
        statistics: statistics.as_ref(),
        max_tokens: 0,
        seed: 1,
    };
    Ok(pack(model, &options)?.into())
}
