//! Enters: the emulator's standard input. Leaves: its bytes, in a buffer of the caller.
//! Next: the bench programs, which read models from there.
//!
//! Unsafe because semihosting takes addresses: each call names a buffer that outlives it.
#![allow(unsafe_code)]

use cortex_m_semihosting::syscall;

/// The file that semihosting opens for reading as standard input.
const NAME: &core::ffi::CStr = c":tt";
const READ: usize = 0;

/// Standard input.
pub struct StandardInput {
    handle: usize,
}

impl StandardInput {
    /// Opens it; `None` if QEMU has none.
    pub fn open() -> Option<Self> {
        // SAFETY: a name with a zero at its end and its length, as the call wants them
        let handle = unsafe { syscall!(OPEN, NAME.as_ptr(), READ, NAME.count_bytes()) };
        (handle != usize::MAX).then_some(StandardInput { handle })
    }

    /// Fills a buffer; `false` if the input ends before.
    pub fn fill(&mut self, mut buffer: &mut [u8]) -> bool {
        while !buffer.is_empty() {
            let length = buffer.len();
            // SAFETY: the buffer is borrowed for as long as the call takes, and has that length
            let missing = unsafe { syscall!(READ, self.handle, buffer.as_mut_ptr(), length) };
            let Some(read) = length.checked_sub(missing).filter(|&read| read > 0) else {
                return false;
            };
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        true
    }
}
