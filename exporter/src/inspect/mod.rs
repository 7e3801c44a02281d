//! Enters: the bytes of a model file. Leaves: [`Inspection`], what fills it and how near its
//! codes come to the entropy. Next: `set-lstm inspect` prints it, as tables or as JSON.
//!
//! Per matrix, bits per connection are split in two: `value` is the weight itself, `index` is
//! all else that the matrix takes: indices, where rows or columns begin, fill. The bound of
//! `index` is `log2 C(n, k) / k` for `k` connections at `n` positions, which no code of
//! unstructured topologies can beat on average.

mod matrix;

use crate::device::{AnyModel, task_words};
use crate::error::{Error, Result};
use crate::report::table::{Column, Table, bytes, thousands};
use matrix::Counts;
pub use matrix::MatrixFacts;
use serde::Serialize;
use set_lstm_runtime::Gate;
use set_lstm_runtime::wire::{Answer, File, Kind, Place, Section, Task, VERSION};
use std::fmt;
use std::path::Path;

/// What a model file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// `int8` or `f32`.
    pub values: &'static str,
    /// Version of the format.
    pub version: u16,
    /// CRC-32 of the file.
    pub checksum: u32,
    /// Length of the file.
    pub model_bytes: u64,
    /// Rows of the embedding, the unknown word included; 0 if the model reads samples.
    pub vocabulary: u32,
    /// Whether the file maps words to tokens.
    pub words: bool,
    /// Columns of the embedding, or channels of a sample.
    pub embedding: u16,
    /// Hidden units of each layer.
    pub hidden: Vec<u16>,
    /// What the model answers, and when.
    pub task: Task,
    /// Names of the classes by label, or of the numbers of a regression.
    pub classes: Vec<String>,
    /// Most steps that training saw of a document; 0: no limit.
    pub max_tokens: u32,
    /// Parameters of the trained model, those that int8 rounds to zero included.
    pub parameters: u32,
    /// Parameters of the fully connected counterpart.
    pub dense_parameters: u64,
    /// Fraction bits of the first layer's hidden state; none in an f32 file.
    pub state_bits: Option<u8>,
    /// Largest magnitude of an embedding value, or of a sample; none in an f32 file.
    pub largest_embedding_value: Option<u16>,
    /// Everything in the file in its order, empty sections left out.
    pub sections: Vec<SectionSize>,
    /// Embedding, if there is one, then `W` and `U` of each gate.
    pub matrices: Vec<MatrixFacts>,
    /// All matrices together.
    pub total: MatrixFacts,
}

/// How much of the file a section is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionSize {
    /// Name of the section.
    pub section: String,
    /// Its bytes, the fill to a multiple of four included.
    pub bytes: u64,
    /// Its share of the file, 0 to 1.
    pub share: f64,
}

