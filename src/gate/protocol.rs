//! What the gate and a harness say to each other.
//!
//! The driver writes one [`Request`] to a file and starts the harness with `--pastproof-request FILE
//! --pastproof-reply FILE`. The harness appends one [`Reply`] a line to the second file, which the driver reads
//! once the process has ended. Neither uses standard output, which belongs to the user's code. A reply file
//! whose last line is not [`Reply::End`] means that the process died; the last [`Reply::Begin`], or in careful
//! mode the file `FILE.position`, says at what.
//!
//! Format 1.2. A member may be added; a change of meaning is a new major version, which the other side refuses.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::finding::{Finding, Side};
use crate::model::Version;
use crate::replay::Step;
use crate::rules;
use crate::scenario::coverage::{Facts, ScenarioRun};
use crate::schema::{DerivationStep, Difference, Direction, Heard, Verdict};
use crate::upcast::Census;

/// The version spoken here.
pub const PROTOCOL: &str = "1.2";
/// The argument that names the request file.
pub const REQUEST_ARGUMENT: &str = "--pastproof-request";
/// The argument that names the reply file.
pub const REPLY_ARGUMENT: &str = "--pastproof-reply";

/// The file in which a careful harness notes where it is, beside its reply file.
pub fn position_file(reply: &Path) -> PathBuf {
    let mut name = reply.as_os_str().to_owned();
    name.push(".position");
    PathBuf::from(name)
}

/// Whether `spoken` can be understood by this version.
pub fn is_compatible(spoken: &str) -> bool {
    spoken.split('.').next() == PROTOCOL.split('.').next()
}

/// What a harness is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Protocol version of the driver.
    pub protocol: String,
    /// The configuration file.
    pub config: String,
    /// The tasks, in order.
    pub tasks: Vec<Task>,
    /// Streams that killed an earlier process and are left out.
    #[serde(default)]
    pub skip_streams: Vec<String>,
    /// Scenarios that killed an earlier process and are left out.
    #[serde(default)]
    pub skip_scenarios: Vec<String>,
    /// Note every event before it is folded, so that a death can be placed.
    #[serde(default)]
    pub careful: bool,
    /// Show recorded values in findings.
    #[serde(default)]
    pub show_values: bool,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Task {
    /// Say which event types the code has, and try the catalogue's examples on them.
    Types,
    /// Say of every two versions of a type, of which at least one is a type of the code, whether the one reads what the
    /// other writes.
    Compatibility,
    /// Try every upcaster on the catalogue's examples and on recordings.
    Upcasters {
        /// The configured recordings that can be read, by their paths.
        recordings: Vec<String>,
        /// Try changed copies of the upcasters, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mutate: bool,
        /// Accept what they make of the catalogue's examples.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accept: bool,
    },
    /// Count what one recording holds of every version.
    Census {
        /// The recording.
        file: String,
        /// The version of events that have none.
        default_version: Option<Version>,
    },
    /// Take one recording to the versions that the code reads.
    Rewrite {
        /// The recording.
        file: String,
        /// The new recording.
        to: String,
        /// The version of events that have none.
        default_version: Option<Version>,
        /// About how many bytes are put in order in memory.
        memory: Option<u64>,
    },
    /// Run scenarios: all, or the one named.
    Scenarios {
        /// The only one to run.
        only: Option<String>,
        /// Say what there is of every subject, and what the scenarios told.
        #[serde(default)]
        records: bool,
    },
    /// List the scenarios without running them.
    ListScenarios,
    /// Replay one recording.
    Replay {
        /// The recording.
        file: String,
        /// What to compare with.
        baseline: Option<String>,
        /// Where to save what this replay makes.
        save_baseline: Option<String>,
        /// The version of events that have none.
        default_version: Option<Version>,
    },
    /// Walk through one stream.
    Inspect {
        /// The recording.
        file: String,
        /// The stream.
        stream: String,
        /// The only revision to show.
        at: Option<u64>,
        /// A baseline to compare the state with.
        baseline: Option<String>,
        /// The version of events that have none.
        default_version: Option<Version>,
    },
    /// Look for the smallest part of one stream that fails as it does.
    Minimise {
        /// The recording.
        file: String,
        /// The stream.
        stream: String,
        /// The version of events that have none.
        default_version: Option<Version>,
    },
}

