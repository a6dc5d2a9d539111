//! Which directories of the lake are shown: those that the settings name, and what lies below. Pure.

use comptoir_config::Settings;
use comptoir_lake::{LakeError, LakePath};
use comptoir_model::api::lake::RootKind;

/// A directory whose content is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    pub kind: RootKind,
    pub path: LakePath,
}

/// Those of these settings. No two are the same, or one within another one.
pub(crate) fn named_roots(settings: &Settings) -> Result<Vec<Root>, LakeError> {
    let of = |kind, path: &str| LakePath::parse(path).map(|path| Root { kind, path });
    let all = [
        of(RootKind::Imports, &settings.import.target_dir).map(beside)?,
        of(RootKind::Logs, &before_times(&settings.logship.target_dir))?,
        of(RootKind::Bronze, &settings.archive.dir)?,
        of(RootKind::Silver, &settings.views.silver_dir)?,
        of(RootKind::Gold, &settings.views.target_dir)?,
    ];
    Ok(apart(&all))
}

/// The directory of all imports: other tables lie beside the one that is named.
fn beside(target: Root) -> Root {
    match target.path.parent() {
        Some(parent) if parent != LakePath::root() => Root {
            path: parent,
            ..target
        },
        _ => target,
    }
}

/// The part of the log shipper's directory that is the same at all times: before the first name
/// with one of Flume's escapes. `%%` stands for `%`.
fn before_times(target_dir: &str) -> String {
    let names = target_dir.split('/').skip(1);
    let fixed = names.take_while(|name| {
        let rest = name.replace("%%", "");
        !["%Y", "%m", "%d", "%H"]
            .iter()
            .any(|time| rest.contains(time))
    });
    let fixed: Vec<_> = fixed.map(|name| name.replace("%%", "%")).collect();
    format!("/{}", fixed.join("/"))
}

/// Without those that lie within another one, which shows them.
fn apart(all: &[Root]) -> Vec<Root> {
    let shows = |other: usize, at: usize| {
        let (one, another) = (&all[at].path, &all[other].path);
        at != other && is_below(one, another) && (one != another || other < at)
    };
    (0..all.len())
        .filter(|at| !(0..all.len()).any(|other| shows(other, *at)))
        .map(|at| all[at].clone())
        .collect()
}

/// The root that this path is, or lies below.
pub(crate) fn root_of<'a>(roots: &'a [Root], path: &LakePath) -> Option<&'a Root> {
    roots.iter().find(|root| is_below(path, &root.path))
}

/// Whether `path` is `above`, or below it.
fn is_below(path: &LakePath, above: &LakePath) -> bool {
    path == above
        || *above == LakePath::root()
        || (path.as_str().strip_prefix(above.as_str())).is_some_and(|rest| rest.starts_with('/'))
}

impl Root {
    /// The command that fills it.
    pub(crate) fn filled_by(&self) -> String {
        let path = &self.path;
        match self.kind {
            RootKind::Imports => {
                format!("comptoir-batch import --table TABLE --target-dir {path}/TABLE")
            }
            RootKind::Logs => "comptoir-logship ship".to_owned(),
            RootKind::Bronze => "comptoir-speed archive".to_owned(),
            RootKind::Silver | RootKind::Gold => "comptoir-batch views run".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(kind: RootKind, path: &str) -> Root {
        Root {
            kind,
            path: LakePath::parse(path).unwrap(),
        }
    }

    #[test]
    fn a_path_is_below_its_directory_and_not_below_one_that_only_begins_alike() {
        let roots = [
            root(RootKind::Imports, "/user/sqoop"),
            root(RootKind::Gold, "/gold"),
        ];
        let kind = |path: &str| {
            let path = LakePath::parse(path).unwrap();
            root_of(&roots, &path).map(|root| root.kind)
        };
        assert_eq!(kind("/user/sqoop"), Some(RootKind::Imports));
        assert_eq!(
            kind("/user/sqoop/sales/part-m-00000"),
            Some(RootKind::Imports)
        );
        assert_eq!(kind("/gold/cube"), Some(RootKind::Gold));
        for path in ["/", "/user", "/user/sqoop2", "/golden", "/tmp"] {
            assert_eq!(kind(path), None, "{path}");
        }
    }

    #[test]
    fn directories_of_times_are_below_the_logs_own() {
        for (target_dir, fixed) in [
            ("/user/flume/logs", "/user/flume/logs"),
            ("/user/flume/%Y/%m", "/user/flume"),
            ("/user/100%%/%d/%H", "/user/100%"),
            ("/user/%%Y/logs", "/user/%Y/logs"),
            ("/%Y", "/"),
        ] {
            assert_eq!(before_times(target_dir), fixed, "{target_dir}");
        }
    }

    #[test]
    fn imports_lie_beside_one_another_unless_that_is_the_whole_lake() {
        let path = |path| beside(root(RootKind::Imports, path)).path;
        assert_eq!(path("/user/sqoop/sales").as_str(), "/user/sqoop");
        assert_eq!(path("/sales").as_str(), "/sales");
    }

    #[test]
    fn what_lies_within_another_root_is_shown_there() {
        let all = [
            root(RootKind::Imports, "/data"),
            root(RootKind::Logs, "/logs"),
            root(RootKind::Bronze, "/data/bronze"),
            root(RootKind::Silver, "/tables"),
            root(RootKind::Gold, "/tables"),
        ];
        let kinds: Vec<_> = apart(&all).into_iter().map(|root| root.kind).collect();
        assert_eq!(kinds, [RootKind::Imports, RootKind::Logs, RootKind::Silver]);
    }
}
