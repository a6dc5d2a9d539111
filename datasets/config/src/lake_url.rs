//! Where the lake is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// The lake's root. `Display` gives the URL that `comptoir_lake::Lake::open` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakeUrl {
    /// `hdfs://[USER@]HOST:PORT`, or `hdfs://[USER@]NAMESERVICE` of the Hadoop configuration; no
    /// path.
    Hdfs(String),
    /// An absolute directory of this machine.
    Local(PathBuf),
}

/// Why a text is no lake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LakeUrlError {
    #[error(
        "this is not a lake\nhint: use hdfs://HOST:PORT, hdfs://NAMESERVICE or file:///ABSOLUTE/DIRECTORY"
    )]
    Syntax,
    #[error(
        "the lake is the whole file system, and the URL names a directory in it\nhint: leave out the path; import.target_dir says where imports go"
    )]
    Path,
    #[error(
        "a password does not belong into a URL, and HDFS has none\nhint: leave out everything from the `:` to the `@`"
    )]
    Password,
}

impl FromStr for LakeUrl {
    type Err = LakeUrlError;

    fn from_str(text: &str) -> Result<Self, LakeUrlError> {
        if let Some(path) = text.strip_prefix("file://") {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Self::Local(path))
            } else {
                Err(LakeUrlError::Syntax)
            };
        }
        let url = Url::parse(text).map_err(|_| LakeUrlError::Syntax)?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(LakeUrlError::Syntax)?;
        if url.scheme() != "hdfs" || url.query().is_some() || url.fragment().is_some() {
            return Err(LakeUrlError::Syntax);
        }
        if url.password().is_some() {
            return Err(LakeUrlError::Password);
        }
        if !matches!(url.path(), "" | "/") {
            return Err(LakeUrlError::Path);
        }
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let user = match url.username() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        Ok(Self::Hdfs(format!("hdfs://{user}{host}{port}")))
    }
}

impl fmt::Display for LakeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hdfs(url) => f.write_str(url),
            Self::Local(path) => write!(f, "file://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_name_node_a_name_service_and_a_directory() {
        for (text, shown) in [
            ("hdfs://namenode:8020/", "hdfs://namenode:8020"),
            ("hdfs://shop", "hdfs://shop"),
            ("hdfs://anna@shop", "hdfs://anna@shop"),
            ("file:///var/lake", "file:///var/lake"),
        ] {
            assert_eq!(text.parse::<LakeUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_no_root() {
        for (text, error) in [
            ("hdfs://h:8020/user", LakeUrlError::Path),
            ("hdfs://shop:hunter2@h:8020", LakeUrlError::Password),
            ("hdfs://", LakeUrlError::Syntax),
            ("s3://bucket", LakeUrlError::Syntax),
            ("file://lake", LakeUrlError::Syntax),
            ("lake", LakeUrlError::Syntax),
        ] {
            assert_eq!(text.parse::<LakeUrl>(), Err(error), "{text}");
        }
    }
}
