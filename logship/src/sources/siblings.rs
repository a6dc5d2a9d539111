//! The names that rotation gives to a log's files.

/// What `gzip` appends.
pub(crate) const GZIP: &str = ".gz";

/// Whether `name` is the log's own, or that of a rotated sibling: `app.log.1`, `app.log-20261121`,
/// each also with `.gz`. Copies of editors and the like are not.
pub fn is_of(log: &str, name: &str) -> bool {
    match name.strip_prefix(log) {
        None => false,
        Some(rest) => rest.is_empty() || is_suffix(rest),
    }
}

/// The logs of which `name` may be a rotated sibling, the shortest first; its own name is the last.
pub fn logs_of(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices(['.', '-']).map(|(at, _)| at);
    let logs = ends.filter(|at| *at > 0 && is_suffix(&name[*at..]));
    logs.map(|at| &name[..at]).chain([name])
}

fn is_suffix(rest: &str) -> bool {
    let rest = rest.strip_suffix(GZIP).unwrap_or(rest);
    let Some(digits) = rest.strip_prefix(['.', '-']) else {
        return false;
    };
    digits.starts_with(|first: char| first.is_ascii_digit())
        && (digits.chars()).all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_siblings_are_files_of_the_log_and_others_are_not() {
        for name in [
            "app.log",
            "app.log.1",
            "app.log-20261121",
            "app.log.2026-11-21",
            "app.log.2.gz",
        ] {
            assert!(is_of("app.log", name), "{name}");
        }
        for name in [
            "app.log.gz",
            "app.log.1.zst",
            "app.log.swp",
            "app.log2",
            "app.lo",
            "app.log.",
            "x.app.log",
        ] {
            assert!(!is_of("app.log", name), "{name}");
        }
    }

    #[test]
    fn a_siblings_name_leads_to_the_logs_it_may_be_of() {
        let logs = |name| logs_of(name).collect::<Vec<_>>();
        assert_eq!(
            logs("app.log-20261121.1.gz"),
            ["app.log", "app.log-20261121", "app.log-20261121.1.gz"]
        );
        assert_eq!(logs("app-2026.log"), ["app-2026.log"]);
        assert_eq!(logs(".1"), [".1"]);
    }
}
