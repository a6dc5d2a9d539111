//! Paths inside the lake, the same on HDFS and on a local directory.

use crate::error::LakeError;
use std::fmt;

/// The longest name of one file or directory, in bytes, that both HDFS and Linux take.
const NAME_LENGTH_MAX: usize = 255;

/// An absolute, normalised path inside the lake: `/user/sqoop/sales`.
///
/// Every segment is a name that HDFS and a local directory both take: not empty, not `.` or `..`,
/// without `:` (HDFS refuses it) and control characters, at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LakePath(String);

impl LakePath {
    /// Takes an absolute path; one trailing `/` is dropped.
    pub fn parse(text: &str) -> Result<Self, LakeError> {
        let invalid = |reason| LakeError::InvalidPath {
            path: text.to_owned(),
            reason,
        };
        let Some(relative) = text.strip_prefix('/') else {
            return Err(invalid("it does not start with `/`"));
        };
        let relative = relative.strip_suffix('/').unwrap_or(relative);
        if relative.is_empty() {
            return if text == "/" {
                Ok(Self::root())
            } else {
                Err(invalid(EMPTY_NAME))
            };
        }
        for name in relative.split('/') {
            check_name(name).map_err(invalid)?;
        }
        Ok(Self(format!("/{relative}")))
    }

    /// `/`, the lake itself.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path of `name` in this directory.
    pub fn join(&self, name: &str) -> Result<Self, LakeError> {
        check_name(name).map_err(|reason| LakeError::InvalidPath {
            path: name.to_owned(),
            reason,
        })?;
        Ok(self.child(name))
    }

    /// The directory that holds it; `None` of the root.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.split()?;
        Some(if parent.is_empty() {
            Self::root()
        } else {
            Self(parent.to_owned())
        })
    }

    /// The last segment; `None` of the root.
    pub fn file_name(&self) -> Option<&str> {
        self.split().map(|(_, name)| name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Joins a name that is known to be a valid one.
    pub(crate) fn child(&self, name: &str) -> Self {
        debug_assert!(check_name(name).is_ok(), "{name:?}");
        if self.0 == "/" {
            Self(format!("/{name}"))
        } else {
            Self(format!("{self}/{name}"))
        }
    }

    fn split(&self) -> Option<(&str, &str)> {
        self.0.rsplit_once('/').filter(|(_, name)| !name.is_empty())
    }
}

impl fmt::Display for LakePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for LakePath {
    type Err = LakeError;

    fn from_str(text: &str) -> Result<Self, LakeError> {
        Self::parse(text)
    }
}

const EMPTY_NAME: &str = "a name in it is empty";

fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err(EMPTY_NAME),
        "." | ".." => Err("`.` and `..` are not allowed"),
        _ if name.contains('/') => Err("a name can't hold `/`"),
        _ if name.contains(':') => Err("HDFS refuses names with `:`"),
        _ if name.chars().any(char::is_control) => Err("a name holds a control character"),
        _ if name.len() > NAME_LENGTH_MAX => Err("a name is longer than 255 bytes"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn drops_one_trailing_slash() {
        assert_eq!(LakePath::parse("/a/b/").unwrap().as_str(), "/a/b");
        assert_eq!(LakePath::parse("/").unwrap(), LakePath::root());
    }

    #[test]
    fn refuses_what_a_backend_would_refuse_or_resolve_elsewhere() {
        for text in [
            "", "a", "//", "/a//b", "/a//", "/../a", "/a/./b", "/a:b", "/a\nb",
        ] {
            assert!(
                matches!(LakePath::parse(text), Err(LakeError::InvalidPath { .. })),
                "{text:?}"
            );
        }
        let root = LakePath::root();
        for name in ["", "..", "a/b", "a:b"] {
            assert!(root.join(name).is_err(), "{name:?}");
        }
        assert!(root.join(&"x".repeat(256)).is_err());
    }

    #[test]
    fn the_root_has_no_parent_and_no_name() {
        assert_eq!(LakePath::root().parent(), None);
        assert_eq!(LakePath::root().file_name(), None);
        let child = LakePath::root().join("a").unwrap();
        assert_eq!(child.parent(), Some(LakePath::root()));
    }

    proptest! {
        #[test]
        fn what_is_accepted_parses_to_itself(text in "[/.:a-c\u{e9}]{0,12}") {
            if let Ok(path) = LakePath::parse(&text) {
                prop_assert_eq!(&LakePath::parse(path.as_str()).unwrap(), &path);
                prop_assert!(!path.as_str().contains(':'));
                prop_assert!(path.as_str().split('/').all(|name| name != ".."));
            }
        }

        #[test]
        fn parent_and_name_undo_join(names in prop::collection::vec("[a-z_.-]{1,8}x", 1..5)) {
            let mut path = LakePath::root();
            for name in &names {
                let child = path.join(name).unwrap();
                prop_assert_eq!(child.parent(), Some(path));
                prop_assert_eq!(child.file_name(), Some(name.as_str()));
                path = child;
            }
            prop_assert_eq!(path.as_str(), format!("/{}", names.join("/")));
        }
    }
}
