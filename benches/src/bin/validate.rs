//! `validate SCHEMAS EVENTS [THREADS]`: the library's own `validate`, without a command line around it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use pastproof::replay::{Pointers, ValidateOptions, validate};
use pastproof::schema::{Catalogue, CatalogueOptions, Validators};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [schemas, events, rest @ ..] = arguments.as_slice() else {
        return Err("validate SCHEMAS EVENTS [THREADS]".into());
    };
    let catalogue = Catalogue::open(Path::new(schemas), &CatalogueOptions::default())?;
    let mut options = ValidateOptions::default();
    options.pointers = Pointers {
        event_type: Some("/type".to_owned()),
        version: Some("/version".to_owned()),
        data: Some(String::new()),
        stream: Some("/stream".to_owned()),
    };
    if let [threads] = rest {
        options.threads = threads.parse()?;
    }
    let mut findings = 0u64;
    let counts = validate(
        events,
        &Validators::new(Arc::new(catalogue)),
        &options,
        &mut |_| findings += 1,
    )?;
    println!(
        "{} valid, {} invalid, {} unknown; {findings} findings",
        counts.valid, counts.invalid, counts.unknown
    );
    Ok(())
}
