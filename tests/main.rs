//! One test binary; this is its table of contents.

#![allow(clippy::unwrap_used)] // a test fails by it

/// Models and vocabularies that the checks below run on.
mod models;

/// The file: literal bytes, sizes.
mod format;

/// Damage: flipped bits, missing bytes, noise, wrong insides behind a right checksum.
mod damage;

/// Raw text by the file alone: its vocabulary, and words that it does not hold.
mod words;

/// The engines: against plain oracles, step by step, interrupted and side by side.
mod engine;

/// Models that read samples: their file, the engines, their way from a run to the board.
mod samples;

/// The packed model on an emulated Cortex-M.
mod firmware;

/// The same model on every emulated core, and what a step takes there.
mod boards;

/// The program as a person runs it; small data sets to run it on.
mod program;

/// Every command, from training to the emulated board, and what it prints.
mod commands;

/// How connections moved: tables, pictures, the distance of two runs.
mod topology;

/// The program among others: help, exit codes, pipes, colours, paths of every kind.
mod terminal;

/// Trainings: the same bytes again, stopped, killed, out of space, and gone on with.
mod training;

/// All methods side by side: interrupted, moved, failing in part.
mod comparison;

/// What is missing, damaged or too large: an error that says what to do.
mod bad_input;

/// Real movie reviews, if there are any.
mod reviews;

/// Real review sets without an official split, if there are any.
mod divisions;

/// Real recordings, if there are any.
mod sensors;
