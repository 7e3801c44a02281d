//! Enters: nothing. Leaves: [`OTHERS`], sizes of other engines and where they are from. Next:
//! `set-lstm bench size` and `footprint` print them beside this one's.

use std::fmt;

use serde::Serialize;

/// What another engine takes of flash.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OtherEngine {
    /// Its name.
    pub engine: &'static str,
    /// Flash in units of 1,000 or 1,024 bytes, as the source has it.
    pub flash_kilobytes: f64,
    /// What was linked.
    pub what: &'static str,
    /// `published` by its authors, or `measured` for this project.
    pub figure: &'static str,
    /// Where it is from.
    pub source: &'static str,
}

/// What users compare with.
pub const OTHERS: [OtherEngine; 2] = [
    OtherEngine {
        engine: "TensorFlow Lite Micro",
        flash_kilobytes: 25.2,
        what: "interpreter and int8 LSTM kernel of CMSIS-NN, without the model",
        figure: "measured",
        source: "arm-none-eabi-gcc -Os, Cortex-M4F; counted once, not by this command",
    },
    OtherEngine {
        engine: "MicroFlow",
        flash_kilobytes: 34.3,
        what: "whole firmware of a sine predictor, a dense network with its model",
        figure: "published",
        source: "Carnelos, Pasti, Bellotto, arXiv 2409.19432",
    },
];

/// [`OTHERS`] as lines of text.
pub struct OtherEngines;

impl fmt::Display for OtherEngines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for other in OTHERS {
            let OtherEngine {
                engine,
                flash_kilobytes,
                what,
                figure,
                source,
            } = other;
            writeln!(
                out,
                "{engine}: {flash_kilobytes:.1} KB, {what} ({figure}: {source})"
            )?;
        }
        Ok(())
    }
}
