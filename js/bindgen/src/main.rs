//! `bindgen MODULE.wasm DIRECTORY NAME`: writes `NAME_bg.js`, `NAME.d.ts` and `NAME_bg.wasm`.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [module, directory, name] = arguments.as_slice() else {
        return Err("usage: bindgen MODULE.wasm DIRECTORY NAME".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(true);
    // The glue without anything that loads a module: the package does that itself.
    bindgen.bundler(true)?;
    bindgen.generate(directory)?;
    Ok(())
}
