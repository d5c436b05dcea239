//! `bindgen MODULE.wasm DIRECTORY`: writes `core.js`, `core.d.ts` and `core_bg.wasm`.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [module, directory] = arguments.as_slice() else {
        return Err("usage: bindgen MODULE.wasm DIRECTORY".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("core").typescript(true);
    // The package carries the bytes itself: a default path would make bundlers look for a file.
    bindgen.web(true)?.omit_default_module_path(true);
    bindgen.generate(directory)?;
    Ok(())
}
