//! Placeholder of the library target: the checks are in `main.rs`.
