//! Enters: a model and what it shall be optimised for. Leaves: its file, and [`Choice`], how the
//! matrices of the first layer lie and what the other way would have cost. Next: `export` says it.
//!
//! There is a choice for models of samples. Joined in strips over `[h; x]`, an input costs what a
//! hidden unit costs and odd rows of `W` and `U` share their fillers; but the input lies behind `h`,
//! and the state, whose capacity is a power of two, may have to be twice as large. By columns, `W`
//! needs a list of columns, and the state has room for `h` alone. Words have few inputs that are
//! not zero, so only the columns of these are read; and above the first layer all are joined.

use super::{PackOptions, Values, pack_as};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::sparse_model::SparseModel;
use serde::Serialize;
use set_lstm_runtime::wire::InputLayout;

/// What a file is optimised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Optimise {
    /// Fewest instructions a step
    #[default]
    Speed,
    /// Fewest bytes of model and state together
    Size,
}

/// A way that the first layer may lie, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// In words.
    pub layout: &'static str,
    /// Bytes of the model file.
    pub model_bytes: u64,
    /// Bytes of a state with the least capacity that holds the model.
    pub state_bytes: u64,
}

/// How the first layer lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What was asked for.
    pub optimised_for: Optimise,
    /// What was taken.
    pub taken: Candidate,
    /// What else there was.
    pub other: Option<Candidate>,
}

/// The layout with the fewest instructions a step.
pub(super) fn fastest(model: &SparseModel, values: Values) -> InputLayout {
    match (model.channels(), values) {
        (_, Values::Int8Delta) => InputLayout::Delta,
        (Some(_), _) => InputLayout::Joined,
        (None, _) => InputLayout::Columns,
    }
}

/// Writes a model file as [`super::pack`] does, with the layout that costs least.
///
/// # Errors
/// Those of [`super::pack`].
pub fn pack_optimised(
    model: &SparseModel,
    options: &PackOptions<'_>,
    optimise: Optimise,
) -> Result<(AlignedBytes, Choice)> {
    let first = fastest(model, options.values);
    let (mut file, mut taken) = packed(model, options, first)?;
    let mut other = None;
    // what cannot be packed the other way leaves no choice
    if first == InputLayout::Joined
        && let Ok((small, apart)) = packed(model, options, InputLayout::Columns)
    {
        other = Some(apart);
        if optimise == Optimise::Size && apart.bytes() < taken.bytes() {
            other = Some(taken);
            (file, taken) = (small, apart);
        }
    }
    let choice = Choice {
        optimised_for: optimise,
        taken,
        other,
    };
    Ok((file, choice))
}

fn packed(
    model: &SparseModel,
    options: &PackOptions<'_>,
    layout: InputLayout,
) -> Result<(AlignedBytes, Candidate)> {
    let file = AlignedBytes::from(pack_as(model, options, layout)?);
    let decoded = AnyModel::from_bytes(&file).map_err(|problem| {
        Error::Options(format!(
            "the packed model does not decode: {problem}; report this"
        ))
    })?;
    let candidate = Candidate {
        layout: match layout {
            InputLayout::Columns if model.channels().is_none() => "W by columns, as words need it",
            InputLayout::Columns => "W by columns, U by strips",
            InputLayout::Joined => "W and U joined, by strips",
            InputLayout::Delta => "W and U joined, by columns",
        },
        model_bytes: file.len() as u64,
        state_bytes: decoded.state_bytes(),
    };
    Ok((file, candidate))
}

impl Candidate {
    /// Model and state together.
    fn bytes(&self) -> u64 {
        self.model_bytes + self.state_bytes
    }
}

impl Choice {
    /// What was taken and why, a line each.
    pub fn reasons(&self) -> Vec<(&'static str, String)> {
        let Choice { taken, other, .. } = self;
        let mut reasons = vec![("layout", taken.layout.to_owned())];
        if let Some(other) = other {
            let why = match self.optimised_for {
                Optimise::Size => "fewest bytes of model and state",
                Optimise::Speed => "fewest instructions",
            };
            let bytes = |c: &Candidate| format!("{} + {} bytes", c.model_bytes, c.state_bytes);
            reasons.extend([
                ("chosen for", why.to_owned()),
                ("model and state", bytes(taken)),
                ("not chosen", other.layout.to_owned()),
                ("its model and state", bytes(other)),
            ]);
        }
        reasons
    }
}
