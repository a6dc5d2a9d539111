//! Where a directory of a command line lies: Sqoop's users write paths, relative ones, and URLs.
//! Pure.

use comptoir_lake::{LakeError, LakePath};

/// The lake that a directory's URL names; `None` of a path.
pub(crate) fn lake_of(directory: &str) -> Option<String> {
    let (scheme, rest) = directory.split_once("://")?;
    let host = rest.split('/').next().unwrap_or_default();
    // `hdfs:///dir` is a directory of the default lake.
    (!host.is_empty() || scheme == "file")
        .then(|| format!("{scheme}://{host}"))
        .map(|lake| {
            if scheme == "file" {
                format!("{lake}/")
            } else {
                lake
            }
        })
}

/// The directory in its lake; a relative one lies in the user's home, as in Hadoop.
pub(crate) fn directory(text: &str, user: &str) -> Result<LakePath, LakeError> {
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => text,
    };
    if path.starts_with('/') {
        return LakePath::parse(path);
    }
    LakePath::parse(&format!("/user/{user}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_lake_and_directory() {
        for (text, lake, path) in [
            ("hdfs://nn:8020/user/a", Some("hdfs://nn:8020"), "/user/a"),
            ("hdfs:///user/a", None, "/user/a"),
            ("file:///tmp/a", Some("file:///"), "/tmp/a"),
            ("/user/a/", None, "/user/a"),
            ("a/b", None, "/user/etl/a/b"),
        ] {
            assert_eq!(lake_of(text).as_deref(), lake, "{text}");
            assert_eq!(directory(text, "etl").unwrap().as_str(), path);
        }
    }
}
