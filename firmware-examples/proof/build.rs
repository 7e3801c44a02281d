//! Tells the linker where flash and RAM lie.

use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::copy("memory.x", folder.join("memory.x")).expect("OUT_DIR can be written to");
    println!("cargo::rustc-link-search={}", folder.display());
    // here and not in .cargo/config.toml, where a user's RUSTFLAGS would replace it
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rerun-if-changed=memory.x");
}
