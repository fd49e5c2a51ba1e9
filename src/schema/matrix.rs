//! Every version against every other: what becomes of the events of each where the code of each reads them.

use serde::Serialize;
use serde_json::Value;

use crate::model::Version;

use super::catalogue::Catalogue;
use super::check::CheckOptions;
use super::compare::Verdict;
use super::readings::{Reading, Readings, work_out};

/// Who reads whom within one event type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrix {
    /// The type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
    /// Those of which no event is stored any more.
    pub not_stored: Vec<Version>,
    /// Every pair of two versions, by writer and then by reader, in the order of `versions`.
    pub cells: Vec<Cell>,
}

/// One version's events where another version's code reads them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The version that wrote them.
    pub writer: Version,
    /// The version that reads them.
    pub reader: Version,
    /// What becomes of them.
    pub reading: Reading,
    /// What is in the way: of a break what the reader has against the witness, of an open question where it is
    /// stuck.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// An event that the reader refuses, where it breaks.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::json::sorted"
    )]
    pub witness: Option<Value>,
}

impl Matrix {
    /// The answer about two versions, by their positions.
    pub fn cell(&self, writer: usize, reader: usize) -> Option<&Cell> {
        let others = self.versions.len().checked_sub(1)?;
        if writer == reader || writer > others || reader > others {
            return None;
        }
        self.cells
            .get(writer * others + reader - usize::from(reader > writer))
    }
}

/// Who reads whom in every type of `catalogue`, or in the one named. A type that the catalogue does not have gives
/// none.
///
/// Code of a later version has the upcasters that lead there; code of an earlier version has none that lead back.
///
/// ```
/// use pastproof::schema::{Catalogue, CatalogueOptions, CheckOptions, Reading, matrix};
///
/// let catalogue = Catalogue::open("schemas".as_ref(), &CatalogueOptions::default())?;
/// let delivered = &matrix(&catalogue, &CheckOptions::default(), Some("Delivered"))[0];
/// let cell = delivered.cell(1, 0).expect("there are two versions");
/// assert_eq!(cell.reading, Reading::Breaks, "the first version's code misses a member of the second");
/// assert!(cell.witness.is_some());
/// # Ok::<(), pastproof::schema::SchemaError>(())
/// ```
pub fn matrix(catalogue: &Catalogue, options: &CheckOptions, only: Option<&str>) -> Vec<Matrix> {
    let readings: Vec<Readings<'_>> = Readings::of(catalogue, options)
        .into_iter()
        .filter(|readings| only.is_none_or(|only| readings.history().event_type == only))
        .collect();
    let mut wanted = Vec::new();
    for (at, readings) in readings.iter().enumerate() {
        let all = 0..readings.len();
        wanted.extend(all.clone().flat_map(|writer| {
            all.clone()
                .filter(move |reader| *reader != writer)
                .map(move |reader| (at, writer, reader))
        }));
    }
    work_out(&readings, &wanted);
    readings
        .iter()
        .map(|readings| of_type(readings, options))
        .collect()
}

fn of_type(readings: &Readings<'_>, options: &CheckOptions) -> Matrix {
    let all = 0..readings.len();
    let version = |at: usize| readings.version(at).version.clone();
    let mut cells = Vec::new();
    for writer in all.clone() {
        for reader in all.clone().filter(|reader| *reader != writer) {
            let reading = readings.reading(writer, reader);
            let direction = readings.direction(writer, reader);
            let told = direction.verdict != Verdict::Compatible;
            cells.push(Cell {
                writer: version(writer),
                reader: version(reader),
                reading,
                because: told
                    .then(|| direction.findings.first().map(|found| found.message.clone()))
                    .flatten(),
                witness: direction.witness.clone(),
            });
        }
    }
    Matrix {
        event_type: readings.history().event_type.clone(),
        versions: all.clone().map(version).collect(),
        not_stored: all
            .filter(|at| !options.is_stored(readings, *at))
            .map(version)
            .collect(),
        cells,
    }
}