/// What a harness answers, one a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// First line.
    Hello {
        /// Protocol version of the harness.
        protocol: String,
    },
    /// A task, scenario or step begins.
    Begin {
        /// Which task, from 0.
        task: usize,
        /// The scenario or upcaster, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The event types of the code.
    Types {
        /// Type, version and both schemas.
        types: Vec<Value>,
    },
    /// What the code's types say of two versions.
    Heard {
        /// All about it.
        heard: Box<HeardReport>,
    },
    /// What is known about the upcasters.
    Upcasters {
        /// One entry a step.
        steps: Vec<StepReport>,
    },
    /// What a recording holds of every version.
    Census {
        /// All of it.
        census: Box<Census>,
    },
    /// The scenarios there are.
    Scenarios {
        /// Their names, sorted.
        names: Vec<String>,
    },
    /// What there is of every subject that a scenario can be told of.
    Facts {
        /// One entry a subject, or several that are put together.
        subjects: Vec<Facts>,
    },
    /// What one scenario told.
    Ran {
        /// Its name, and its records.
        run: Box<ScenarioRun>,
    },
    /// What happens at one event of a stream.
    Step {
        /// All about it.
        step: Box<Step>,
    },
    /// The smallest history that fails.
    Minimised {
        /// Its events, as lines of a recording.
        lines: Vec<String>,
        /// How it fails.
        finding: Box<Finding>,
        /// The revision at which the whole stream fails.
        revision: Option<u64>,
        /// How many histories were folded to find it.
        folds: u64,
        /// The Rust type of the aggregate.
        aggregate: Option<String>,
    },
    /// Something to report.
    Finding {
        /// The finding.
        finding: Box<Finding>,
    },
    /// A task is done.
    Done {
        /// Which task, from 0.
        task: usize,
        /// How many things it looked at.
        checked: u64,
        /// In words.
        detail: String,
        /// Further numbers of the task.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        numbers: Value,
    },
    /// A task could not be carried out.
    Failed {
        /// Which task, from 0.
        task: usize,
        /// Why.
        message: String,
    },
    /// Last line.
    End,
}

/// One upcasting step and how it fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The event type it starts from.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version it starts from.
    pub from: Version,
    /// What it leads to, as `Type@version`; empty when it drops the event.
    pub to: Vec<String>,
    /// Where it is written.
    pub origin: String,
    /// How many events it was tried on.
    pub tried: u64,
    /// How many of them are examples of the catalogue.
    #[serde(default)]
    pub examples: u64,
    /// How many of them were made from the schema.
    #[serde(default)]
    pub generated: u64,
    /// How many of them are what a store holds.
    #[serde(default)]
    pub recorded: u64,
    /// Whether it is proved for every event that the writers of its version emit.
    #[serde(default)]
    pub proved: bool,
    /// Whether it held on all of them, and there was at least one.
    pub verified: bool,
    /// How many changed copies of it were found to be wrong, where they were tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutants_killed: Option<u64>,
    /// How many changed copies make something else, and nothing was found against them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutants_survived: Option<u64>,
    /// How many changed copies made the same of every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutants_same: Option<u64>,
}

/// Whether one version reads what another writes, with the last word given to the types of the code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeardReport {
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version that wrote.
    pub writer: Version,
    /// The version that reads.
    pub reader: Version,
    /// The answer.
    pub verdict: Verdict,
    /// An event that is lost, where it breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Value>,
    /// Why it is not compatible.
    #[serde(default)]
    pub findings: Vec<DifferenceReport>,
    /// How it follows that it is compatible.
    #[serde(default)]
    pub derivation: Vec<StepOfProof>,
}

/// One reason why a version does not read what another writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceReport {
    /// The rule behind it.
    pub id: String,
    /// JSON pointer in the schema of `side`.
    pub pointer: String,
    /// The schema that it stands in.
    pub side: Side,
    /// What is wrong.
    pub message: String,
}

/// One step of a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOfProof {
    /// The place in a value.
    pub at: String,
    /// What is relied on, in the schema that is written by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// What follows, in the schema that is read by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Why.
    pub why: String,
}

impl From<Heard> for HeardReport {
    fn from(heard: Heard) -> Self {
        let Heard {
            event_type,
            writer,
            reader,
            direction,
        } = heard;
        let findings = direction.findings.into_iter().map(|difference| DifferenceReport {
            id: difference.id.to_owned(),
            pointer: difference.pointer,
            side: difference.side,
            message: difference.message,
        });
        let derivation = direction.derivation.into_iter().map(|step| StepOfProof {
            at: step.at,
            given: step.given,
            asked: step.asked,
            why: step.why,
        });
        Self {
            event_type,
            writer,
            reader,
            verdict: direction.verdict,
            witness: direction.witness,
            findings: findings.collect(),
            derivation: derivation.collect(),
        }
    }
}

impl HeardReport {
    /// The answer as the check of the catalogue takes it; nothing where it names a rule that is not known here.
    pub fn into_heard(self) -> Option<Heard> {
        let findings: Option<Vec<Difference>> = self
            .findings
            .into_iter()
            .map(|difference| {
                Some(Difference {
                    id: rules::find(&difference.id)?.id,
                    pointer: difference.pointer,
                    side: difference.side,
                    message: difference.message,
                })
            })
            .collect();
        let derivation = self.derivation.into_iter().map(|step| DerivationStep {
            at: step.at,
            given: step.given,
            asked: step.asked,
            why: step.why,
        });
        Some(Heard {
            event_type: self.event_type,
            writer: self.writer,
            reader: self.reader,
            direction: Direction {
                verdict: self.verdict,
                witness: self.witness,
                findings: findings?,
                derivation: derivation.collect(),
            },
        })
    }
}

/// Where a careful replay is, written before each event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The stream.
    pub stream: String,
    /// Position in the stream.
    pub revision: Option<u64>,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: String,
}
