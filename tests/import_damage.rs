//! Damaged files of other frameworks: every flipped bit and every truncation gives an error or
//! a network, never a panic.

use std::fs;
use std::path::Path;

use set_lstm::import::named::Names;
use set_lstm::import::prune::{KeptDensities, sparse_model};
use set_lstm::import::verify::Recorded;
use set_lstm::import::{npy, read};

use crate::import::fixture;

/// All truncations below a length, and all flips of one bit before it.
fn damaged(whole: &[u8], reach: usize) -> impl Iterator<Item = Vec<u8>> {
    let reach = reach.min(whole.len());
    let truncated = (0..reach).map(|length| whole[..length].to_vec());
    let flipped = (0..8 * reach).map(|bit| {
        let mut bytes = whole.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    truncated.chain(flipped)
}

/// Most bytes that are damaged: of a larger file the header, and some numbers.
const REACH: usize = 400;

/// How many of the damaged forms are still networks.
fn networks(whole: &[u8], path: &Path, names: &Names) -> usize {
    let is_network = |bytes: &Vec<u8>| {
        fs::write(path, bytes).unwrap();
        match read(path, names) {
            Ok((_, network)) => {
                sparse_model(&network, KeptDensities::default());
                true
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains("; "), "what to do is missing: {message}");
                false
            }
        }
    };
    damaged(whole, REACH).filter(is_network).count()
}

#[test]
fn damaged_networks_are_errors_or_networks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    let headless = Names {
        head: Some("none".into()),
        ..Names::default()
    };
    for (name, names) in [
        ("onnx-lstm-defaults.onnx", headless),
        ("keras-tokens.safetensors", Names::default()),
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        let found = networks(&whole, &path, &names);
        let tried = 9 * whole.len().min(REACH);
        eprintln!("{name}: {found} of {tried} are networks");
        assert!(
            0 < found && found < tried,
            "a flipped bit of a weight is no error"
        );
    }
}

#[test]
fn damaged_recordings_are_errors_or_recordings() {
    let (_, network) = read(&fixture("torch-tokens.safetensors"), &Names::default()).unwrap();
    let model = sparse_model(&network, KeptDensities::default());
    let whole = fs::read(fixture("torch-tokens.npz")).unwrap();
    assert!(Recorded::read(&whole, &model).is_ok());
    let mut errors = 0;
    for bytes in damaged(&whole, REACH) {
        errors += usize::from(Recorded::read(&bytes, &model).is_err());
        let _ = npy::arrays(&bytes);
    }
    assert!(errors > whole.len(), "{errors}: every truncation at least");
}
