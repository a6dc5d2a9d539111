//! The one place that reads the names of Java's exceptions.

use crate::entry::EntryKind;
use crate::error::LakeError;
use crate::path::LakePath;
use hdfs_native::HdfsError;
use std::io::ErrorKind;

pub(super) fn map(path: &LakePath) -> impl Fn(HdfsError) -> LakeError + '_ {
    move |error| classify(path.clone(), error)
}

fn classify(path: LakePath, error: HdfsError) -> LakeError {
    match error {
        HdfsError::FileNotFound(_) => LakeError::NotFound { path },
        HdfsError::AlreadyExists(_) => LakeError::AlreadyExists { path },
        HdfsError::IsADirectoryError(_) => expected(path, EntryKind::File),
        HdfsError::RPCError(class, message) | HdfsError::FatalRPCError(class, message) => {
            classify_exception(path, &class, &message)
        }
        HdfsError::IOError(error) => {
            let reason = error.to_string();
            match error.kind() {
                // Nothing was sent.
                ErrorKind::AddrNotAvailable
                | ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NotConnected => LakeError::Unavailable { path, reason },
                _ => LakeError::ConnectionLost { path, reason },
            }
        }
        HdfsError::DataTransferError(reason) => LakeError::Unavailable { path, reason },
        HdfsError::ChecksumError => LakeError::Corrupt {
            path,
            reason: "HDFS's own checksums do not match".to_owned(),
        },
        HdfsError::BlocksNotFound(_) => LakeError::Corrupt {
            path,
            reason: "HDFS misses blocks of it".to_owned(),
        },
        other @ (HdfsError::SASLError(_)
        | HdfsError::GSSAPIError(..)
        | HdfsError::NoSASLMechanism) => LakeError::PermissionDenied {
            path,
            reason: other.to_string(),
        },
        other => LakeError::Failed {
            path,
            reason: other.to_string(),
        },
    }
}

fn classify_exception(path: LakePath, class: &str, message: &str) -> LakeError {
    // Java appends its stack trace.
    let reason = message.lines().next().unwrap_or_default().to_owned();
    match class.rsplit('.').next().unwrap_or(class) {
        "FileNotFoundException" if reason.starts_with("Path is not a file") => {
            expected(path, EntryKind::File)
        }
        "FileNotFoundException" => LakeError::NotFound { path },
        "FileAlreadyExistsException" | "AlreadyBeingCreatedException" => {
            LakeError::AlreadyExists { path }
        }
        // How HDFS says that a rename would put a file over a directory, or the reverse.
        "IOException" if reason.ends_with("must both be directories") => {
            LakeError::AlreadyExists { path }
        }
        "ParentNotDirectoryException" | "PathIsNotDirectoryException" => {
            expected(path, EntryKind::Directory)
        }
        "PathIsNotEmptyDirectoryException" => LakeError::NotEmpty { path },
        "AccessControlException"
        | "AuthorizationException"
        | "SaslException"
        | "GSSException"
        | "SecretManager$InvalidToken" => LakeError::PermissionDenied { path, reason },
        "DSQuotaExceededException"
        | "NSQuotaExceededException"
        | "QuotaByStorageTypeExceededException" => LakeError::NoSpace { path, reason },
        // No DataNode has room for a block, or none is there.
        "IOException" if reason.contains("could only be written to 0 of") => {
            LakeError::NoSpace { path, reason }
        }
        "SafeModeException" => LakeError::SafeMode { path },
        "StandbyException" | "RetriableException" | "CannotObtainBlockLengthException" => {
            LakeError::Unavailable { path, reason }
        }
        "LeaseExpiredException" => LakeError::WriterClosed { path, reason },
        simple => LakeError::Failed {
            path,
            reason: format!("{simple}: {reason}"),
        },
    }
}

fn expected(path: LakePath, expected: EntryKind) -> LakeError {
    LakeError::WrongKind { path, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Retry;

    fn exception(class: &str) -> LakeError {
        let path = LakePath::parse("/a").unwrap();
        map(&path)(HdfsError::RPCError(
            class.to_owned(),
            "why\n\tat org.apache.Stack.trace(Stack.java:1)".to_owned(),
        ))
    }

    #[test]
    fn knows_the_exceptions_of_java() {
        let denied = exception("org.apache.hadoop.security.AccessControlException");
        assert!(matches!(&denied, LakeError::PermissionDenied { reason, .. } if reason == "why"));
        let safe = exception("org.apache.hadoop.hdfs.server.namenode.SafeModeException");
        assert!(matches!(&safe, LakeError::SafeMode { .. }));
        assert_eq!(safe.retry(), Retry::CanHelp);
        let full = exception("org.apache.hadoop.hdfs.protocol.DSQuotaExceededException");
        assert!(matches!(&full, LakeError::NoSpace { .. }));
        let missing = exception("java.io.FileNotFoundException");
        assert!(matches!(missing, LakeError::NotFound { .. }));
    }

    #[test]
    fn says_an_unknown_exception_in_its_own_words_without_the_stack() {
        let error = exception("java.lang.IllegalStateException").to_string();
        assert_eq!(error, "/a: IllegalStateException: why");
    }

    #[test]
    fn a_broken_connection_leaves_the_outcome_open_and_a_refused_one_does_not() {
        let path = LakePath::parse("/a").unwrap();
        let retry = |kind: ErrorKind| map(&path)(HdfsError::IOError(kind.into())).retry();
        assert_eq!(retry(ErrorKind::BrokenPipe), Retry::Unknown);
        assert_eq!(retry(ErrorKind::ConnectionRefused), Retry::CanHelp);
    }
}
