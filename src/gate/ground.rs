//! What every runner stands on: the catalogue a configuration names, its validators, its upcaster files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Finding, Level};
use crate::gate::config::{CatalogueConfig, ContractName, Located, Pairs, Require, SchemeName, Weight};
use crate::gate::protocol::StepReport;
use crate::model::Version;
use crate::schema::{
    self, Catalogue, CatalogueOptions, CheckOptions, Contract, Coverage, TypeOptions, Validators,
    VersionScheme,
};
#[cfg(not(feature = "jq"))]
use crate::upcast::declared_in;
use crate::upcast::{Census, Chains, Upcaster};
#[cfg(feature = "jq")]
use crate::upcast::{Fence, JQ_WORKER, upcasters_in};

/// Why there is nothing to stand on.
#[derive(Debug)]
pub struct GroundError {
    message: String,
}

impl GroundError {
    /// An error that says `message`.
    pub fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
        }
    }
}

impl fmt::Display for GroundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GroundError {}

/// A catalogue in use.
pub struct Ground {
    /// The folder that relative paths of the configuration start from.
    pub root: PathBuf,
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// Its schemas, compiled when first asked for.
    pub validators: Arc<Validators>,
    /// Upcasters that stand in files beside the schemas.
    pub file_upcasters: Vec<Upcaster>,
    /// What is wrong with those files.
    pub findings: Vec<Finding>,
}

impl Ground {
    /// Opens the catalogue that `located` names. `worker` is an executable that begins with
    /// [`jq_worker_if_asked`](crate::upcast::jq_worker_if_asked).
    ///
    /// # Errors
    ///
    /// When the catalogue cannot be read.
    pub fn open(located: &Located, worker: &Path) -> Result<Self, GroundError> {
        let config = located.config.catalogue.clone().unwrap_or_default();
        let path = located.root.join(&config.path);
        let catalogue = Arc::new(Catalogue::open(&path, &options(&config)).map_err(GroundError::new)?);
        #[cfg(feature = "jq")]
        let (file_upcasters, findings) = {
            let fence = Fence::for_command(vec![worker.as_os_str().to_owned(), JQ_WORKER.into()]);
            upcasters_in(&catalogue, &Arc::new(fence)).map_err(GroundError::new)?
        };
        #[cfg(not(feature = "jq"))]
        let (file_upcasters, findings) = {
            let _ = worker;
            declared_in(&catalogue).map_err(GroundError::new)?
        };
        Ok(Self {
            root: located.root.clone(),
            validators: Arc::new(Validators::new(Arc::clone(&catalogue))),
            catalogue,
            file_upcasters,
            findings,
        })
    }

    /// The upcasters that stand in files, where there is no code to ask: every type is current at its newest version.
    pub fn file_chains(&self) -> Chains {
        let current = self.catalogue.types().iter().filter_map(|history| {
            let newest = history.versions.last()?;
            Some((history.event_type.clone(), newest.version.clone()))
        });
        Chains::new(self.file_upcasters.clone(), current)
    }

    /// Names files in a census as findings name them.
    pub fn localize(&self, census: &mut Census) {
        census.file = self.shown(Path::new(&census.file));
        for row in &mut census.versions {
            for step in &mut row.chain {
                *step = self.shown_in(step);
            }
        }
    }

    /// A path of the configuration, from its folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// `text` with its paths as findings name them.
    pub fn shown_in(&self, text: &str) -> String {
        crate::report::below(text, &self.root)
    }

    /// A path as findings name it: from the configuration's folder when it lies below it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// The catalogue's options as the configuration has them.
pub fn options(config: &CatalogueConfig) -> CatalogueOptions {
    CatalogueOptions {
        layout: config.layout.clone(),
        scheme: match config.version_scheme {
            SchemeName::Integer => VersionScheme::Integer,
            SchemeName::Semver => VersionScheme::Semver,
            SchemeName::Schemaver => VersionScheme::Schemaver,
        },
    }
}

/// What the configuration asks of the catalogue's versions.
pub fn check_options(config: &CatalogueConfig) -> CheckOptions {
    let mut not_stored = config.not_stored.clone();
    for (name, own) in &config.types {
        not_stored.extend(own.not_stored.iter().map(|version| format!("{name}@{version}")));
    }
    let types = config.types.iter().map(|(name, own)| {
        let options = TypeOptions {
            require: own.require.map(require),
            pairs: own.pairs.map(pairs),
            contract: own.contract.map(contract),
            own_version: own.own_version.clone(),
        };
        (name.clone(), options)
    });
    CheckOptions {
        require: require(config.require),
        pairs: config.pairs.map(pairs),
        contract: contract(config.contract),
        own_version: config.own_version.clone(),
        declared_bump: match config.declared_bump {
            Weight::Deny => Level::Deny,
            Weight::Warn => Level::Warn,
            Weight::Note => Level::Note,
        },
        types: types.collect(),
        not_stored,
        ..CheckOptions::default()
    }
}

fn require(require: Require) -> schema::Require {
    match require {
        Require::Backward => schema::Require::Backward,
        Require::Forward => schema::Require::Forward,
        Require::Full => schema::Require::Full,
        Require::None => schema::Require::None,
    }
}

fn pairs(pairs: Pairs) -> schema::Pairs {
    match pairs {
        Pairs::Adjacent => schema::Pairs::Adjacent,
        Pairs::Transitive => schema::Pairs::Transitive,
        Pairs::Live => schema::Pairs::Live,
    }
}

fn contract(contract: ContractName) -> Contract {
    match contract {
        ContractName::Literal => Contract::Literal,
        ContractName::WriterReader => Contract::WriterReader,
    }
}

/// Which version steps the upcasters that were tried account for.
pub fn coverage(steps: &[StepReport]) -> Vec<Coverage> {
    steps
        .iter()
        .map(|step| Coverage {
            event_type: step.event_type.clone(),
            from: step.from.clone(),
            to: step
                .to
                .iter()
                .filter_map(|target| target.rsplit_once('@'))
                .map(|(event_type, version)| (event_type.to_owned(), Version::from(version.to_owned())))
                .collect(),
            verified: step.verified,
        })
        .collect()
}
