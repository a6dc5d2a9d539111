//! Where archives go: a path in the lake with Flume's escapes for what is known of a source.

use super::error::Fault;
use comptoir_lake::LakePath;

/// Of the machine and of the source: `%{host}`, `%{source}`, `%%`.
///
/// Flume's escapes of the time have no place here: an archive is one directory, in which a log's
/// bytes are found by their position and sealed in a chain; times are asked of its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Host,
    Source,
}

impl Template {
    /// Where nothing else is said.
    pub const DEFAULT: &str = "/user/flume/logs/%{host}/%{source}";

    pub fn parse(text: &str) -> Result<Self, Fault> {
        let escape = |escape: &str| Fault::Escape {
            template: text.to_owned(),
            escape: escape.to_owned(),
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            parts.push(Part::Text(before.to_owned()));
            let (part, after) = match after.chars().next() {
                Some('%') => (Part::Text("%".to_owned()), &after[1..]),
                Some('{') => {
                    let (name, after) =
                        (after[1..].split_once('}')).ok_or_else(|| escape(&format!("%{after}")))?;
                    let part = match name {
                        "host" => Part::Host,
                        "source" => Part::Source,
                        _ => return Err(escape(&format!("%{{{name}}}"))),
                    };
                    (part, after)
                }
                Some(other) => return Err(escape(&format!("%{other}"))),
                None => return Err(escape("%")),
            };
            parts.push(part);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let template = Self(parts);
        template.resolve("host", "source")?;
        Ok(template)
    }

    pub fn resolve(&self, host: &str, source: &str) -> Result<LakePath, Fault> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Host => host,
            Part::Source => source,
        });
        let path: String = parts.collect();
        LakePath::parse(&path).map_err(|error| Fault::Path {
            reason: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_for_the_host_and_the_source() {
        let template = Template::parse(Template::DEFAULT).unwrap();
        let path = template.resolve("till", "nginx").unwrap();
        assert_eq!(path.as_str(), "/user/flume/logs/till/nginx");
        let percent = Template::parse("/a%%b").unwrap();
        assert_eq!(percent.resolve("h", "s").unwrap().as_str(), "/a%b");
    }

    #[test]
    fn what_it_does_not_know_is_refused_by_name() {
        for (text, escape) in [
            ("/logs/%Y/%m", "%Y"),
            ("/logs/%{type}", "%{type}"),
            ("/logs/%", "%"),
        ] {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{escape}`")), "{error}");
        }
        assert!(Template::parse("logs/%{host}").is_err());
    }
}
