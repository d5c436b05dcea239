//! Prints the JSON Schema of the configuration, for editors. A stale file fails:
//! `WAXSEAL_PRINT=1 cargo test --features schema --test schema`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use waxseal::Config;

#[test]
fn the_printed_schema_is_fresh() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pkg/config.schema.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&Config::schema())?);
    if std::env::var_os("WAXSEAL_PRINT").is_some() {
        fs::write(path, text)?;
        return Ok(());
    }
    let command = "WAXSEAL_PRINT=1 cargo test --features schema --test schema";
    assert!(fs::read_to_string(path).ok() == Some(text), "stale; repair with `{command}`");
    Ok(())
}
