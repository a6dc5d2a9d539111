//! What sealers are given.

use super::anchor::Anchor;
use super::keys::KeyFiles;
use super::plan::SealLimits;
use super::times::Times;
use crate::archive::source_id::SourceId;
use comptoir_config::{Settings, host_name};
use comptoir_lake::{LakeError, LakeOptions, LakePath};
use jiff::SignedDuration;

/// What all sealers of a process share.
#[derive(Clone, Debug)]
pub struct SealSettings {
    /// The sources' host.
    pub host: String,
    pub limits: SealLimits,
    /// Made at the first start.
    pub key: KeyFiles,
    /// Where the chains' heads are kept as well.
    pub anchor: Option<Anchor>,
}

impl SealSettings {
    pub fn of(settings: &Settings) -> Result<Self, LakeError> {
        let logship = &settings.logship;
        let options = || LakeOptions {
            timeout: settings.lake.timeout,
            hadoop_conf_dir: settings.lake.hadoop_conf_dir.clone(),
        };
        let anchor = logship.anchor_dir.as_deref();
        let limits = SealLimits::default();
        Ok(Self {
            host: host_name(),
            limits: SealLimits {
                age: SignedDuration::try_from(logship.seal_after).unwrap_or(SignedDuration::MAX),
                every: limits.every.min(logship.seal_after / 10),
                ..limits
            },
            key: KeyFiles::new(logship.signing_key_file.clone()),
            anchor: anchor
                .map(|place| Anchor::open(place, options()))
                .transpose()?,
        })
    }

    /// Those for one of many logs: what a source's pattern matches keeps its heads below the same
    /// directories as its archive, because names like `access.log` are not the only ones of their kind.
    pub(crate) fn of_log(
        &self,
        name: &str,
        directory: &LakePath,
        times: Times,
    ) -> Result<Self, LakeError> {
        let depth = name.matches('/').count();
        let above = directory.parent().unwrap_or_else(LakePath::root);
        let parts: Vec<&str> = above.as_str().split('/').collect();
        let parts = &parts[parts.len().saturating_sub(depth)..];
        let anchor = self.anchor.as_ref();
        Ok(Self {
            anchor: anchor.map(|anchor| anchor.below(parts)).transpose()?,
            limits: SealLimits {
                times,
                ..self.limits.clone()
            },
            ..self.clone()
        })
    }

    /// Whose log it is, by the name of its archive's directory.
    pub fn source(&self, name: &str) -> SourceId {
        SourceId {
            host: self.host.clone(),
            name: name.to_owned(),
        }
    }
}
