//! Replays the committed fuzz corpora with a plain stable toolchain.

#[path = "../fuzz/fuzz_targets/properties/mod.rs"]
mod properties;

use std::{fs, path::Path};

fn replay(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is committed") {
        property(&fs::read(entry.expect("it can be listed").path()).expect("it can be read"));
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

#[test]
fn unseal_bytes_holds_on_its_corpus() {
    replay("unseal_bytes", properties::unseal_bytes);
}

#[test]
fn unseal_mutation_holds_on_its_corpus() {
    replay("unseal_mutation", properties::unseal_mutation);
}

#[test]
fn unseal_authentic_holds_on_its_corpus() {
    replay("unseal_authentic", properties::unseal_authentic);
}

#[test]
fn load_headers_holds_on_its_corpus() {
    replay("load_headers", properties::load_headers);
}

#[test]
fn ring_config_holds_on_its_corpus() {
    replay("ring_config", properties::ring_config);
}

#[cfg(feature = "iron")]
#[test]
fn iron_unseal_holds_on_its_corpus() {
    replay("iron_unseal", properties::iron_unseal);
}

#[cfg(feature = "bound")]
#[test]
fn device_jwt_holds_on_its_corpus() {
    replay("device_jwt", properties::device_jwt);
}
