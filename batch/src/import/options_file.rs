//! `--options-file FILE`: arguments from a file, one a line, in the place of the flag.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum OptionsFileError {
    #[error("--options-file names no file\nhint: --options-file FILE")]
    NoName,
    #[error("can't read the options file {path}: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{path}:{line}: a quote that opens here does not close in its line\nhint: arguments that span lines end them with `\\`"
    )]
    Quote { path: PathBuf, line: usize },
    #[error("{path}: the last line ends with `\\`, but nothing follows")]
    Continuation { path: PathBuf },
}

const FLAG: &str = "--options-file";

/// The command line with the files' arguments in it; `read` gives the text of a file.
pub fn expand(
    line: impl IntoIterator<Item = String>,
    read: impl Fn(&Path) -> std::io::Result<String>,
) -> Result<Vec<String>, OptionsFileError> {
    let mut expanded = Vec::new();
    let mut line = line.into_iter();
    while let Some(argument) = line.next() {
        let path = match argument.strip_prefix(FLAG) {
            Some("") => line.next().ok_or(OptionsFileError::NoName)?,
            Some(rest) if rest.starts_with('=') => rest[1..].to_owned(),
            _ => {
                expanded.push(argument);
                continue;
            }
        };
        let path = PathBuf::from(path);
        let text = read(&path).map_err(|source| OptionsFileError::Unreadable {
            path: path.clone(),
            source,
        })?;
        expanded.extend(arguments(&path, &text)?);
    }
    Ok(expanded)
}

/// Sqoop's rules: blank lines and those that begin with `#` are left out, `\` at the end joins the
/// next line, quotes around a whole line are taken off.
fn arguments(path: &Path, text: &str) -> Result<Vec<String>, OptionsFileError> {
    let mut arguments = Vec::new();
    let mut joined = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if joined.is_empty() && (line.is_empty() || line.starts_with('#')) {
            continue;
        }
        if let Some(begun) = line.strip_suffix('\\') {
            joined.push_str(begun);
            continue;
        }
        joined.push_str(line);
        let whole = unquoted(&joined).ok_or_else(|| OptionsFileError::Quote {
            path: path.to_owned(),
            line: index + 1,
        })?;
        arguments.push(whole.to_owned());
        joined.clear();
    }
    if joined.is_empty() {
        Ok(arguments)
    } else {
        Err(OptionsFileError::Continuation {
            path: path.to_owned(),
        })
    }
}

/// `None`: it begins with a quote that does not end it.
fn unquoted(line: &str) -> Option<&str> {
    for quote in ['"', '\''] {
        if let Some(rest) = line.strip_prefix(quote) {
            return rest.strip_suffix(quote);
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(file: &str) -> Result<Vec<String>, OptionsFileError> {
        let line = ["import", "--options-file", "o.txt", "-m", "1"].map(str::to_owned);
        expand(line, |path| {
            assert_eq!(path, Path::new("o.txt"));
            Ok(file.to_owned())
        })
    }

    #[test]
    fn puts_the_files_arguments_where_the_flag_stood() {
        let file =
            "# the table\n--table\n\n  sales  \n--where\n\"a = 'x' \\\nAND b\"\n--query\n'it is'\n";
        assert_eq!(
            expanded(file).unwrap(),
            [
                "import",
                "--table",
                "sales",
                "--where",
                "a = 'x' AND b",
                "--query",
                "it is",
                "-m",
                "1"
            ]
        );
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let error = expanded("--table\n\"sales\n").unwrap_err().to_string();
        assert!(error.starts_with("o.txt:2:"), "{error}");
        assert!(matches!(
            expanded("a \\"),
            Err(OptionsFileError::Continuation { .. })
        ));
        let alone = expand(["--options-file".to_owned()], |_| Ok(String::new()));
        assert!(matches!(alone, Err(OptionsFileError::NoName)));
    }
}
