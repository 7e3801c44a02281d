//! The panic handler: a call of something that does not exist.
//!
//! Sections that nothing reaches are not linked. So the linker misses the symbol if, and only
//! if, some code that can be reached can panic; its message is the name of the symbol.
#![allow(unsafe_code)]

unsafe extern "C" {
    #[link_name = "a_panic_path_is_left_in_this_program"]
    fn missing() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: never called: a program with this call does not link.
    unsafe { missing() }
}