/// Takes a file apart.
///
/// # Errors
/// [`Error::Model`] if the runtime would refuse the bytes.
pub fn inspect(file: &[u8], path: &Path) -> Result<Inspection> {
    let refuse = |problem: set_lstm_runtime::DecodeError| Error::Model {
        path: path.to_owned(),
        problem: problem.to_string(),
    };
    let model = AnyModel::from_bytes(file).map_err(refuse)?;
    let opened = File::peek(file).map_err(refuse)?;
    let (header, kind) = (opened.header, opened.kind);

    let read: Vec<(Section, &[u8])> = opened.sections().collect();
    let section = |wanted| {
        let found = read.iter().find(|(section, _)| *section == wanted);
        found.map_or(&[][..], |(_, bytes)| bytes)
    };

    let mut matrices = Vec::new();
    if header.channels().is_none() {
        let embedding = matrix::embedding(&model, &header, &section);
        matrices.push(("embedding".to_owned(), embedding));
    }
    for layer in 0..header.layer_count() {
        for gate in Gate::ALL {
            let place = Place { layer, gate };
            matrices.extend(matrix::of_gate(
                place,
                kind,
                header.layer_shape(layer),
                &section,
            ));
        }
    }
    let total = Counts::sum(matrices.iter().map(|(_, counts)| counts));
    let size = |section: String, bytes: u64| SectionSize {
        section,
        bytes,
        share: bytes as f64 / file.len() as f64,
    };
    let head = (file.len() - opened.body.len()) as u64;
    let filled = |bytes: &[u8]| bytes.len().next_multiple_of(4) as u64;
    let nonempty = read.iter().filter(|(_, bytes)| !bytes.is_empty());
    let int8 = kind == Kind::Int8;
    Ok(Inspection {
        values: if int8 { "int8" } else { "f32" },
        version: VERSION,
        checksum: opened.checksum,
        model_bytes: file.len() as u64,
        vocabulary: header.vocabulary,
        words: model.vocabulary().is_some(),
        embedding: header.input,
        hidden: (0..header.layer_count())
            .map(|layer| header.layer_shape(layer).hidden)
            .collect(),
        task: header.task,
        classes: header.class_names.lines().map(str::to_owned).collect(),
        max_tokens: header.max_tokens,
        parameters: header.parameters,
        dense_parameters: header.dense_parameters(),
        state_bits: int8.then_some(15 - header.layers[0].state_shift),
        largest_embedding_value: int8.then_some(header.rows.largest),
        sections: std::iter::once(size("preamble and header".to_owned(), head))
            .chain(nonempty.map(|(section, bytes)| size(section.to_string(), filled(bytes))))
            .collect(),
        matrices: matrices
            .iter()
            .map(|(name, counts)| counts.facts(name))
            .collect(),
        total: total.facts("all"),
    })
}

