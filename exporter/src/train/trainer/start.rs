//! Enters: a model that is there already. Leaves: [`Trainer`], which goes on from its weights.
//! Next: `run`, as of any training.

use super::{Trainer, shape_of};
use crate::error::{Error, Result};
use crate::load::Training;
use crate::sparse_model::SparseModel;
use crate::train::options::TrainOptions;
use crate::train::parameters::Parameters;
use set_lstm_runtime::wire::Answer;

impl<'d> Trainer<'d> {
    /// A training at its start, with the connections and weights of a model.
    ///
    /// # Errors
    /// Options out of range, a set without documents, a model of several layers, or one that
    /// is not for such data.
    pub fn from_model(
        options: TrainOptions,
        data: &'d Training,
        threads: usize,
        model: &SparseModel,
    ) -> Result<Self> {
        options.check()?;
        let layers = model.layers().count();
        if layers > 1 {
            return Err(Error::Options(format!(
                "the model has {layers} layers and training knows one; leave out --epochs"
            )));
        }
        let parameters = Parameters::from_model(model);
        let shape = shape_of(&options, data);
        if parameters.shape != shape {
            let (what, own, found) = match data.train.task().answer {
                Answer::Class => ("classes", model.classes(), data.classes.len()),
                Answer::Values => ("numbers", model.logits(), data.train.outputs()),
            };
            return Err(Error::Options(format!(
                "the model has {own} {what} and the data {found}; give the data that it was trained for"
            )));
        }
        Self::begin(options, data, threads, parameters)
    }
}
