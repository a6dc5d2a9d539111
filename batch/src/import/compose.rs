//! What the flags mean together: a request that can be carried out, or what is wrong with them.
//! Pure; nothing was touched.

use super::args::{FormatArgs, ImportArgs};
use super::codec;
use super::columns::{Fidelity, HiveDelimiters, Rendering};
use super::delimiters::{self, DelimiterError};
use super::foreign::RefusedFlag;
use super::java_type::{self, MappingError};
use super::jdbc::{self, JdbcError};
use super::place;
use super::properties::{self, PropertyError, SqoopProperties};
use super::request::{
    CONDITIONS, ImportRequest, Selection, SplitMethod, SplitRequest, Validation, WithoutKey,
};
use comptoir_config::{DatabaseUrl, ImportSettings};
use comptoir_lake::{LakeError, LakePath};
use std::num::NonZeroU32;

/// A command line that can't be meant.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error(transparent)]
    Delimiter(#[from] DelimiterError),
    #[error("the target directory: {0}")]
    Target(#[from] LakeError),
    #[error(transparent)]
    Refused(#[from] RefusedFlag),
    #[error(transparent)]
    Property(#[from] PropertyError),
    #[error(transparent)]
    Jdbc(#[from] JdbcError),
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error("--compression-codec {name}: {reason}\nhint: {cure}")]
    Codec {
        name: String,
        reason: &'static str,
        cure: &'static str,
    },
    #[error(
        "neither --table nor --query says what to import\nhint: name one of them, or leave out the other flags to run the job of comptoir.toml"
    )]
    NoSource,
    #[error("{one} and {other} can't both be given\nhint: {cure}")]
    Both {
        one: &'static str,
        other: &'static str,
        cure: &'static str,
    },
    #[error("--query needs {needed}\nhint: {cure}")]
    QueryNeeds {
        needed: &'static str,
        cure: &'static str,
    },
    #[error("{flag} is of one table, and all are imported\nhint: use import for that table")]
    OneTable { flag: &'static str },
    #[error("--incremental {found} is not known\nhint: append or lastmodified")]
    IncrementalMode { found: String },
    #[error(
        "--incremental needs --check-column\nhint: name the column that tells which rows are new"
    )]
    NoCheckColumn,
    #[error("{flag} needs {needed}\nhint: {cure}")]
    Needs {
        flag: &'static str,
        needed: &'static str,
        cure: &'static str,
    },
    #[error("--num-mappers {found}: at most {MAPPERS_MAX} parts are made")]
    Mappers { found: u32 },
    #[error(
        "{flag} `{token}`: Java knows no escape `\\{escape}`, and Sqoop would fail\nhint: write `\\\\N` for `\\N`, or leave out --sqoop-compat"
    )]
    JavaEscape {
        flag: &'static str,
        token: String,
        escape: char,
    },
}

/// As many as a listing of a directory can still be looked at.
const MAPPERS_MAX: u32 = 1000;

/// What Sqoop takes for `-m 0`.
const MAPPERS_DEFAULT: u32 = 4;

/// What the request is made of besides the flags.
pub struct Facts<'a> {
    pub settings: &'a ImportSettings,
    pub url: &'a DatabaseUrl,
    /// Whose home a relative directory lies in.
    pub user: &'a str,
    /// The command line as it may be kept.
    pub arguments: Vec<String>,
}

/// A request, and what people should know about it: a line for each flag without effect.
#[derive(Debug)]
pub struct Composed {
    pub request: ImportRequest,
    pub notices: Vec<String>,
}

