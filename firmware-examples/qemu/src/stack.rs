//! Enters: work to do. Leaves: how deep the stack went, by paint that was laid before and
//! is looked at after. Next: the demo's report.
//!
//! The only file that handles addresses: the free part of the stack is no object that
//! safe Rust knows.
#![allow(unsafe_code)]

use core::hint::black_box;
use core::ptr;
use cortex_m::register::msp;

/// A word that no kernel is likely to leave behind.
const PAINT: u32 = 0xa5c3_5a3c;
/// Bytes that are painted, or all free ones if they are fewer.
const DEPTH: usize = 64 * 1024;

unsafe extern "C" {
    static mut __sdata: u32;
    static mut __edata: u32;
    static mut __sbss: u32;
    static mut __ebss: u32;
    static mut __sheap: u32;
    static mut _stack_start: u32;
}

/// Bytes of `.data` and `.bss`.
pub fn static_bytes() -> usize {
    let data = (&raw const __edata).addr() - (&raw const __sdata).addr();
    let bss = (&raw const __ebss).addr() - (&raw const __sbss).addr();
    data + bss
}

/// Bytes of stack in use by the caller and its callers.
#[inline(always)]
pub fn depth() -> usize {
    (&raw const _stack_start).addr() - msp::read() as usize
}

/// Runs `work`; bytes of stack that it used below this frame.
///
/// A word that happens to be written as paint is taken for unused: the count can be a few
/// bytes short, never too long. Deeper than [`DEPTH`] is reported as a panic.
#[inline(never)]
pub fn used_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let end = msp::read() as usize & !3;
    let lowest = (&raw const __sheap).addr();
    let start = end.saturating_sub(DEPTH).max(lowest).next_multiple_of(4);
    let words = || {
        (start..end)
            .step_by(4)
            .map(ptr::with_exposed_provenance_mut)
    };
    for word in words() {
        // SAFETY: a word between the end of all statics and the stack pointer is RAM and
        // nobody's: no heap exists, no interrupt is enabled, and the stack grows into it
        // only later. Volatile, because to the compiler it is no memory at all.
        unsafe { ptr::write_volatile::<u32>(word, PAINT) };
    }
    let result = black_box(work)();
    // SAFETY: as above; `work` has returned, and what it left there is plain bytes.
    let is_unused = |word: &*mut u32| unsafe { ptr::read_volatile(*word) } == PAINT;
    let unused = 4 * words().take_while(is_unused).count();
    assert!(
        unused > 0,
        "the stack went deeper than {DEPTH} bytes or into the statics"
    );
    (result, end - start - unused)
}
