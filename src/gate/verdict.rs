//! What a run of checks amounts to.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::gate::Exit;
use crate::rules;
use crate::schema::{self, CheckReport, Deployment};

/// One check of the gate and what it looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name.
    pub id: String,
    /// How many things it looked at: schemas, steps, events, scenarios.
    pub checked: u64,
    /// How many findings it has, notes and waived ones included.
    pub findings: u64,
    /// How many of them fail the gate.
    pub failing: u64,
    /// For people: what was looked at, in a few words.
    pub detail: String,
}

impl Check {
    /// A check without findings yet.
    pub fn new(id: impl Into<String>, checked: u64, detail: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            checked,
            findings: 0,
            failing: 0,
            detail: detail.into(),
        }
    }
}

/// The gate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything configured was checked and nothing is at level deny.
    Pass,
    /// At least one unwaived finding at level deny.
    Fail,
    /// Nothing was there to check.
    NothingChecked,
    /// Something could not be carried out.
    Incomplete,
}

/// What can be said about releasing, or about rolling back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assessment {
    /// Proved, or everything recorded was tried.
    Safe,
    /// Refuted, with a finding that shows it.
    Unsafe,
    /// Neither.
    Unproven,
    /// Nothing was there to judge by.
    NotChecked,
}

impl Assessment {
    /// Whether a release can be taken back, by what is known of the catalogue.
    pub fn of_rollback(report: &CheckReport) -> Self {
        if report.deployment.is_empty() {
            return Self::NotChecked;
        }
        match report.rollback {
            schema::Verdict::Compatible => Self::Safe,
            schema::Verdict::Breaking => Self::Unsafe,
            schema::Verdict::Unproven => Self::Unproven,
        }
    }
}

/// The last line of a gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Always `summary`.
    pub kind: &'static str,
    /// The answer.
    pub verdict: Verdict,
    /// May the new code go out.
    pub release: Assessment,
    /// May the old code come back.
    pub rollback: Assessment,
    /// Every check.
    pub checks: Vec<Check>,
    /// In which order each type's new version goes out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deployment: Vec<Deployment>,
}

impl Summary {
    /// Judges a run: its findings, its checks, whether all of it was carried out, and what is known about rolling
    /// back.
    pub fn of(findings: &[Finding], mut checks: Vec<Check>, complete: bool, rollback: Assessment) -> Self {
        for check in &mut checks {
            let own = || {
                findings
                    .iter()
                    .filter(|finding| finding.check.as_deref() == Some(&check.id))
            };
            let (all, failing) = (own().count(), own().filter(|finding| finding.fails()).count());
            check.findings = all as u64;
            check.failing = failing as u64;
        }
        let failing: Vec<&Finding> = findings.iter().filter(|finding| finding.fails()).collect();
        let anything = checks.iter().any(|check| check.checked > 0);
        let verdict = if !complete {
            Verdict::Incomplete
        } else if !failing.is_empty() {
            Verdict::Fail
        } else if !anything {
            Verdict::NothingChecked
        } else {
            Verdict::Pass
        };
        // That files are well-formed says nothing about what is stored.
        let evidence = checks.iter().any(|check| {
            check.checked > 0 && !["catalogue", "types", "waivers"].contains(&check.id.as_str())
        });
        let release = if !anything {
            Assessment::NotChecked
        } else if failing
            .iter()
            .any(|finding| *finding.rule != rules::UNPROVEN_STEP)
        {
            Assessment::Unsafe
        } else if !failing.is_empty() || !complete {
            Assessment::Unproven
        } else if !evidence {
            Assessment::NotChecked
        } else {
            Assessment::Safe
        };
        Self {
            kind: "summary",
            verdict,
            release,
            rollback,
            checks,
            deployment: Vec::new(),
        }
    }

    /// The same with the order in which the release goes out.
    #[must_use]
    pub fn deployed(mut self, deployment: Vec<Deployment>) -> Self {
        self.deployment = deployment;
        self
    }

    /// The exit code that goes with the verdict.
    pub fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Pass => Exit::Clean,
            Verdict::Fail => Exit::Findings,
            Verdict::NothingChecked => Exit::NothingChecked,
            Verdict::Incomplete => Exit::Incomplete,
        }
    }
}