impl fmt::Display for Inspection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = f64::from(self.parameters) / self.dense_parameters as f64;
        let mut facts = Table::new([Column::words("model"), Column::words("")]);
        let mut fact = |name: &str, value: String| facts.row([name.to_owned(), value]);
        fact(
            "values",
            format!("{}, format {}", self.values, self.version),
        );
        fact("checksum", format!("{:08x}", self.checksum));
        fact("answers", task_words(self.task).to_owned());
        let names = match self.task.answer {
            Answer::Class => "classes",
            Answer::Values => "numbers",
        };
        fact(names, self.classes.join(", "));
        let hidden: Vec<String> = self.hidden.iter().map(u16::to_string).collect();
        let sizes = format!("{}, {}", self.embedding, hidden.join(", "));
        if self.vocabulary == 0 {
            fact("inputs", "raw samples".to_owned());
            fact("channels, hidden", sizes);
        } else {
            let words = if self.words {
                "words"
            } else {
                "tokens without words"
            };
            let vocabulary = format!("{} {words}", thousands(self.vocabulary.into()));
            fact("vocabulary", vocabulary);
            fact("embedding, hidden", sizes);
        }
        fact(
            "parameters",
            format!(
                "{} ({:.2} % of the dense model's {})",
                thousands(self.parameters.into()),
                100.0 * share,
                thousands(self.dense_parameters)
            ),
        );
        if let (Some(bits), Some(largest)) = (self.state_bits, self.largest_embedding_value) {
            let inputs = if self.vocabulary == 0 {
                "state, samples"
            } else {
                "state, embedding"
            };
            fact(
                inputs,
                format!("{bits} fraction bits, values to ±{largest}"),
            );
        }
        fact(
            "file",
            format!(
                "{} ({} bytes)",
                bytes(self.model_bytes),
                thousands(self.model_bytes)
            ),
        );
        writeln!(out, "{facts}")?;

        let mut sizes = Table::new([
            Column::words("section"),
            Column::numbers("bytes"),
            Column::numbers("%"),
        ]);
        for SectionSize {
            section,
            bytes,
            share,
        } in &self.sections
        {
            sizes.row([
                section.clone(),
                thousands(*bytes),
                format!("{:.1}", 100.0 * share),
            ]);
        }
        sizes.rule();
        sizes.row(["all".into(), thousands(self.model_bytes), "100.0".into()]);
        writeln!(out, "{sizes}")?;

        write!(out, "{}", matrix::table(&self.matrices, &self.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::AlignedBytes;
    use crate::pack::{PackOptions, Values, pack};
    use crate::random_model::random_model;
    use crate::sparse_model::{SparseMatrix, SparseModel};
    use crate::train::parameters::{Densities, Shape};
    use crate::train::topology::Density;

    fn model() -> SparseModel {
        let shape = Shape {
            vocabulary: 100,
            embedding: 40,
            hidden: 33,
            logits: 1,
        };
        random_model(shape, Densities::even(Density::Share(0.07)), 3)
    }

    fn inspected(values: Values) -> Inspection {
        let options = PackOptions {
            values,
            classes: vec!["bad".into(), "good".into()],
            vocabulary: None,
            task: Task::CLASSIFICATION,
            outputs: None,
            statistics: None,
            max_tokens: 7,
            seed: 1,
        };
        inspect(
            &AlignedBytes::from(pack(&model(), &options).unwrap()),
            Path::new("a.setl"),
        )
        .unwrap()
    }

    fn fan_in(matrix: &SparseMatrix) -> [u64; 2] {
        let rows = (0..matrix.rows).map(|row| matrix.row(row).0.len() as u64);
        [rows.clone().min().unwrap(), rows.max().unwrap()]
    }

    #[test]
    fn every_byte_is_in_one_section() {
        for values in [Values::Int8 { embedding_bits: 6 }, Values::Float32] {
            let found = inspected(values);
            let sum: u64 = found.sections.iter().map(|size| size.bytes).sum();
            assert_eq!(sum, found.model_bytes);
            assert!(found.sections.iter().all(|size| size.bytes > 0));
        }
    }

    #[test]
    fn connections_are_those_of_the_model() {
        let model = model();
        let gates = model.input.iter().zip(&model.recurrent);
        let expected: Vec<&SparseMatrix> = std::iter::once(&model.embedding)
            .chain(gates.flat_map(|(input, recurrent)| [input, recurrent]))
            .collect();
        let (int8, float32) = (
            inspected(Values::Int8 { embedding_bits: 8 }),
            inspected(Values::Float32),
        );
        for (n, matrix) in expected.iter().enumerate() {
            for found in [&int8, &float32] {
                let facts = &found.matrices[n];
                // what rounds to zero is not in the embedding of an int8 file
                let zeros = if n == 0 { 10 } else { 0 };
                let missing = matrix.nnz() as u64 - facts.connections;
                assert!(missing <= zeros, "{}: {missing} missing", facts.matrix);
                if missing == 0 {
                    assert_eq!([facts.fan_in_min, facts.fan_in_max], fan_in(matrix));
                    assert!((facts.density - matrix.density()).abs() < 1e-12);
                }
            }
            assert_eq!(float32.matrices[n].connections, matrix.nnz() as u64);
            assert_eq!(float32.matrices[n].value_bits, 32.0);
        }
        assert_eq!(float32.total.connections, 40 * 7 + 4 * 92 + 4 * 76);
        assert_eq!(float32.parameters as usize, model.parameters());
        assert_eq!(float32.dense_parameters as usize, model.dense_parameters());
    }

    #[test]
    fn bits_are_what_the_sections_hold() {
        let found = inspected(Values::Int8 { embedding_bits: 6 });
        for facts in found.matrices.iter().chain([&found.total]) {
            assert!((facts.index_bits + facts.value_bits - facts.bits).abs() < 1e-9);
            assert!(facts.index_bits > facts.entropy_bits, "{}", facts.matrix);
        }
        let section = |name: &str| {
            let sizes = found
                .sections
                .iter()
                .filter(|size| size.section.starts_with(name));
            sizes.map(|size| size.bytes).sum::<u64>() as f64
        };
        let embedding = &found.matrices[0];
        let stored = 8.0 * section("embedding.");
        assert!((embedding.bits * embedding.connections as f64 - stored).abs() < 1e-6);
    }

    #[test]
    fn the_tables_name_everything() {
        let found = inspected(Values::Int8 { embedding_bits: 6 });
        let text = found.to_string();
        for part in [
            "int8, format 2",
            "bad, good",
            "embedding.bits",
            "input.weight.i",
            "U_o",
            "bound",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_that_says_what_to_do() {
        let error = inspect(b"SETL", Path::new("a.setl"))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "a.setl: not a model file; make one with `set-lstm export`"
        );
    }
}