/// What a command line asks for. One that names a table or a query gets Sqoop's format and manners,
/// any other runs the shipped job.
pub fn compose(args: &ImportArgs, facts: Facts<'_>) -> Result<Composed, UsageError> {
    let mut notices = args.foreign.judge()?;
    let properties = properties::parse(&args.sqoop.property)?;
    let jdbc = jdbc::parse(facts.url)?;
    notices.extend(properties.notices.iter().chain(&jdbc.notices).cloned());
    let fidelity = if args.sqoop.sqoop_compat {
        Fidelity::AsSqoop
    } else {
        Fidelity::Lossless
    };
    let mut request = ImportRequest::shipped(facts.settings)?;
    request.arguments = facts.arguments;
    request.snapshot = args.source.snapshot;
    request.max_rate = args.source.max_rate;
    request.rendering = Rendering {
        fidelity,
        mappings: args
            .format
            .map_column_java
            .as_deref()
            .map_or(Ok(Vec::new()), java_type::parse)?,
        zero_dates: jdbc.zero_dates,
        tiny_int_1: jdbc.tiny_int_1,
        year: jdbc.year,
        decimals: properties.decimals,
        hive: hive(&args.format)?,
    };
    request.validation = if args.source.validate {
        Validation::ReadBack
    } else {
        Validation::None
    };
    request.schema_drift = args.target.schema_drift;
    request.files = codec::files(args, fidelity)?;
    request.conversion = codec::conversion(args, fidelity, &properties);
    notices.extend(codec::notices(args));
    request.incremental = incremental::of(args)?;
    request.split.method = split_method(args)?;
    if !args.names_a_source() {
        if asks_for_a_source(args) {
            return Err(UsageError::NoSource);
        }
        return Ok(Composed { request, notices });
    }
    request.selection = selection(args)?;
    request.target = target(args, &request.selection, facts.user)?;
    request.existing = incremental::existing(args);
    request.mappers = mappers(args, facts.settings, &mut notices)?;
    request.split = split(args, &properties, request.mappers)?;
    let (format, delimiter_notices) = delimiters::format(&args.format)?;
    request.format = format;
    notices.extend(delimiter_notices);
    if fidelity == Fidelity::AsSqoop {
        refuse_java_escapes("--null-string", args.format.null_string.as_deref())?;
        refuse_java_escapes("--null-non-string", args.format.null_non_string.as_deref())?;
    }
    Ok(Composed { request, notices })
}

/// Flags that say how a table is to be imported, where none is named.
fn asks_for_a_source(args: &ImportArgs) -> bool {
    let (source, split, target) = (&args.source, &args.split, &args.target);
    let others = [
        &source.columns,
        &source.filter,
        &split.split_by,
        &split.boundary_query,
        &target.target_dir,
        &target.warehouse_dir,
    ];
    others.iter().any(|other| other.is_some())
        || target.delete_target_dir
        || target.append
        || args.incremental.incremental.is_some()
        || args.format != FormatArgs::default()
}

fn selection(args: &ImportArgs) -> Result<Selection, UsageError> {
    let source = &args.source;
    let Some(query) = &source.query else {
        let columns = source.columns.as_ref().map(|columns| {
            let names = columns
                .split(',')
                .map(|name| name.trim().trim_matches('`').to_owned());
            names.filter(|name| !name.is_empty()).collect()
        });
        return Ok(Selection::Table {
            name: source.table.clone().unwrap_or_default(),
            columns,
            filter: source
                .filter
                .clone()
                .filter(|filter| !filter.trim().is_empty()),
        });
    };
    let both = |other, cure| {
        Err(UsageError::Both {
            one: "--query",
            other,
            cure,
        })
    };
    if source.table.is_some() {
        return both("--table", "name one source");
    }
    if source.columns.is_some() {
        return both("--columns", "name the columns in the query");
    }
    if source.filter.is_some() {
        return both("--where", "put the condition into the query's WHERE");
    }
    if !query.contains(CONDITIONS) {
        return Err(UsageError::QueryNeeds {
            needed: "`$CONDITIONS` in its WHERE, where the range of each part goes",
            cure: "`… WHERE $CONDITIONS`; in double quotes the shell wants `\\$CONDITIONS`",
        });
    }
    Ok(Selection::Query(query.clone()))
}

fn target(args: &ImportArgs, selection: &Selection, user: &str) -> Result<LakePath, UsageError> {
    let target = &args.target;
    match (&target.target_dir, &target.warehouse_dir, selection) {
        (Some(_), Some(_), _) => Err(UsageError::Both {
            one: "--target-dir",
            other: "--warehouse-dir",
            cure: "name the directory itself, or the one it lies in",
        }),
        (Some(directory), None, _) => Ok(place::directory(directory, user)?),
        (None, _, Selection::Query(_)) => Err(UsageError::QueryNeeds {
            needed: "--target-dir",
            cure: "a query has no name of its own to call the directory by",
        }),
        (None, Some(directory), Selection::Table { name, .. }) => {
            Ok(place::directory(directory, user)?.join(name)?)
        }
        (None, None, Selection::Table { name, .. }) => Ok(place::directory(name, user)?),
    }
}

