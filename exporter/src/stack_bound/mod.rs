//! Enters: a linked program. Leaves: [`StackBound`], a number of bytes that no run of a
//! function can exceed, whatever its arguments. Next: tests hold it against the painted stack.
//!
//! The program's own instructions are read, so it holds for what is flashed, core library and
//! compiler's routines included:
//!
//! ```text
//! frame(f) = bytes pushed + the most that the stack pointer is moved down besides
//! bound(f) = frame(f) + the largest bound(g) of all functions g that f calls or jumps to
//! ```
//!
//! Every instruction counts, also those that one run cannot all reach: the bound may be too
//! large, and is never too small. Where there is none, because of recursion, a call by a
//! register or a stack pointer that is computed, that is an error and no number.
//!
//! What it takes for granted: compiled code moves its stack pointer down outside of loops (Rust
//! has no arrays of a size known late), keeps its frame pointer in `r7`, and jumps by a table
//! (`tbb`, `tbh`, a sum into the program counter) only within a function. What it leaves out:
//! interrupts, which add the frame of the core (32 bytes, or 104 with floating point) and of
//! their handlers.

pub mod program;
pub mod thumb;

use crate::error::{Error, Result};
use program::Program;
use serde::Serialize;
use std::collections::BTreeMap;

/// The deepest way down from a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackBound {
    /// Bytes of stack, the function's own frame included.
    pub bytes: u64,
    /// The functions on that way, from the outermost.
    pub path: Vec<StackFrame>,
}

/// One function on a way down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackFrame {
    /// Its name.
    pub function: String,
    /// Bytes of its own.
    pub bytes: u64,
}

impl StackBound {
    /// The largest bound of all functions whose name contains `name`.
    ///
    /// # Errors
    /// There is no such function, or one of them has no bound; the message says why.
    pub fn of(program: &Program, name: &str) -> Result<Self> {
        let mut search = Search {
            program,
            below: BTreeMap::new(),
            open: Vec::new(),
        };
        let functions = program.functions.iter();
        let roots = functions.filter(|(_, function)| function.name.contains(name));
        let mut deepest: Option<(u64, u32)> = None;
        for (&address, _) in roots {
            deepest = deepest.max(Some((search.bound(address)?, address)));
        }
        let (bytes, root) = deepest.ok_or_else(|| {
            Error::Options(format!(
                "the program has no function named like {name}; name one that is not inlined"
            ))
        })?;
        let path = search.path(root);
        Ok(StackBound { bytes, path })
    }
}

impl std::fmt::Display for StackBound {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for StackFrame { function, bytes } in &self.path {
            writeln!(out, "{bytes:>7}  {function}")?;
        }
        writeln!(out, "{:>7}  bytes of stack at most", self.bytes)
    }
}

/// A walk over the call graph, each function once.
struct Search<'p> {
    program: &'p Program,
    /// Bounds that are known, and the call that is the deepest.
    below: BTreeMap<u32, (u64, Option<u32>)>,
    /// The functions on the way to here.
    open: Vec<u32>,
}

impl Search<'_> {
    fn bound(&mut self, address: u32) -> Result<u64> {
        if let Some(&(bytes, _)) = self.below.get(&address) {
            return Ok(bytes);
        }
        let program = self.program;
        let Some(function) = program.functions.get(&address) else {
            return Err(self.none(&format!("code without a name at {address:#x}")));
        };
        if self.open.contains(&address) {
            return Err(self.none(&format!("{} again, by recursion", function.name)));
        }
        self.open.push(address);
        let own = match &function.frame {
            Ok(own) => *own,
            Err(problem) => return Err(self.none(&format!("code that {problem}"))),
        };
        let mut deepest = (0, None);
        for &call in &function.calls {
            deepest = deepest.max((self.bound(call)?, Some(call)));
        }
        self.open.pop();
        let (below, call) = deepest;
        self.below.insert(address, (own + below, call));
        Ok(own + below)
    }

    /// Why there is no bound.
    fn none(&self, end: &str) -> Error {
        let functions = &self.program.functions;
        let names = self.open.iter().filter_map(|at| functions.get(at));
        let names: Vec<_> = names.map(|function| function.name.as_str()).collect();
        Error::Tool(format!(
            "the stack has no bound: {} leads to {end}; take that call out or measure by painting",
            names.join(" > ")
        ))
    }

    fn path(&self, root: u32) -> Vec<StackFrame> {
        let next = |&at: &u32| self.below.get(&at).and_then(|&(_, call)| call);
        let addresses = std::iter::successors(Some(root), next);
        let frames = addresses.filter_map(|at| {
            let function = self.program.functions.get(&at)?;
            Some(StackFrame {
                function: function.name.clone(),
                bytes: function.frame.clone().ok()?,
            })
        });
        frames.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use program::Function;

    fn program(functions: &[(u32, &str, u64, &[u32])]) -> Program {
        let functions = functions.iter().map(|&(at, name, bytes, calls)| {
            let function = Function {
                name: name.into(),
                frame: Ok(bytes),
                calls: calls.to_vec(),
            };
            (at, function)
        });
        Program {
            functions: functions.collect(),
        }
    }

    #[test]
    fn the_deepest_way_counts() {
        let program = program(&[
            (2, "step", 8, &[4, 6]),
            (4, "a", 100, &[]),
            (6, "b", 16, &[4, 8]),
            (8, "c", 90, &[]),
        ]);
        let bound = StackBound::of(&program, "step").expect("no cycle");
        assert_eq!(bound.bytes, 8 + 16 + 100);
        assert_eq!(
            bound.to_string(),
            "      8  step\n     16  b\n    100  a\n    124  bytes of stack at most\n"
        );
    }

    #[test]
    fn recursion_is_an_error_that_names_the_circle() {
        let program = program(&[(2, "a", 8, &[4]), (4, "b", 8, &[2])]);
        let error = StackBound::of(&program, "a").expect_err("a circle");
        assert!(
            error.to_string().contains("a > b leads to a again"),
            "{error}"
        );
    }

    #[test]
    fn a_frame_without_bound_matters_only_where_it_is_reached() {
        let mut program = program(&[(2, "a", 8, &[4]), (4, "b", 8, &[]), (6, "c", 8, &[])]);
        let frame = Err("calls or jumps by a register at 0x8".to_owned());
        program.functions.get_mut(&4).expect("b").frame = frame;
        let error = StackBound::of(&program, "a").expect_err("b is reached");
        assert!(
            error.to_string().contains("by a register at 0x8"),
            "{error}"
        );
        assert_eq!(StackBound::of(&program, "c").expect("a leaf").bytes, 8);
        assert!(StackBound::of(&program, "d").is_err());
    }

    #[test]
    fn what_is_no_program_is_an_error() {
        assert!(Program::read(b"MZ").is_err());
    }
}
