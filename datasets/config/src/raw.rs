//! Stage one: what was written where, as text. Pure; files come in as their contents.

use crate::error::{ConfigError, Fault, Origin};
use crate::key::{HADOOP_CONF_DIR, Key, Variable, nearest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawValue {
    pub(crate) text: String,
    pub(crate) origin: Origin,
    /// What a relative path in it is relative to: the directory of the file it stands in, or the
    /// working directory.
    pub(crate) base: PathBuf,
}

/// All values and all faults so far. Layers are added from the weakest to the strongest.
#[derive(Debug, Default)]
pub struct RawSettings {
    values: BTreeMap<Key, RawValue>,
    faults: Vec<Fault>,
}

impl RawSettings {
    /// The contents of `comptoir.toml`, which lies at `path`.
    pub fn add_toml(&mut self, path: &Path, contents: &str) -> Result<(), ConfigError> {
        let line = |at: usize| contents[..at.min(contents.len())].matches('\n').count() + 1;
        let table = DeTable::parse(contents).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: line(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let origin = |at: usize| Origin::File {
            path: path.to_owned(),
            line: line(at),
        };
        let base = path.parent().unwrap_or(Path::new(""));
        for (name, value) in table.get_ref() {
            let at = name.span().start;
            match value.get_ref() {
                DeValue::Table(section) => {
                    for (key, value) in section {
                        let name = format!("{}.{}", name.get_ref(), key.get_ref());
                        self.add_toml_value(&name, value.get_ref(), origin(key.span().start), base);
                    }
                }
                value => self.add_toml_value(name.get_ref(), value, origin(at), base),
            }
        }
        Ok(())
    }

    fn add_toml_value(&mut self, name: &str, value: &DeValue<'_>, origin: Origin, base: &Path) {
        let Some(key) = Key::from_name(name) else {
            let known = Key::ALL.into_iter().map(|key| key.name().to_owned());
            self.faults.push(Fault::UnknownKey {
                origin,
                name: name.to_owned(),
                nearest: nearest(name, known),
            });
            return;
        };
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            other => {
                self.faults.push(Fault::WrongType {
                    origin,
                    name: name.to_owned(),
                    found: other.type_str(),
                });
                return;
            }
        };
        self.set(key, text, origin, base);
    }

    /// The variables of `.env`, which lies at `path`.
    pub fn add_dot_env(&mut self, path: &Path, variables: &[(String, String)]) {
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        self.add_variables(variables, &base, |variable| Origin::DotEnv {
            path: path.to_owned(),
            variable,
        });
    }

    /// The variables of the process.
    pub fn add_environment(&mut self, variables: &[(String, String)], working_dir: &Path) {
        self.add_variables(variables, working_dir, |variable| Origin::Environment {
            variable,
        });
    }

    fn add_variables(
        &mut self,
        variables: &[(String, String)],
        base: &Path,
        origin: impl Fn(String) -> Origin,
    ) {
        // Within a layer our own name beats Hadoop's.
        let (hadoop, ours): (Vec<_>, Vec<_>) = variables
            .iter()
            .partition(|(name, _)| name == HADOOP_CONF_DIR);
        for (name, value) in hadoop.into_iter().chain(ours) {
            match Variable::of(name) {
                Variable::Sets(key) => self.set(key, value.clone(), origin(name.clone()), base),
                Variable::Other => {}
                Variable::Unknown => self.faults.push(Fault::UnknownKey {
                    origin: origin(name.clone()),
                    name: name.clone(),
                    nearest: nearest(name, Key::ALL.into_iter().map(Key::variable)),
                }),
            }
        }
    }

    /// A flag of the command line, as `--connect`; a relative path in it is relative to `base`.
    pub fn add_flag(&mut self, key: Key, name: &'static str, value: &str, base: &Path) {
        self.set(key, value.to_owned(), Origin::Flag { name }, base);
    }

    fn set(&mut self, key: Key, text: String, origin: Origin, base: &Path) {
        let base = base.to_owned();
        self.values.insert(key, RawValue { text, origin, base });
    }

    pub(crate) fn into_parts(self) -> (BTreeMap<Key, RawValue>, Vec<Fault>) {
        (self.values, self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(contents: &str) -> RawSettings {
        let mut raw = RawSettings::default();
        raw.add_toml(Path::new("/etc/comptoir.toml"), contents)
            .unwrap();
        raw
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    #[test]
    fn names_the_line_of_an_unknown_key_and_the_one_that_was_meant() {
        let raw = toml("data_dir = \"d\"\n\n[erp]\nulr = \"sqlite:x\"\n");
        assert_eq!(
            raw.faults[0].to_string(),
            "/etc/comptoir.toml:4: there is no setting `erp.ulr`\nhint: did you mean `erp.url`?"
        );
    }

    #[test]
    fn names_the_line_of_broken_toml() {
        let mut raw = RawSettings::default();
        let error = raw
            .add_toml(Path::new("c.toml"), "a = 1\nb = \n")
            .unwrap_err();
        assert!(error.to_string().starts_with("c.toml:2: "), "{error}");
    }

    #[test]
    fn refuses_a_list_where_a_value_belongs() {
        let raw = toml("[import]\nmappers = [4]");
        assert!(
            raw.faults[0].to_string().contains("of type array"),
            "{:?}",
            raw.faults
        );
    }

    #[test]
    fn takes_numbers_and_text_alike() {
        let raw = toml("[import]\nmappers = 8\n[lake]\ntimeout_s = \"2.5\"");
        assert_eq!(raw.values[&Key::ImportMappers].text, "8");
        assert_eq!(raw.values[&Key::LakeTimeoutS].text, "2.5");
    }

    #[test]
    fn refuses_an_unknown_variable_of_ours_only() {
        let mut raw = RawSettings::default();
        let given = variables(&[("HOME", "/"), ("COMPTOIR_ERP_USRNAME", "x")]);
        raw.add_environment(&given, Path::new("/"));
        assert_eq!(raw.faults.len(), 1);
        let message = raw.faults[0].to_string();
        assert!(
            message.contains("did you mean `COMPTOIR_ERP_USERNAME`?"),
            "{message}"
        );
    }

    #[test]
    fn our_own_name_beats_hadoops_within_a_layer() {
        let mut raw = RawSettings::default();
        let given = variables(&[
            ("COMPTOIR_LAKE_HADOOP_CONF_DIR", "/a"),
            ("HADOOP_CONF_DIR", "/b"),
        ]);
        raw.add_environment(&given, Path::new("/"));
        assert_eq!(raw.values[&Key::LakeHadoopConfDir].text, "/a");
    }

    #[test]
    fn a_later_layer_beats_an_earlier_one() {
        let mut raw = toml("[web]\nlisten = \"127.0.0.1:1\"");
        raw.add_dot_env(
            Path::new("/home/.env"),
            &variables(&[("COMPTOIR_WEB_LISTEN", "127.0.0.1:2")]),
        );
        assert_eq!(raw.values[&Key::WebListen].text, "127.0.0.1:2");
        raw.add_environment(
            &variables(&[("COMPTOIR_WEB_LISTEN", "127.0.0.1:3")]),
            Path::new("/"),
        );
        assert_eq!(raw.values[&Key::WebListen].text, "127.0.0.1:3");
        raw.add_flag(Key::WebListen, "--port", "127.0.0.1:4", Path::new("/"));
        assert_eq!(raw.values[&Key::WebListen].text, "127.0.0.1:4");
    }
}