fn mappers(
    args: &ImportArgs,
    settings: &ImportSettings,
    notices: &mut Vec<String>,
) -> Result<NonZeroU32, UsageError> {
    let wanted = args.split.num_mappers.unwrap_or(settings.mappers);
    if wanted > MAPPERS_MAX {
        return Err(UsageError::Mappers { found: wanted });
    }
    Ok(NonZeroU32::new(wanted).unwrap_or_else(|| {
        notices.push(format!(
            "-m 0 makes no parts: {MAPPERS_DEFAULT} are made, as Sqoop does"
        ));
        NonZeroU32::new(MAPPERS_DEFAULT).unwrap_or(NonZeroU32::MIN)
    }))
}

fn split(
    args: &ImportArgs,
    properties: &SqoopProperties,
    mappers: NonZeroU32,
) -> Result<SplitRequest, UsageError> {
    let split = &args.split;
    if args.source.query.is_some() && split.split_by.is_none() && mappers > NonZeroU32::MIN {
        return Err(UsageError::QueryNeeds {
            needed: "--split-by to be cut into parts",
            cure: "name a column of the query, or import it as one part with -m 1",
        });
    }
    if split.split_by.is_some() && split.autoreset_to_one_mapper {
        return Err(UsageError::Both {
            one: "--split-by",
            other: "--autoreset-to-one-mapper",
            cure: "a column that is named needs no way out",
        });
    }
    Ok(SplitRequest {
        method: split_method(args)?,
        column: split.split_by.clone(),
        boundary_query: split.boundary_query.clone(),
        limit: split.split_limit,
        without_key: if split.autoreset_to_one_mapper {
            WithoutKey::OnePart
        } else {
            WithoutKey::Refuse
        },
        text: properties.text_splits,
    })
}

fn split_method(args: &ImportArgs) -> Result<SplitMethod, UsageError> {
    let split = &args.split;
    if split.splits == SplitMethod::Balanced {
        let others = [
            (split.boundary_query.is_some(), "--boundary-query"),
            (split.split_limit.is_some(), "--split-limit"),
            (args.sqoop.sqoop_compat, "--sqoop-compat"),
        ];
        if let Some((_, other)) = others.into_iter().find(|(given, _)| *given) {
            return Err(UsageError::Both {
                one: "--splits balanced",
                other,
                cure: "balanced ranges are found by the rows and take in all of them; leave one of both out",
            });
        }
    }
    Ok(split.splits)
}

fn hive(format: &FormatArgs) -> Result<HiveDelimiters, UsageError> {
    match (
        format.hive_drop_import_delims,
        &format.hive_delims_replacement,
    ) {
        (true, Some(_)) => Err(UsageError::Both {
            one: "--hive-drop-import-delims",
            other: "--hive-delims-replacement",
            cure: "drop them, or replace them",
        }),
        (true, None) => Ok(HiveDelimiters::Drop),
        (false, Some(text)) => Ok(HiveDelimiters::Replace(text.clone())),
        (false, None) => Ok(HiveDelimiters::Keep),
    }
}

/// Sqoop puts null tokens into Java source.
fn refuse_java_escapes(flag: &'static str, token: Option<&str>) -> Result<(), UsageError> {
    let Some(token) = token else { return Ok(()) };
    let mut chars = token.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            continue;
        }
        match chars.next() {
            Some('b' | 't' | 'n' | 'f' | 'r' | '"' | '\'' | '\\' | 'u' | '0'..='7') => {}
            escape => {
                return Err(UsageError::JavaEscape {
                    flag,
                    token: token.to_owned(),
                    escape: escape.unwrap_or('"'),
                });
            }
        }
    }
    Ok(())
}

mod incremental;
#[cfg(test)]
mod tests;
