//! `bindgen bundler|worker MODULE FOLDER NAME`: writes the JavaScript beside a WebAssembly module.

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, module, folder, name] = arguments.as_slice() else {
        bail!("usage: bindgen bundler|worker MODULE FOLDER NAME");
    };
    let mut bindgen = Bindgen::new();
    match kind.as_str() {
        "bundler" => bindgen.bundler(true)?,
        // An instance that has panicked is replaced.
        "worker" => bindgen.module(true)?.reset_state_function(true),
        _ => bail!("`{kind}` is neither bundler nor worker"),
    };
    bindgen
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .input_path(module)
        .out_name(name)
        .generate(folder)
}
