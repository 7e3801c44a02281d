//! One test binary; this is its table of contents.

#![allow(clippy::unwrap_used)] // a test fails by it

/// Models and vocabularies that the checks below run on.
mod models;

/// The file: literal bytes, sizes.
mod format;

/// The page of the format: its worked examples.
mod format_page;

/// Files of earlier versions, which stay readable for ever.
mod golden;

/// The compact form: the same file again, its size, damage.
mod compact;

/// Damage: flipped bits, missing bytes, noise, wrong insides behind a right checksum.
mod damage;

/// The decoder's rules one by one, and the bound of every sum.
mod rules;

/// The attacks of libFuzzer, in short.
mod attacks;

/// Raw text by the file alone: its vocabulary, and words that it does not hold.
mod words;

/// The engines: against plain oracles, step by step, interrupted and side by side.
mod engine;

/// Models that read samples: their file, the engines, their way from a run to the board.
mod samples;

/// Models that answer numbers, or after every step.
mod answers;

/// The model files of the runtime's documentation.
mod doc_models;

/// What a file is optimised for.
mod layouts;

/// Delta stepping: the ordinary state again, and what it leaves out.
mod delta;

/// The packed model on an emulated Cortex-M.
mod firmware;

/// Text typed at an emulated board, samples streamed on it, and what both take.
mod serial;

/// The log of an emulated board: defmt's frames, decoded.
mod log;

/// The command that types at an emulated board.
mod talk;

/// Several layers, and sizes beyond one block, against the oracle.
mod stacks;

/// The stack: the bound of the code against what a run takes.
mod stack;

/// No panic and no unsafe code, proven by linker and compiler.
mod proof;

/// The list of boards, and what fits on them.
mod boards_list;

/// The way to a board, with a script in the place of probe-rs.
mod flash;

/// What fills flash and RAM, part by part.
mod footprint;

/// What the engine adds to a firmware that does nothing.
mod size;

/// The same model on every emulated core, and what a step takes there.
mod boards;

/// The programs for real boards: they build, fit, and lie where the chip looks for them.
mod real_boards;

/// Whatever this is made of may be passed on with it.
mod licences;

/// Projects of one's own: they build for every board, fit, and say what the host says.
mod new;

/// The program as a person runs it; small data sets to run it on.
mod program;

/// The Rust module of a model: it compiles within its budgets, and not beyond.
mod rust_module;

/// Networks that were trained elsewhere: the same outputs, and runs like any other.
mod import;

/// Imported models as runs: with words, pruned, trained on, of two layers.
mod import_runs;

/// Damaged files of other frameworks.
mod import_damage;

/// Imported models that answer numbers, or after every step.
mod import_answers;

/// Every command, from training to the emulated board, and what it prints.
mod commands;

/// How connections moved: tables, pictures, the distance of two runs.
mod topology;

/// The program among others: help, exit codes, pipes, colours, paths of every kind.
mod terminal;

/// Every command as a tool among tools: JSON, streams that close or are full, rubbish.
mod behaviour;

/// Where results go: devices, links, folders in the way, full disks, names of every kind.
mod places;

/// What shells complete, and the manual pages.
mod completions;

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

/// Tables with a sample a row: every option, malformed ones, real recordings in that form.
mod tables;

/// The guide, from a table to a board, word for word.
mod guide;

/// Answers of every kind, learnt from real recordings, if there are any.
mod heads;
