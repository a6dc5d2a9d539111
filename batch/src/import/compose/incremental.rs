//! What `--append`, `--incremental` and the flags that belong to it mean together.

use super::super::args::ImportArgs;
use super::super::incremental::IncrementalRequest;
use super::super::request::Existing;
use super::UsageError;
use comptoir_model::incremental::IncrementalMode;

/// `None`: all rows are wanted.
pub(super) fn of(args: &ImportArgs) -> Result<Option<IncrementalRequest>, UsageError> {
    let (incremental, target) = (&args.incremental, &args.target);
    let both = |one, other, cure| Err(UsageError::Both { one, other, cure });
    if target.append && target.delete_target_dir {
        return both(
            "--append",
            "--delete-target-dir",
            "add to the target, or replace it",
        );
    }
    let Some(mode) = &incremental.incremental else {
        let of_it = [
            (incremental.check_column.is_some(), "--check-column"),
            (incremental.last_value.is_some(), "--last-value"),
            (incremental.merge_key.is_some(), "--merge-key"),
        ];
        return match of_it.into_iter().find(|(given, _)| *given) {
            None => Ok(None),
            Some((_, flag)) => Err(UsageError::Needs {
                flag,
                needed: "--incremental",
                cure: "say --incremental append or --incremental lastmodified",
            }),
        };
    };
    let modes = [IncrementalMode::Append, IncrementalMode::LastModified];
    let Some(mode) = modes.into_iter().find(|known| known.name() == mode) else {
        return Err(UsageError::IncrementalMode {
            found: mode.clone(),
        });
    };
    if target.delete_target_dir {
        return both(
            "--incremental",
            "--delete-target-dir",
            "take what is new into the target, or replace it by everything",
        );
    }
    let Some(column) = incremental.check_column.clone() else {
        return Err(UsageError::NoCheckColumn);
    };
    if incremental.merge_key.is_some() {
        if target.append {
            return both(
                "--append",
                "--merge-key",
                "add rows, or merge them with those in the target",
            );
        }
        if mode == IncrementalMode::Append {
            return Err(UsageError::Needs {
                flag: "--merge-key",
                needed: "--incremental lastmodified",
                cure: "rows that are only added have no old versions to merge with",
            });
        }
    }
    Ok(Some(IncrementalRequest {
        mode,
        column,
        last_value: incremental.last_value.clone(),
    }))
}

/// What becomes of the target, as Sqoop decides it.
pub(super) fn existing(args: &ImportArgs) -> Existing {
    let adds = args.incremental.incremental.as_deref() == Some(IncrementalMode::Append.name());
    match &args.incremental.merge_key {
        _ if args.target.delete_target_dir => Existing::ReplaceAll,
        _ if args.target.append || adds => Existing::Append,
        Some(key) => Existing::MergeBy(key.clone()),
        None => Existing::Refuse,
    }
}
