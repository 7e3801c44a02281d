//! Training that is sparse from the first step to the last.

pub mod activation;
pub mod augmentation;
pub mod batch;
pub mod checkpoint;
pub mod chunk;
pub mod dense;
pub mod engine;
pub mod evolve;
mod fingerprint;
pub mod fit;
pub mod growth;
pub mod loss;
pub mod lstm;
pub mod network;
pub mod optimizer;
pub mod options;
#[cfg(test)]
mod oracle;
pub mod overrides;
pub mod parameters;
pub mod pooling;
pub mod preset;
pub mod score;
pub mod simd;
pub mod snapshot;
pub mod topology;
pub mod trainer;
pub mod words;
