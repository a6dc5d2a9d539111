//! The output directory: holds the page's files and nothing else, and changes only where they do,
//! so that the server, which embeds it, is not built again for nothing.

use crate::assets::Asset;
use anyhow::Context;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// The compressed copies that stand beside each file.
pub(crate) const COPIES: [&str; 2] = ["br", "gz"];

/// Whether a run changed the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Something,
    Nothing,
}

pub(crate) fn write(out: &Path, assets: &[Asset]) -> anyhow::Result<Written> {
    fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    let mut written = Written::Nothing;
    let mut names = HashSet::new();
    for asset in assets {
        names.extend(COPIES.map(|copy| format!("{}.{copy}", asset.name)));
        names.insert(asset.name.clone());
        if is_there(out, asset) {
            continue;
        }
        written = Written::Something;
        // The content last: where it stands, its copies stand too.
        replace(out, &format!("{}.br", asset.name), &asset.brotli()?)?;
        replace(out, &format!("{}.gz", asset.name), &asset.gzip()?)?;
        replace(out, &asset.name, &asset.content)?;
    }
    for entry in fs::read_dir(out).with_context(|| format!("list {}", out.display()))? {
        let entry = entry?;
        if !entry
            .file_name()
            .to_str()
            .is_some_and(|name| names.contains(name))
        {
            fs::remove_file(entry.path())
                .with_context(|| format!("remove {}", entry.path().display()))?;
            written = Written::Something;
        }
    }
    Ok(written)
}

fn is_there(out: &Path, asset: &Asset) -> bool {
    let path = out.join(&asset.name);
    let copies = COPIES.map(|copy| out.join(format!("{}.{copy}", asset.name)));
    copies.iter().all(|copy| copy.exists())
        && fs::read(path).is_ok_and(|content| content == asset.content)
}

/// A build that is interrupted leaves no half file under a name that counts.
fn replace(out: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let temporary = out.join(format!(".{name}.tmp"));
    fs::write(&temporary, content)
        .and_then(|()| fs::rename(&temporary, out.join(name)))
        .with_context(|| format!("write {}", out.join(name).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(out: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_second_run_writes_nothing() {
        let out = tempfile::tempdir().unwrap();
        let assets = [Asset::named("index.html", b"a".to_vec())];
        assert_eq!(write(out.path(), &assets).unwrap(), Written::Something);
        assert_eq!(write(out.path(), &assets).unwrap(), Written::Nothing);
        assert_eq!(
            names(out.path()),
            ["index.html", "index.html.br", "index.html.gz"]
        );
    }

    #[test]
    fn files_of_an_earlier_build_go() {
        let out = tempfile::tempdir().unwrap();
        write(out.path(), &[Asset::named("old.js", b"a".to_vec())]).unwrap();
        write(out.path(), &[Asset::named("new.js", b"a".to_vec())]).unwrap();
        assert_eq!(names(out.path()), ["new.js", "new.js.br", "new.js.gz"]);
    }

    #[test]
    fn a_lost_copy_is_made_again() {
        let out = tempfile::tempdir().unwrap();
        let assets = [Asset::named("a.js", b"a".to_vec())];
        write(out.path(), &assets).unwrap();
        fs::remove_file(out.path().join("a.js.gz")).unwrap();
        assert_eq!(write(out.path(), &assets).unwrap(), Written::Something);
        assert_eq!(names(out.path()).len(), 3);
    }
}
